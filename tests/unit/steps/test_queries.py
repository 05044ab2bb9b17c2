"""Queries of people: started, looked after, read page by page, and seen by their tenant alone."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

import pytest
from botocore.exceptions import ClientError

from medallion.control.queries import QueryRun, QueryState
from medallion.control.usage import Used
from medallion.errors import InvalidQuery, QueryNotReady, UnknownQuery
from medallion.layout import Zone
from medallion.steps import queries
from medallion.steps.queries import TERM, cancel, count_what_ended, look, read, start
from tests.unit.control.waiting import NOW, InMemory

COLUMNS = [("id", "bigint"), ("amount", "decimal(9,2)"), ("share", "double"), ("note", "varchar")]


@dataclass
class Athena:
    """Athena's API, with answers that a test puts there."""

    state: str = "RUNNING"
    reason: str = ""
    rows: list[list[str | None]] = field(default_factory=list)
    asked: list[dict[str, Any]] = field(default_factory=list)
    refusal: str = ""

    def start_query_execution(self, **request: Any) -> dict[str, str]:
        if self.refusal:
            raise _refused(self.refusal)
        self.asked.append(request)
        return {"QueryExecutionId": f"athena-{len(self.asked)}"}

    def get_query_execution(self, QueryExecutionId: str) -> dict[str, Any]:  # noqa: N803  # Athena's own name
        if self.state == "GONE":
            raise _refused(f"{QueryExecutionId} not found")
        status: dict[str, Any] = {"State": self.state, "StateChangeReason": self.reason}
        if self.state not in ("QUEUED", "RUNNING"):
            status |= {"CompletionDateTime": NOW}
        statistics = {"DataScannedInBytes": 4096, "TotalExecutionTimeInMillis": 1500}
        return {"QueryExecution": {"Status": status, "Statistics": statistics}}

    def stop_query_execution(self, QueryExecutionId: str) -> None:  # noqa: N803  # as above
        self.asked.append({"stop": QueryExecutionId})

    def get_query_results(self, QueryExecutionId: str, MaxResults: int, NextToken: str = "0") -> dict[str, Any]:  # noqa: N803  # as above
        table: list[list[str | None]] = [[name for name, _ in COLUMNS], *self.rows]
        first = int(NextToken)
        page = table[first : first + MaxResults]
        more = {"NextToken": str(first + MaxResults)} if first + MaxResults < len(table) else {}
        cells = [{"Data": [{} if cell is None else {"VarCharValue": cell} for cell in row]} for row in page]
        described = [{"Name": name, "Type": kind} for name, kind in COLUMNS]
        return {"ResultSet": {"Rows": cells, "ResultSetMetadata": {"ColumnInfo": described}}, **more}


def _refused(said: str) -> ClientError:
    return ClientError({"Error": {"Code": "InvalidRequestException", "Message": said}}, "Athena")


@dataclass(frozen=True)
class Asking(InMemory):
    """A tenant's platform whose Athena is the one above, and whose clock a test moves."""

    answers: Athena = field(default_factory=Athena, kw_only=True)
    at_work: list[datetime] = field(default_factory=lambda: [NOW], kw_only=True)

    @cached_property
    def athena(self) -> Any:
        return self.answers


@pytest.fixture
def platform() -> Asking:
    moments = [NOW]
    made = Asking.at(lambda: moments[0])
    assert isinstance(made, Asking)
    made.at_work[:] = moments
    object.__setattr__(made, "at_work", moments)
    return made


def ask(platform: Asking, sql: str = "SELECT * FROM spend", rows: int = 1000) -> QueryRun:
    return start(platform, sql, zone=Zone.GOLD, rows=rows, by="key 1 (bi)")


def test_a_query_is_started_in_the_tenants_workgroup_and_its_text_is_not_kept(platform: Asking) -> None:
    query = ask(platform, "SELECT 'a secret'")
    [request] = platform.answers.asked
    assert request.pop("ClientRequestToken") == f"medallion-{query.query_id}"
    assert request == {
        "QueryString": "SELECT 'a secret'",
        "WorkGroup": platform.layout.workgroup,
        "QueryExecutionContext": {"Database": platform.layout.database(Zone.GOLD)},
    }
    assert (query.length, query.asked_by, query.state) == (17, "key 1 (bi)", QueryState.QUEUED)
    assert "secret" not in str(platform.table.items)


def test_nothing_is_started_when_the_statement_writes_or_athena_refuses_it(platform: Asking) -> None:
    with pytest.raises(InvalidQuery, match="does not only read"):
        ask(platform, "DROP TABLE spend")
    platform.answers.refusal = "line 1:8: mismatched input"
    with pytest.raises(InvalidQuery, match="Athena does not take the query: line 1:8"):
        ask(platform)
    with pytest.raises(InvalidQuery, match="tables stand in"):
        start(platform, "SELECT 1", zone=Zone.LEDGER, rows=1, by="me")
    assert platform.control.queries.page(10).queries == []


