"""Schedules as they are set, and as EventBridge Scheduler has them; what was missed is caught up with."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING

from medallion.contracts.model import Batch, Frozen
from medallion.control.schedules import CatchUp, Schedule
from medallion.cron import checked_cron, checked_zone, due_after, due_before, expression_of
from medallion.errors import ScheduleChanged, UnknownSource
from medallion.layout import Task
from medallion.people import Person
from medallion.steps.batch import start_waiting
from medallion.steps.platform import Platform

if TYPE_CHECKING:
    from mypy_boto3_scheduler.type_defs import CreateScheduleInputTypeDef

NIGHTLY = "cron(30 3 * * ? *)"
"""When housekeeping is due: 03:30 UTC every day."""
HOURLY = "rate(1 hour)"
"""How often a tenant's runs, batches, leases and schedules are looked after."""
LATE = timedelta(hours=1)
"""How long after its moment a schedule that catches up with nothing is still taken for in time."""
GRACE = timedelta(minutes=10)
"""How long EventBridge Scheduler and the trigger are left to do what a moment asks for."""
DUE_AT = "<aws.scheduler.scheduled-time>"
"""For this EventBridge Scheduler writes the moment at which the schedule is due."""


class Setting(Frozen):
    """What a person sets of a schedule. With `revision`, only if the schedule is still the one of that revision."""

    cron: str
    time_zone: str = "UTC"
    paused: bool = False
    catch_up: CatchUp = CatchUp.ONCE
    revision: int | None = None

    def checked(self) -> Setting:
        """The same in one spelling; InvalidSchedule says what cannot be taken."""
        return self.model_copy(update={"cron": checked_cron(self.cron), "time_zone": checked_zone(self.time_zone)})


def schedule_of(platform: Platform, source: str) -> Schedule:
    """The source's schedule; UnknownSource if it has none."""
    found = platform.control.schedules.of(platform.control.source(source).name)
    if found is None:
        raise UnknownSource(
            f"source {source} of tenant {platform.layout.tenant} has no schedule in the control table yet; "
            "deploy the tenant again"
        )
    return found


def set_schedule(platform: Platform, source: str, setting: Setting, person: Person) -> Schedule:
    """Set the source's schedule, here and at EventBridge Scheduler.

    What was due before counts no more, but for a schedule that goes on after a pause: that catches up as it says.
    ScheduleChanged where someone else set it meanwhile. Said twice at one moment, it is said once.
    """
    wanted, before = setting.checked(), schedule_of(platform, source)
    goes_on = before.paused and not wanted.paused and wanted.catch_up is CatchUp.ONCE
    after = before.model_copy(
        update={
            **wanted.model_dump(exclude={"revision"}),
            "settled_until": before.settled_until if wanted.paused or goes_on else person.at.replace(microsecond=0),
            "revision": before.revision + 1,
            "set_by": person.by,
            "set_at": person.at,
            "reason": person.reason,
        }
    )
    if (before.set_by, before.set_at) == (person.by, person.at):
        # An earlier try of the same request came so far.
        apply(platform, before)
        catch_up(platform, before)
        return before
    check_revision(before, wanted)
    if not platform.control.schedules.replace(before, after):
        raise ScheduleChanged(f"the schedule of source {source} was set by someone else meanwhile; look at it")
    apply(platform, after)
    catch_up(platform, after)
    return after


def check_revision(schedule: Schedule, setting: Setting) -> None:
    """ScheduleChanged if the setting is for another revision of the schedule."""
    if setting.revision not in (None, schedule.revision):
        raise ScheduleChanged(
            f"the schedule of source {schedule.source} was set by {schedule.set_by or 'nobody'} meanwhile (it is "
            f"revision {schedule.revision}); look at it and set it again"
        )


def apply(platform: Platform, schedule: Schedule) -> None:
    """Have EventBridge Scheduler's entry be what the schedule says."""
    about: dict[str, object] = {"source": schedule.source, "scheduled": True, "time": DUE_AT}
    keep(
        platform,
        platform.layout.schedule(schedule.source),
        expression_of(schedule.cron),
        Task.TRIGGER,
        about,
        zone=schedule.time_zone,
        enabled=not schedule.paused,
    )


