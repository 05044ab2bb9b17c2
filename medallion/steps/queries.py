"""Queries of people and programs: started in the tenant's workgroup, looked after, and read page by page.

Only what asked is kept here (`medallion/control/queries.py`); text, rows and statistics are Athena's. The workgroup
bounds what a query may scan, TERM how long it may take.
"""

from __future__ import annotations

import math
import secrets
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from medallion.control.queries import KEPT, QueryRun, QueryState
from medallion.errors import InvalidQuery, QueryNotReady
from medallion.layout import TABLE_ZONES, Zone
from medallion.plan.reading import check_reads
from medallion.steps.batch import run_id_of
from medallion.steps.platform import Platform
from medallion.steps.query import PAGE_ROWS, Column, read_page

if TYPE_CHECKING:
    from mypy_boto3_athena.type_defs import QueryExecutionTypeDef

TERM = timedelta(minutes=15)
"""How long a query may take; Athena's own bound is 30 minutes. Whoever looks at it after that ends it."""
LARGEST = 4 * 1024 * 1024
"""Characters of a page of rows at most: a function's answer ends at 6 MB."""
_UNCOUNTED = 20
_FEWEST = 10
_REFUSED = ("InvalidRequestException", "MetadataException")

JsonValue = str | int | float | bool | None


@dataclass(frozen=True)
class Rows:
    """Some rows of a query's result, as JSON values. `next` is Athena's place of the next page and `served` how many
    rows came before it; empty where there is no more. `cut` is whether rows are left out, for the asker's own bound.
    """

    columns: tuple[Column, ...]
    rows: tuple[tuple[JsonValue, ...], ...]
    next: str
    served: int
    cut: bool


def start(platform: Platform, sql: str, *, zone: Zone, rows: int, by: str) -> QueryRun:
    """Start the query; `zone` is where a table without a database is looked for, `rows` how many are wanted at most.

    InvalidQuery if it is not one statement that reads the tenant's own tables, or Athena does not take it.
    """
    if zone not in TABLE_ZONES:
        raise InvalidQuery(f"zone {zone}: tables stand in {', '.join(TABLE_ZONES)}")
    layout, now = platform.layout, platform.clock()
    check_reads(sql, [layout.database(each) for each in TABLE_ZONES])
    query_id = run_id_of(now, [secrets.token_hex(16)])
    try:
        started = platform.athena.start_query_execution(
            QueryString=sql,
            WorkGroup=layout.workgroup,
            QueryExecutionContext={"Database": layout.database(zone)},
            ClientRequestToken=f"medallion-{query_id}",
        )
    except ClientError as refused:
        if refused.response["Error"]["Code"] not in _REFUSED:
            raise
        raise InvalidQuery(f"Athena does not take the query: {refused.response['Error']['Message']}") from refused
    query = QueryRun(
        query_id=query_id,
        execution_id=started["QueryExecutionId"],
        sha256=sha256(sql.encode()).hexdigest(),
        length=len(sql),
        zone=zone,
        rows=rows,
        asked_by=by,
        asked_at=now,
        expires_at=int((now + KEPT).timestamp()),
    )
    platform.control.queries.create(query)
    return query


def look(platform: Platform, query_id: str) -> QueryRun:
    """The query as it stands. How it ended is kept and counted by whoever sees it first; over its TERM, it is ended.

    UnknownQuery if the tenant asked none of that id.
    """
    query = platform.control.queries.query(query_id)
    if query.state.ended:
        return query
    seen = _seen(platform, query)
    if not seen.state.ended and platform.clock() - query.asked_at > TERM:
        return _stop(platform, query, f"it took over {TERM.seconds // 60} minutes; ask for less at a time")
    return _kept(platform, seen)


def cancel(platform: Platform, query_id: str, by: str) -> QueryRun:
    """End the query; one that has ended stays as it ended."""
    query = look(platform, query_id)
    return query if query.state.ended else _stop(platform, query, f"cancelled by {by}")


