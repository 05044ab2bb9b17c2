"""Usage and cost: what was done, day by day, and what that comes to."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import Query
from pydantic import BaseModel, Field

from lambdas.api.caller import Viewer
from lambdas.api.routing import router
from medallion.control.usage import DAYS, by_day
from medallion.steps.cost import cost_of, usage_between

routes = router("usage", "Usage, and what it costs.")


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
    first = first or last - DAYS
    found = usage_between(caller.platform, first, last)
    days = [DayView.model_validate(one.model_dump()) for one in by_day(found)]
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