def keep_schedules(platform: Platform, source: str, batch: Batch) -> None:
    """The source's schedules as they are to be: the one that the control table has, daily where it has none; and one
    that starts what waits at the end of its batches' window, if they have one.
    """
    apply(platform, platform.control.schedules.ensure(source, platform.clock()))
    rate = f"rate({batch.minutes or 1440} {'minute' if batch.minutes == 1 else 'minutes'})"
    window, about = platform.layout.window(source), {"source": source, "window": True}
    if batch.minutes is not None:
        keep(platform, window, rate, Task.TRIGGER, about)
    else:
        with suppress(platform.scheduler.exceptions.ResourceNotFoundException):
            platform.scheduler.update_schedule(**_entry(platform, window, rate, Task.TRIGGER, about, enabled=False))


def missed(schedule: Schedule, before: datetime) -> datetime | None:
    """The last moment before that one that nobody dealt with; None where there is none, or the schedule is paused or
    catches up with nothing.
    """
    if schedule.paused or schedule.catch_up is CatchUp.NONE:
        return None
    last = next(due_before(schedule.cron, schedule.time_zone, before), None)
    return last if last is not None and last > schedule.settled_until else None


def catch_up(platform: Platform, schedule: Schedule) -> list[str]:
    """Start what the trigger would have started at the moment that was missed, if one was. The runs' ids."""
    source, due = platform.control.source(schedule.source), missed(schedule, platform.clock())
    if due is None or source.pause is not None:
        return []
    started = start_waiting(platform, source)
    platform.control.schedules.settle(source.name, due)
    return started


def remind(platform: Platform, schedule: Schedule) -> datetime | None:
    """Tell the trigger of the moment that was missed, GRACE ago or longer. The moment."""
    due = missed(schedule, platform.clock() - GRACE)
    if due is None or platform.control.source(schedule.source).pause is not None:
        return None
    about = {"source": schedule.source, "scheduled": True, "time": due.isoformat()}
    platform.invoke(Task.TRIGGER, {"tenant": platform.layout.tenant, **about})
    return due


def too_late(schedule: Schedule, due: datetime, now: datetime) -> bool:
    """Whether the moment is left out: told of so late, it was missed, and the schedule catches up with nothing."""
    return schedule.catch_up is CatchUp.NONE and due < now - LATE


def upcoming(schedule: Schedule, now: datetime, count: int) -> list[datetime]:
    """The next moments (UTC) at which the source is due; none while the schedule is paused."""
    return [] if schedule.paused else list(islice(due_after(schedule.cron, schedule.time_zone, now), count))


def keep(
    platform: Platform,
    name: str,
    when: str,
    task: Task,
    about: dict[str, object],
    *,
    zone: str = "UTC",
    enabled: bool = True,
) -> None:
    """Make the schedule of that name, or make it what it is to be."""
    scheduler, entry = platform.scheduler, _entry(platform, name, when, task, about, zone=zone, enabled=enabled)
    try:
        scheduler.create_schedule(**entry)
    except scheduler.exceptions.ConflictException:
        scheduler.update_schedule(**entry)


def _entry(
    platform: Platform,
    name: str,
    when: str,
    task: Task,
    about: dict[str, object],
    *,
    zone: str = "UTC",
    enabled: bool = True,
) -> CreateScheduleInputTypeDef:
    layout = platform.layout
    return {
        "Name": name,
        "GroupName": layout.schedule_group,
        "ScheduleExpression": when,
        "ScheduleExpressionTimezone": zone,
        "FlexibleTimeWindow": {"Mode": "OFF"},
        "State": "ENABLED" if enabled else "DISABLED",
        "Target": {
            "Arn": layout.function_arn(task),
            "RoleArn": layout.schedule_role_arn,
            "Input": json.dumps({"tenant": layout.tenant, **about}),
        },
    }
