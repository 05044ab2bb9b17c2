"""Usage and cost: what was done, day by day, and what that comes to."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import groupby
from typing import Annotated

from fastapi import Query
from pydantic import BaseModel, Field

from lambdas.api.caller import Viewer
from lambdas.api.routing import router
from medallion.control.usage import Usage, Used
from medallion.steps.cost import cost_of, usage_between

routes = router("usage", "Usage, and what it costs.")
_DAYS = timedelta(days=29)


class RunsView(BaseModel):
    """Runs of one lane and outcome that ended on the day. Each attempt that ended counts."""

    lane: Annotated[str, Field(description="The engine that did them; none: they never began.", examples=["lambda"])]
    outcome: Annotated[str, Field(description="How they ended.", examples=["promoted"])]
    count: int
    records: Annotated[int, Field(description="Records that they read.")]
    bytes: Annotated[int, Field(description="Of their objects.")]
    mb_seconds: Annotated[int, Field(description="Memory of functions that run an engine, times their seconds.")]


class QueriesView(BaseModel):
    """Queries that ended so on the day."""

    outcome: Annotated[str, Field(examples=["succeeded"])]
    count: int
    scanned_bytes: int


class DayView(BaseModel):
    """What was used on a day (UTC)."""

    day: date
    runs: list[RunsView]
    queries: list[QueriesView]
    requests: Annotated[int, Field(description="To this API.")]


class UsageView(BaseModel):
    """What was used, by day. A day on which nothing was used is left out."""

    first: date
    last: date
    days: list[DayView]


class LineView(BaseModel):
    """A part of the estimate, and what it assumes."""

    service: str
    what: str
    dollars: float
    assumed: str


class CostView(BaseModel):
    """An estimate by list prices (docs/cost.md), in US dollars: no bill."""

    month: Annotated[str, Field(examples=["2026-03"])]
    until: Annotated[date, Field(description="The day up to which it goes.")]
    total: float
    lines: list[LineView]
    not_included: Annotated[list[str], Field(description="What comes on top.")]


@routes.get("/usage", operation_id="get_usage")
def get_usage(
    caller: Viewer,
    first: Annotated[date | None, Query(alias="from", description="The first day; without it, 30 days.")] = None,
    last: Annotated[
        date | None, Query(alias="to", description="The last day, with all of it; without it, today.")
    ] = None,
) -> UsageView:
    """Show what was used, day by day, of a year at most."""
    last = last or caller.platform.clock().date()
    first = first or last - _DAYS
    found = usage_between(caller.platform, first, last)
    days = [_day(day, list(items)) for day, items in groupby(found, key=lambda one: one.day)]
    return UsageView(first=first, last=last, days=days)


@routes.get("/cost", operation_id="get_cost")
def get_cost(
    caller: Viewer,
    month: Annotated[
        str | None,
        Query(pattern=r"^20\d\d-(0[1-9]|1[0-2])$", description="Without it, this one.", examples=["2026-03"]),
    ] = None,
) -> CostView:
    """Estimate what a month costs, service by service, idle cost included."""
    of = date.fromisoformat(f"{month}-01") if month else caller.platform.clock().date()
    return CostView.model_validate(cost_of(caller.platform, of).model_dump())


def _day(day: date, items: list[Usage]) -> DayView:
    runs, queries, requests = [], [], 0
    for one in items:
        if one.used is Used.RUN:
            lane, _, outcome = one.of.partition(".")
            figures = one.model_dump(include={"count", "records", "bytes", "mb_seconds"})
            runs.append(RunsView(lane=lane, outcome=outcome, **figures))
        elif one.used is Used.QUERY:
            queries.append(QueriesView(outcome=one.of, count=one.count, scanned_bytes=one.bytes))
        else:
            requests += one.count
    return DayView(day=day, runs=runs, queries=queries, requests=requests)
