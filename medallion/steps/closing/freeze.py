"""Freeze and thaw: a tenant that leaves takes nothing in, until a person takes that back."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any, Literal

from medallion.control.closings import Closing, Stage
from medallion.errors import NotClosable
from medallion.steps.platform import Platform

if TYPE_CHECKING:
    from mypy_boto3_scheduler import EventBridgeSchedulerClient

State = Literal["ENABLED", "DISABLED"]
_SAID = (
    *("ActionAfterCompletion", "Description", "EndDate", "FlexibleTimeWindow", "GroupName", "KmsKeyArn", "Name"),
    *("ScheduleExpression", "ScheduleExpressionTimezone", "StartDate", "Target"),
)
"""What a schedule says of itself that its update must say again."""


def freeze(platform: Platform, closing: Closing) -> None:
    """Nothing new begins, and no schedule is due. Which schedules were enabled is noted before one is disabled."""
    control = platform.control
    control.estate.freeze(closing.asked_by, f"it is being closed: {closing.reason}", platform.clock())
    enabled = {*closing.schedules, *(name for name, state in _schedules(platform) if state == "ENABLED")}
    if enabled != set(closing.schedules):
        control.closings.note(closing.stage, {"schedules": sorted(enabled)})
    _set(platform, enabled, "DISABLED")


def reopen(platform: Platform, by: str, reason: str) -> Closing:
    """The tenant takes things in again, and its schedules are due as before; of a tenant that is closed, its id is free
    to be deployed anew. The closing as it stood, which is kept.

    NotClosable where nobody asked for a closing, or some of the tenant was removed and the rest was not.
    """
    closing = platform.control.closings.current()
    tenant = platform.layout.tenant
    if closing is None:
        raise NotClosable(f"tenant {tenant} is not being closed: there is nothing to take back")
    if not closing.stage.reversible and closing.stage is not Stage.CLOSED:
        raise NotClosable(
            f"tenant {tenant} is {closing.stage}: its pipeline is gone, and it cannot be reopened. Complete the closing"
        )
    if closing.stage.reversible:
        _set(platform, closing.schedules, "ENABLED")
    platform.control.estate.thaw()
    if not platform.control.closings.withdraw(closing, by, reason, platform.clock()):
        raise NotClosable(f"tenant {tenant}: its closing went on meanwhile; look at it with `medallion tenant close`")
    return closing


def _schedules(platform: Platform) -> list[tuple[str, str]]:
    """Name and state of the tenant's schedules; none where their group is gone."""
    scheduler, group = _scheduler(platform), platform.layout.schedule_group
    try:
        pages = list(scheduler.get_paginator("list_schedules").paginate(GroupName=group))
    except scheduler.exceptions.ResourceNotFoundException:
        return []
    return [(one["Name"], one["State"]) for page in pages for one in page["Schedules"]]


def _set(platform: Platform, names: Collection[str], state: State) -> None:
    """Enable or disable those of the schedules that are there."""
    scheduler, group = _scheduler(platform), platform.layout.schedule_group
    for name, standing in _schedules(platform):
        if name in names and standing != state:
            found: dict[str, Any] = dict(scheduler.get_schedule(Name=name, GroupName=group))
            scheduler.update_schedule(**{part: found[part] for part in _SAID if part in found}, State=state)


def _scheduler(platform: Platform) -> EventBridgeSchedulerClient:
    return platform.session.client("scheduler")
