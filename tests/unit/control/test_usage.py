"""Usage is counted once for what is done once, however often it is said."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from medallion.control.items import Run, RunKind, RunStatus
from medallion.control.plane import ControlPlane
from medallion.control.queries import QueryRun, QueryState
from medallion.control.table import Add, ControlTable
from medallion.control.usage import Usage, Used, used
from medallion.errors import UnknownQuery
from medallion.layout import Environment, EnvironmentLayout, TenantLayout, Zone
from tests.unit.control.memory import MemoryTable

NOW = datetime(2026, 1, 31, 23, 59, tzinfo=UTC)
DAY = NOW.date()


@pytest.fixture
def plane() -> ControlPlane:
    return ControlPlane(
        MemoryTable(), TenantLayout.of(EnvironmentLayout(Environment.DEV, "000000000000", "eu-west-1"), "acme")
    )


def run(plane: ControlPlane, **about: Any) -> Run:
    made = Run(**{"run_id": "r1", "kind": RunKind.INGEST, "subject": "orders", "created_at": NOW, "bytes": 70, **about})
    plane.create_run(made)
    return made


def test_a_run_is_counted_once_when_its_end_is_told_twice(plane: ControlPlane) -> None:
    run(plane)
    plane.note("r1", lane="lambda", totals={"rows_in": 12, "inserted": 12})
    plane.spend("r1", 300)
    plane.end("r1", RunStatus.PROMOTED, NOW, mb_seconds=40)
    plane.end("r1", RunStatus.FAILED, NOW, mb_seconds=40)
    plane.spend("r1", 1000)
    [usage] = plane.usage.between(DAY, DAY)
    assert usage == Usage(day=DAY, used=Used.RUN, of="lambda.promoted", count=1, records=12, bytes=70, mb_seconds=340)


def test_each_attempt_is_counted_by_itself_when_a_run_is_done_again(plane: ControlPlane) -> None:
    run(plane, lane="lambda")
    plane.spend("r1", 10)
    plane.end("r1", RunStatus.FAILED, NOW)
    assert plane.reopen(plane.run("r1"))
    plane.spend("r1", 5)
    plane.end("r1", RunStatus.PROMOTED, NOW + timedelta(days=1))
    found = plane.usage.between(DAY, DAY + timedelta(days=1))
    assert [(one.day, one.of, one.count, one.mb_seconds) for one in found] == [
        (DAY, "lambda.failed", 1, 10),
        (DAY + timedelta(days=1), "lambda.promoted", 1, 5),
    ]


def test_a_refused_run_is_counted_though_it_never_began(plane: ControlPlane) -> None:
    for _ in range(2):
        run(plane, status=RunStatus.REFUSED, ended_at=NOW)
    assert [(one.of, one.count) for one in plane.usage.between(DAY, DAY)] == [("none.refused", 1)]


def test_a_period_holds_its_first_and_its_last_day(plane: ControlPlane) -> None:
    for day in (1, 2, 3, 4, 10):
        plane.usage.request(date(2026, 1, day))
    assert [one.day.day for one in plane.usage.between(date(2026, 1, 2), date(2026, 1, 4))] == [2, 3, 4]


def test_sources_are_counted_apart_and_told_together(plane: ControlPlane) -> None:
    """Two that end at once would meet in one item, and one of them be refused."""
    for number in range(40):
        run(plane, run_id=f"r{number}", subject=f"source{number}", lane="lambda")
        plane.end(f"r{number}", RunStatus.PROMOTED, NOW, mb_seconds=2)
    [usage] = plane.usage.between(DAY, DAY)
    assert (usage.of, usage.count, usage.bytes, usage.mb_seconds) == ("lambda.promoted", 40, 40 * 70, 80)
    assert isinstance(plane._table, MemoryTable)
    assert len([key for key in plane._table.items if key.pk.endswith("#USAGE")]) > 8


def asked(plane: ControlPlane, query_id: str) -> QueryRun:
    query = QueryRun(
        query_id=query_id,
        execution_id=f"athena-{query_id}",
        sha256="0" * 64,
        length=8,
        zone=Zone.GOLD,
        rows=10,
        asked_by="key 1 (bi)",
        asked_at=NOW,
        expires_at=0,
    )
    assert plane.queries.create(query)
    return query


def test_a_query_is_counted_once_when_two_see_how_it_ended(plane: ControlPlane) -> None:
    query = asked(plane, "q1")
    assert plane.queries.uncounted(10) == [query]
    ended = query.model_copy(update={"state": QueryState.SUCCEEDED, "scanned_bytes": 4096, "ended_at": NOW})
    assert [plane.queries.end(ended), plane.queries.end(ended)] == [True, False]
    assert plane.queries.uncounted(10) == []
    assert plane.queries.query("q1") == ended
    [usage] = plane.usage.between(DAY, DAY)
    assert (usage.used, usage.of, usage.count, usage.bytes) == (Used.QUERY, "succeeded", 1, 4096)


def test_queries_are_listed_newest_first_page_by_page(plane: ControlPlane) -> None:
    for number in range(5):
        asked(plane, f"q{number}")
    queries, before = plane.queries.page(2)
    assert ([one.query_id for one in queries], before) == (["q4", "q3"], "q3")
    queries, before = plane.queries.page(3, before)
    assert ([one.query_id for one in queries], before) == (["q2", "q1", "q0"], "")


def test_a_query_that_nobody_asked_is_unknown(plane: ControlPlane) -> None:
    with pytest.raises(UnknownQuery, match="'q9' does not exist"):
        plane.queries.query("q9")


def test_dynamodb_is_asked_to_add_and_to_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "a")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "b")
    table = boto3.resource("dynamodb", region_name="eu-west-1").Table("control")
    write = used("acme", DAY, Used.QUERY, "succeeded", read=7)
    with Stubber(table.meta.client) as stubber:
        expected = {
            "TableName": "control",
            "Key": {"pk": "TENANT#acme#USAGE", "sk": "USAGE#2026-01-31#query#succeeded#0"},
            "UpdateExpression": "ADD #0 :0, #1 :1 SET #2 = :2, #3 = :3, #4 = :4",
            "ExpressionAttributeNames": {"#0": "count", "#1": "bytes", "#2": "day", "#3": "used", "#4": "of"},
            "ExpressionAttributeValues": {":0": 1, ":1": 7, ":2": "2026-01-31", ":3": "query", ":4": "succeeded"},
        }
        stubber.add_response("update_item", {}, expected)
        assert ControlTable(table).add(write)
    assert isinstance(write, Add)
