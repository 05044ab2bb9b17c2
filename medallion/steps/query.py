"""SQL through Athena, in the tenant's workgroup: started, waited for, and read as typed rows."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import boto3

from medallion.errors import QueryFailed
from medallion.layout import TenantLayout, Zone

if TYPE_CHECKING:
    from mypy_boto3_athena import AthenaClient

_POLL_SECONDS = 0.1
_POLL_SECONDS_AT_MOST = 2.0
PAGE_ROWS = 1000
"""Rows that Athena gives at once at most."""
_INTEGERS = frozenset({"tinyint", "smallint", "integer", "bigint"})
_FLOATS = frozenset({"double", "float", "real"})


@dataclass(frozen=True)
class Column:
    """A column of a result, and its type as Athena names it."""

    name: str
    type: str

    @property
    def numeric(self) -> bool:
        return self.type in _INTEGERS | _FLOATS or self.type.startswith("decimal")


@dataclass(frozen=True)
class Answer:
    """A query's result. `complete` is False where rows were left behind."""

    query_id: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Any, ...], ...]
    scanned_bytes: int
    complete: bool

    def records(self) -> list[dict[str, Any]]:
        return [dict(zip((column.name for column in self.columns), row, strict=True)) for row in self.rows]


def ask(
    session: boto3.Session,
    layout: TenantLayout,
    sql: str,
    *,
    zone: Zone = Zone.GOLD,
    limit: int | None = None,
    tell: Callable[[str], None] = lambda text: None,
) -> Answer:
    """Run `sql` in the tenant's workgroup and read `limit` rows of its result (None: all). Raises QueryFailed."""
    athena = session.client("athena")
    started = athena.start_query_execution(
        QueryString=sql, WorkGroup=layout.workgroup, QueryExecutionContext={"Database": layout.database(zone)}
    )
    query_id = started["QueryExecutionId"]
    scanned = _wait(athena, query_id, tell)
    columns, rows, complete = _read(athena, query_id, limit)
    return Answer(query_id, columns, rows, scanned, complete)


def _wait(athena: AthenaClient, query_id: str, tell: Callable[[str], None]) -> int:
    """The bytes that the query scanned, once it has succeeded."""
    pause = _POLL_SECONDS
    while True:
        execution = athena.get_query_execution(QueryExecutionId=query_id)["QueryExecution"]
        state = execution["Status"]["State"]
        if state == "SUCCEEDED":
            return execution.get("Statistics", {}).get("DataScannedInBytes", 0)
        if state in {"FAILED", "CANCELLED"}:
            reason = execution["Status"].get("StateChangeReason", "no reason given")
            raise QueryFailed(f"Athena did not run query {query_id} ({state.lower()}): {reason}")
        tell(state.lower())
        time.sleep(pause)
        pause = min(pause * 1.5, _POLL_SECONDS_AT_MOST)


def _read(
    athena: AthenaClient, query_id: str, limit: int | None
) -> tuple[tuple[Column, ...], tuple[tuple[Any, ...], ...], bool]:
    rows: list[tuple[Any, ...]] = []
    page = read_page(athena, query_id, PAGE_ROWS)
    while True:
        rows += page.rows
        if limit is not None and len(rows) > limit:
            return page.columns, tuple(rows[:limit]), False
        if not page.next:
            return page.columns, tuple(rows), True
        page = read_page(athena, query_id, PAGE_ROWS, page.next)


@dataclass(frozen=True)
class AnswerPage:
    """Some of a result's rows. `next` is where Athena goes on; empty on the last page."""

    columns: tuple[Column, ...]
    rows: tuple[tuple[Any, ...], ...]
    next: str


def read_page(athena: AthenaClient, query_id: str, most: int, token: str = "") -> AnswerPage:
    """A page of the result of a query that succeeded, `most` rows at most: the first may have one less, since Athena
    counts the columns' names as a row.
    """
    more: dict[str, Any] = {"NextToken": token} if token else {}
    page = athena.get_query_results(QueryExecutionId=query_id, MaxResults=most, **more)
    found = page["ResultSet"]
    columns = tuple(Column(one["Name"], one["Type"]) for one in found["ResultSetMetadata"]["ColumnInfo"])
    # Athena's first row of a SELECT repeats the columns' names.
    header = not token and bool(found["Rows"]) and _names(found["Rows"][0]) == [column.name for column in columns]
    rows = tuple(_typed(columns, row) for row in found["Rows"][int(header) :])
    return AnswerPage(columns, rows, page.get("NextToken", ""))


def _names(row: Any) -> list[str | None]:
    return [cell.get("VarCharValue") for cell in row["Data"]]


def _typed(columns: tuple[Column, ...], row: Any) -> tuple[Any, ...]:
    return tuple(
        _value(column.type, cell.get("VarCharValue")) for column, cell in zip(columns, row["Data"], strict=True)
    )


def _value(kind: str, text: str | None) -> Any:
    """A cell as Python knows its type; what Python has no plain type for stays text."""
    if text is None:
        return None
    if kind in _INTEGERS:
        return int(text)
    if kind in _FLOATS:
        return float(text)
    if kind.startswith("decimal"):
        return Decimal(text)
    return text == "true" if kind == "boolean" else text