def count_what_ended(platform: Platform) -> None:
    """See how queries ended at which nobody looked since, a few: what they scanned is counted then. One that Athena
    does not tell of now is counted another time.
    """
    for query in platform.control.queries.uncounted(_UNCOUNTED):
        with suppress(ClientError):
            look(platform, query.query_id)


def read(platform: Platform, query_id: str, most: int, place: str = "", served: int = 0) -> Rows:
    """A page of the query's result, of `most` rows at most: the first one, or the one at `place`.

    QueryNotReady unless it succeeded; InvalidQuery where one row alone is too large for an answer.
    """
    query = look(platform, query_id)
    if query.state is not QueryState.SUCCEEDED:
        why = f": {query.reason}" if query.reason else ""
        raise QueryNotReady(f"query {query_id} has no rows to read, it is {query.state}{why}")
    wanted = min(most, PAGE_ROWS)
    while True:
        page = _page(platform, query, wanted, place)
        rows = tuple(tuple(map(json_value, row)) for row in page.rows)
        if sum(len(str(value)) for row in rows for value in row) <= LARGEST:
            break
        if wanted <= _FEWEST:
            raise InvalidQuery(f"query {query_id}: {wanted} rows are too large for an answer; select fewer columns")
        wanted = max(_FEWEST, wanted // 4)
    left = query.rows - served
    cut = len(rows) > left or (len(rows) == left and bool(page.next))
    return Rows(page.columns, rows[:left], "" if cut else page.next, served + len(rows), cut)


def _page(platform: Platform, query: QueryRun, most: int, place: str) -> Any:
    try:
        return read_page(platform.athena, query.execution_id, most, place)
    except ClientError as refused:
        if refused.response["Error"]["Code"] != "InvalidRequestException":
            raise
        said = refused.response["Error"]["Message"]
        raise QueryNotReady(f"query {query.query_id} has no such rows (any more): {said}; ask it again") from refused


def json_value(value: Any) -> JsonValue:
    """A value as JSON says it exactly: a decimal, and a number that is none, as text."""
    if isinstance(value, Decimal) or (isinstance(value, float) and not math.isfinite(value)):
        return str(value)
    found: JsonValue = value
    return found


def _seen(platform: Platform, query: QueryRun) -> QueryRun:
    """The query as Athena tells of it."""
    try:
        execution = platform.athena.get_query_execution(QueryExecutionId=query.execution_id)["QueryExecution"]
    except ClientError as refused:
        if refused.response["Error"]["Code"] != "InvalidRequestException":
            raise
        lost = {"state": QueryState.FAILED, "reason": "Athena does not know it any more", "ended_at": platform.clock()}
        return query.model_copy(update=lost)
    return query.model_copy(update=_told(execution, platform.clock()))


def _told(execution: QueryExecutionTypeDef, now: datetime) -> dict[str, Any]:
    status, statistics = execution["Status"], execution.get("Statistics", {})
    state = QueryState(status["State"].lower())
    ended = status.get("CompletionDateTime", now)
    return {
        "state": state,
        "reason": status.get("StateChangeReason", ""),
        "scanned_bytes": statistics.get("DataScannedInBytes", 0),
        "seconds": statistics.get("TotalExecutionTimeInMillis", 0) / 1000,
        "ended_at": ended.astimezone(UTC) if state.ended else None,
    }


def _stop(platform: Platform, query: QueryRun, why: str) -> QueryRun:
    platform.athena.stop_query_execution(QueryExecutionId=query.execution_id)
    seen = _seen(platform, query)
    if seen.state in (QueryState.SUCCEEDED, QueryState.FAILED):
        return _kept(platform, seen)
    # Athena may take a moment to stop: what is decided is said already.
    stopped = {"state": QueryState.CANCELLED, "reason": why, "ended_at": platform.clock()}
    return _kept(platform, seen.model_copy(update=stopped))


def _kept(platform: Platform, seen: QueryRun) -> QueryRun:
    if not seen.state.ended or platform.control.queries.end(seen):
        return seen
    return platform.control.queries.query(seen.query_id)
