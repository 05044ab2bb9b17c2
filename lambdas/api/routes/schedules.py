"""Schedules: when a source is due, shown and set."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import Query, Response
from pydantic import BaseModel, ConfigDict, Field

from lambdas.api.caller import Engineer, Viewer
from lambdas.api.entries import SourceName
from lambdas.api.operations import ASKED, OperationView, Reason, Wait, asked_for
from lambdas.api.routing import router
from medallion.control.schedules import CatchUp
from medallion.steps import schedules
from medallion.steps.operations import OperationKind

routes = router("schedules", "Schedules: when what waits of a source is taken up.")

Cron = Annotated[
    str,
    Field(
        min_length=9,
        max_length=200,
        description="Five fields: minute, hour, day of month, month, day of week. One of the two days is `*`.",
        examples=["30 5 * * MON-FRI"],
    ),
]
Zone = Annotated[
    str, Field(min_length=1, max_length=64, description="An IANA time zone.", examples=["Europe/Zurich", "UTC"])
]
Policy = Annotated[
    CatchUp,
    Field(
        description="What becomes of moments that were missed, by a pause or as the platform was down: `once`, one "
        "run makes up for all of them, as a run takes everything that waits; `none`, the next moment does."
    ),
]


class ScheduleView(BaseModel):
    """A source's schedule."""

    source: str
    cron: Cron
    time_zone: Zone
    paused: bool
    catch_up: Policy
    settled_until: Annotated[datetime, Field(description="Moments up to this one are dealt with, or left out.")]
    revision: Annotated[int, Field(description="How often it was set.")]
    set_by: Annotated[str, Field(description="Who set it last; empty: nobody, it is as the source got it.")]
    set_at: datetime
    reason: str
    next_runs: Annotated[list[datetime], Field(description="The next moments at which it is due; none while paused.")]


class ScheduleRequest(BaseModel):
    """What the schedule is to be, whole."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "cron": "30 5 * * MON-FRI",
                    "time_zone": "Europe/Zurich",
                    "catch_up": "once",
                    "reason": "the files are there at five",
                }
            ]
        },
    )

    cron: Cron
    time_zone: Zone = "UTC"
    paused: bool = False
    catch_up: Policy = CatchUp.ONCE
    revision: Annotated[
        int | None, Field(ge=1, description="Set it only if it is still of this revision; null: whatever it is.")
    ] = None
    reason: Reason


@routes.get("/sources/{source}/schedule", operation_id="get_schedule")
def get_schedule(
    caller: Viewer,
    source: SourceName,
    runs: Annotated[int, Query(ge=0, le=50, description="How many of the next moments to tell.")] = 5,
) -> ScheduleView:
    """Show when a source is due."""
    found = schedules.schedule_of(caller.platform, source)
    upcoming = schedules.upcoming(found, caller.platform.clock(), runs)
    return ScheduleView(**found.model_dump(), next_runs=upcoming)


@routes.put("/sources/{source}/schedule", operation_id="set_schedule", status_code=202, responses=ASKED)
def set_schedule(
    caller: Engineer, source: SourceName, body: ScheduleRequest, wait: Wait, response: Response
) -> OperationView:
    """Set when a source is due, by an operation. What was due before counts no more.

    A schedule that goes on after a pause catches up as it says.
    """
    setting = schedules.Setting.model_validate(body.model_dump(exclude={"reason"})).checked()
    schedules.check_revision(schedules.schedule_of(caller.platform, source), setting)
    about = setting.model_dump(mode="json")
    return asked_for(caller, OperationKind.APPLY_SCHEDULE, source, about, body.reason, wait, response)
