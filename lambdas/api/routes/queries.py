"""Queries: SQL through Athena, in the tenant's workgroup."""

from __future__ import annotations

import time
from datetime import datetime
from typing import Annotated, Literal

from fastapi import Path, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from lambdas.api.caller import Caller, Viewer
from lambdas.api.operations import Wait
from lambdas.api.pages import Cursor, Limit, Page, place_of
from lambdas.api.pages import cursor as cursor_to
from lambdas.api.routing import router
from medallion.control.queries import QueryRun, QueryState
from medallion.errors import InvalidCursor
from medallion.layout import API_STAGE, Zone
from medallion.plan.reading import LONGEST
from medallion.steps.queries import cancel, look, read, start

routes = router("queries", "Queries: SQL that reads, through Athena.")
_LIST = "queries"
_PAUSE = 0.25

QueryId = Annotated[str, Path(max_length=100, pattern=r"^[0-9a-z-]+$", description="The query's id.")]


class QueryRequest(BaseModel):
    """One statement that reads: SELECT, WITH, SHOW, DESCRIBE or EXPLAIN, in Athena's SQL."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"sql": "SELECT * FROM month_end_balance", "zone": "gold", "rows": 1000}]},
    )

    sql: Annotated[str, Field(min_length=1, max_length=LONGEST)]
    zone: Annotated[
        Literal[Zone.BRONZE, Zone.SILVER, Zone.GOLD, Zone.QUARANTINE],
        Field(description="Where a table is looked for that is named without its database."),
    ] = Zone.GOLD
    rows: Annotated[int, Field(ge=1, le=1_000_000, description="So many rows are wanted at most.")] = 10_000


class QueryView(BaseModel):
    """A query, and how it stands. Its text is not told here: Athena has it."""

    query_id: Annotated[str, Field(examples=["20260301t120000250-0123456789ab"])]
    state: QueryState
    reason: Annotated[str, Field(description="Why it failed, or was cancelled.")]
    zone: Zone
    rows: Annotated[int, Field(description="How many rows are wanted at most.")]
    scanned_bytes: int
    seconds: Annotated[float, Field(description="How long it took Athena, waiting in its queue included.")]
    sha256: Annotated[str, Field(description="The SHA-256 of the text, in hexadecimal.")]
    asked_by: Annotated[str, Field(description="The key, or who signed.")]
    asked_at: datetime
    ended_at: datetime | None


class ColumnView(BaseModel):
    """A column of a result."""

    name: str
    type: Annotated[str, Field(description="As Athena names it.", examples=["decimal(12,2)"])]


class QueryRows(BaseModel):
    """Some rows of a query's result. Whole numbers, doubles and booleans are JSON's own; all else is text."""

    columns: list[ColumnView]
    items: Annotated[
        list[list[str | int | float | bool | None]], Field(description="A list for each row, in the columns' order.")
    ]
    next: Annotated[str | None, Field(description="The cursor of the next page; null on the last.")]
    cut: Annotated[bool, Field(description="Whether there are more rows than were wanted at most.")]


@routes.post("/queries", operation_id="start_query", status_code=202)
def start_query(caller: Viewer, asked: QueryRequest, wait: Wait, response: Response) -> QueryView:
    """Start a query. It ends by itself when it would scan more than the workgroup allows, or takes over 15 minutes;
    its result stays as long as the environment's settings say.
    """
    query = start(caller.platform, asked.sql, zone=asked.zone, rows=asked.rows, by=caller.name)
    response.headers["Location"] = f"/{API_STAGE}/queries/{query.query_id}"
    return _view(_ended(caller, query, wait))


@routes.get("/queries", operation_id="list_queries")
def list_queries(caller: Viewer, limit: Limit = 50, cursor: Cursor = None) -> Page[QueryView]:
    """List the tenant's queries of the last 30 days, newest first, as they were last seen."""
    [before] = place_of(cursor, _LIST) or ("",)
    page = caller.platform.control.queries.page(limit, before)
    return Page(items=[_view(one) for one in page.queries], next=cursor_to(_LIST, page.before))


@routes.get("/queries/{query_id}", operation_id="get_query")
def get_query(caller: Viewer, query_id: QueryId, wait: Wait) -> QueryView:
    """Show how a query stands."""
    return _view(_ended(caller, look(caller.platform, query_id), wait))


@routes.get("/queries/{query_id}/results", operation_id="get_query_results")
def get_query_results(
    caller: Viewer,
    query_id: QueryId,
    limit: Annotated[
        int, Query(ge=10, le=1000, description="Rows of a page at most: fewer, where rows are large.")
    ] = 1000,
    cursor: Cursor = None,
) -> QueryRows:
    """Read the rows of a query that succeeded, page by page. The first page may have one row less."""
    place, served = _place(cursor, query_id)
    page = read(caller.platform, query_id, limit, place, served)
    following = cursor_to(_of(query_id), page.next, str(page.served)) if page.next else None
    columns = [ColumnView(name=one.name, type=one.type) for one in page.columns]
    return QueryRows(columns=columns, items=[list(row) for row in page.rows], next=following, cut=page.cut)


@routes.delete("/queries/{query_id}", operation_id="cancel_query")
def cancel_query(caller: Viewer, query_id: QueryId) -> QueryView:
    """End a query. One that has ended stays as it ended."""
    return _view(cancel(caller.platform, query_id, caller.name))


def _ended(caller: Caller, query: QueryRun, seconds: int) -> QueryRun:
    """The query once it has ended, or as it stands when that time is over."""
    until = time.monotonic() + seconds
    while not query.state.ended and time.monotonic() + _PAUSE < until:
        time.sleep(_PAUSE)
        query = look(caller.platform, query.query_id)
    return query


def _of(query_id: str) -> str:
    """What a cursor of a query's rows is a cursor of: it is no other query's."""
    return f"{_LIST}/{query_id}"


def _place(cursor: str | None, query_id: str) -> tuple[str, int]:
    place, served = place_of(cursor, _of(query_id)) or ("", "0")
    if not served.isdecimal():
        raise InvalidCursor("This cursor is none that a page of this query gave: begin without one")
    return place, int(served)


def _view(query: QueryRun) -> QueryView:
    return QueryView.model_validate(query.model_dump(include=set(QueryView.model_fields)))