def test_what_a_query_scanned_is_counted_once_when_it_is_looked_at_often(platform: Asking) -> None:
    query = ask(platform)
    assert look(platform, query.query_id).state is QueryState.RUNNING
    platform.answers.state = "SUCCEEDED"
    for _ in range(3):
        seen = look(platform, query.query_id)
        assert (seen.state, seen.scanned_bytes, seen.seconds) == (QueryState.SUCCEEDED, 4096, 1.5)
    [usage] = platform.control.usage.between(NOW.date(), NOW.date())
    assert (usage.used, usage.of, usage.count, usage.bytes) == (Used.QUERY, "succeeded", 1, 4096)


def test_a_query_is_counted_when_nobody_looked_at_it(platform: Asking) -> None:
    ask(platform)
    platform.answers.state, platform.answers.reason = "FAILED", "COLUMN_NOT_FOUND"
    count_what_ended(platform)
    count_what_ended(platform)
    assert [one.count for one in platform.control.usage.between(NOW.date(), NOW.date())] == [1]


def test_a_query_ends_when_it_takes_too_long(platform: Asking) -> None:
    query = ask(platform)
    platform.at_work[0] = NOW + TERM + timedelta(seconds=1)
    assert look(platform, query.query_id).reason.startswith("it took over 15 minutes")
    assert platform.answers.asked[-1] == {"stop": query.execution_id}
    assert look(platform, query.query_id).state is QueryState.CANCELLED


def test_a_query_stays_as_it_ended_when_it_is_cancelled_too_late(platform: Asking) -> None:
    query = ask(platform)
    cancelled = cancel(platform, query.query_id, "Ada")
    assert (cancelled.state, cancelled.reason) == (QueryState.CANCELLED, "cancelled by Ada")
    platform.answers.state = "SUCCEEDED"
    assert cancel(platform, query.query_id, "Bob").reason == "cancelled by Ada"


def test_a_query_has_failed_when_athena_knows_it_no_more(platform: Asking) -> None:
    query = ask(platform)
    platform.answers.state = "GONE"
    assert look(platform, query.query_id).reason == "Athena does not know it any more"


def test_another_tenants_query_looks_like_none(platform: Asking) -> None:
    for call in (look, lambda one, name: cancel(one, name, "me"), lambda one, name: read(one, name, 10)):
        with pytest.raises(UnknownQuery, match="'20260101t000000-0' does not exist"):
            call(platform, "20260101t000000-0")


def pages(platform: Asking, query: QueryRun, most: int) -> list[tuple[tuple[Any, ...], ...]]:
    found, place, served = [], "", 0
    while True:
        page = read(platform, query.query_id, most, place, served)
        found.append(page.rows)
        place, served = page.next, page.served
        if not place:
            return found


def succeeded(platform: Asking, rows: int, wanted: int = 1000) -> QueryRun:
    platform.answers.rows = [[str(n), "0.10", "NaN" if n % 2 else "0.5", None] for n in range(rows)]
    platform.answers.state = "SUCCEEDED"
    return ask(platform, rows=wanted)


def test_rows_are_read_once_and_typed_when_there_are_pages(platform: Asking) -> None:
    query = succeeded(platform, 25)
    found = pages(platform, query, 10)
    # Athena counts the columns' names as a row of the first page.
    assert [len(page) for page in found] == [9, 10, 6]
    assert [row[0] for page in found for row in page] == list(range(25))
    assert found[0][:2] == ((0, "0.10", 0.5, None), (1, "0.10", "nan", None))


@pytest.mark.parametrize(("rows", "wanted", "cut"), [(25, 12, True), (12, 12, False), (5, 12, False)])
def test_no_more_rows_are_read_than_were_wanted(platform: Asking, rows: int, wanted: int, cut: bool) -> None:  # noqa: FBT001  # a parameter of the test
    query = succeeded(platform, rows, wanted)
    assert sum(len(page) for page in pages(platform, query, 10)) == min(rows, wanted)
    assert read(platform, query.query_id, 1000).cut is cut


def test_a_page_has_fewer_rows_when_they_are_large(platform: Asking, monkeypatch: pytest.MonkeyPatch) -> None:
    query = succeeded(platform, 400)
    monkeypatch.setattr(queries, "LARGEST", 1000)
    found = pages(platform, query, 400)
    assert len(found) > 4
    assert [row[0] for page in found for row in page] == list(range(400))
    monkeypatch.setattr(queries, "LARGEST", 10)
    with pytest.raises(InvalidQuery, match="select fewer columns"):
        read(platform, query.query_id, 400)


@pytest.mark.parametrize("state", ["RUNNING", "FAILED"])
def test_there_is_nothing_to_read_when_the_query_has_not_succeeded(platform: Asking, state: str) -> None:
    query = ask(platform)
    platform.answers.state, platform.answers.reason = state, "so it is"
    with pytest.raises(QueryNotReady, match=f"it is {state.lower()}: so it is"):
        read(platform, query.query_id, 10)
