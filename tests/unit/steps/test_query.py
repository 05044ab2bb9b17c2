"""Athena's answers: pages, types, and a header that is no row. Athena's client is real; its answers are its API's."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any, cast

import boto3
import pytest
from botocore.stub import Stubber

from medallion.errors import QueryFailed
from medallion.layout import Environment, TenantLayout, Zone
from medallion.steps.query import ask

LAYOUT = TenantLayout(Environment.DEV, "acme", "000000000000", "us-east-1")
TYPES = {"n": "bigint", "share": "double", "amount": "decimal(9,2)", "good": "boolean", "name": "varchar"}


class OneClient:
    """A session with the one client."""

    def __init__(self, athena: Any) -> None:
        self._athena = athena

    def client(self, service: str) -> Any:
        assert service == "athena"
        return self._athena


@pytest.fixture
def athena(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[boto3.Session, Stubber]]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "a")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "b")
    client = boto3.client("athena", region_name="us-east-1")
    with Stubber(client) as stubber:
        yield cast("boto3.Session", OneClient(client)), stubber


def started(stubber: Stubber, state: str, **status: str) -> None:
    asked = {
        "QueryString": "SELECT 1",
        "WorkGroup": "medallion-dev-acme",
        "QueryExecutionContext": {"Database": "dev_acme_silver"},
    }
    stubber.add_response("start_query_execution", {"QueryExecutionId": "q1"}, asked)
    execution = {"Status": {"State": state, **status}, "Statistics": {"DataScannedInBytes": 42}}
    stubber.add_response("get_query_execution", {"QueryExecution": execution}, {"QueryExecutionId": "q1"})


def page(rows: Sequence[Sequence[str | None]], **more: str) -> dict[str, Any]:
    columns = [{"Name": name, "Type": kind} for name, kind in TYPES.items()]
    cells = [{"Data": [{} if cell is None else {"VarCharValue": cell} for cell in row]} for row in rows]
    return {"ResultSet": {"Rows": cells, "ResultSetMetadata": {"ColumnInfo": columns}}, **more}


def test_rows_are_typed_and_joined_when_there_are_pages(athena: tuple[boto3.Session, Stubber]) -> None:
    session, stubber = athena
    started(stubber, "SUCCEEDED")
    first = page([list(TYPES), ["1", "0.5", "12.30", "true", "x"]], NextToken="more")
    stubber.add_response("get_query_results", first, {"QueryExecutionId": "q1", "MaxResults": 1000})
    asked = {"QueryExecutionId": "q1", "MaxResults": 1000, "NextToken": "more"}
    stubber.add_response("get_query_results", page([[None, None, None, "false", None]]), asked)
    answer = ask(session, LAYOUT, "SELECT 1", zone=Zone.SILVER)
    assert answer.rows == ((1, 0.5, Decimal("12.30"), True, "x"), (None, None, None, False, None))
    assert (answer.scanned_bytes, answer.complete) == (42, True)
    assert answer.records()[0]["amount"] == Decimal("12.30")


def test_answer_is_not_complete_when_the_limit_cuts_it(athena: tuple[boto3.Session, Stubber]) -> None:
    session, stubber = athena
    started(stubber, "SUCCEEDED")
    rows: list[Sequence[str | None]] = [list(TYPES), *([str(number), *[None] * 4] for number in range(3))]
    stubber.add_response("get_query_results", page(rows), {"QueryExecutionId": "q1", "MaxResults": 1000})
    answer = ask(session, LAYOUT, "SELECT 1", zone=Zone.SILVER, limit=2)
    assert ([row[0] for row in answer.rows], answer.complete) == ([0, 1], False)


def test_error_has_athenas_reason_when_the_query_fails(athena: tuple[boto3.Session, Stubber]) -> None:
    session, stubber = athena
    started(stubber, "FAILED", StateChangeReason="TABLE_NOT_FOUND: nope")
    with pytest.raises(QueryFailed, match="TABLE_NOT_FOUND: nope"):
        ask(session, LAYOUT, "SELECT 1", zone=Zone.SILVER)
