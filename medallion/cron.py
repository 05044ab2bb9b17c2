"""When a schedule is due: cron's five fields, spelt for EventBridge Scheduler, and the moments that they name.

What the two do not share is refused. Moments go by the clock of the schedule's time zone, as EventBridge Scheduler goes
by it: a time that the clocks skip in spring is not due that day, one that they show twice in autumn is due once.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import UTC, datetime
from functools import cache
from typing import NamedTuple
from zoneinfo import ZoneInfo, available_timezones

from cronsim import CronSim, CronSimError

from medallion.errors import InvalidSchedule

LONGEST = 256
"""Characters of a schedule expression, at EventBridge Scheduler."""
_WEEKDAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
_ANY_DAY = datetime(2000, 1, 1)  # noqa: DTZ001  # the clock on a wall has no zone


class _Fields(NamedTuple):
    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]


_ALL = _Fields(
    frozenset(range(60)),
    frozenset(range(24)),
    frozenset(range(1, 32)),
    frozenset(range(1, 13)),
    frozenset(range(7)),
)


def checked_cron(cron: str) -> str:
    """The expression with one blank between its fields; InvalidSchedule says what is wrong with it."""
    expression_of(cron)
    return " ".join(cron.split())


def checked_zone(name: str) -> str:
    """The time zone's name; InvalidSchedule where IANA knows none of it."""
    if name not in _zones():
        raise InvalidSchedule(f"time zone {name!r}: IANA knows none of that name; write it as in Europe/Zurich, or UTC")
    return name


def expression_of(cron: str) -> str:
    """What EventBridge Scheduler is told: the numbers that each field means, so that none is taken otherwise there.
    InvalidSchedule where it cannot be said.
    """
    fields = _read(cron)
    each_day, each_weekday = fields.days == _ALL.days, fields.weekdays == _ALL.weekdays
    if not each_day and not each_weekday:
        raise InvalidSchedule(
            f"cron {cron!r}: names days of the month and days of the week; EventBridge Scheduler takes one of the two. "
            "Write * for the other"
        )
    said = (
        _spelt(fields.minutes, _ALL.minutes),
        _spelt(fields.hours, _ALL.hours),
        _spelt(fields.days, _ALL.days) if each_weekday else "?",
        _spelt(fields.months, _ALL.months),
        "?" if each_weekday else ",".join(_WEEKDAYS[day] for day in sorted(fields.weekdays)),
        "*",
    )
    expression = f"cron({' '.join(said)})"
    if len(expression) > LONGEST:
        raise InvalidSchedule(
            f"cron {cron!r}: names so many moments that EventBridge Scheduler would need {len(expression)} characters, "
            f"of {LONGEST}; name fewer"
        )
    return expression


def due_after(cron: str, zone: str, moment: datetime) -> Iterator[datetime]:
    """The moments (UTC) at which the schedule is due after `moment`, the next one first."""
    yield from _due(cron, ZoneInfo(zone), moment, reverse=False)


def due_before(cron: str, zone: str, moment: datetime) -> Iterator[datetime]:
    """The moments (UTC) at which the schedule was due before `moment`, the last one first."""
    yield from _due(cron, ZoneInfo(zone), moment, reverse=True)


def _due(cron: str, zone: ZoneInfo, moment: datetime, *, reverse: bool) -> Iterator[datetime]:
    # Without a zone the reader goes by the numbers on the clock alone; what they are in the zone is said here.
    on_the_clock = moment.astimezone(zone).replace(tzinfo=None)
    for local in CronSim(cron, on_the_clock, reverse=reverse):
        due = local.replace(tzinfo=zone).astimezone(UTC)
        skipped = due.astimezone(zone).replace(tzinfo=None) != local
        if not skipped and (due < moment if reverse else due > moment):
            yield due


def _read(cron: str) -> _Fields:
    parts = cron.split()
    if len(parts) != 5:
        raise InvalidSchedule(
            f"cron {cron!r}: has {len(parts)} fields; write five: minute, hour, day of month, month, day of week"
        )
    try:
        read = CronSim(cron, _ANY_DAY)
    except CronSimError as problem:
        raise InvalidSchedule(
            f"cron {cron!r}: {str(problem).lower()}; write numbers, names, lists, ranges and steps, as in "
            "*/15 6-22 * * MON-FRI"
        ) from problem
    # Beside numbers it reads L, LW and #, which are no part of cron's five fields and mean other days at AWS.
    numbers = [one for one in (*read.days, *read.weekdays) if isinstance(one, int) and one >= 0]
    if len(numbers) < len(read.days) + len(read.weekdays):
        raise InvalidSchedule(f"cron {cron!r}: L, W and # are not taken; name the days")
    named = _Fields(
        frozenset(read.minutes),
        frozenset(read.hours),
        frozenset(read.days),
        frozenset(read.months),
        frozenset(one % 7 for one in read.weekdays if isinstance(one, int)),
    )
    # Where both fields name days, either of them is enough: all days of one make the other say nothing.
    if not read.day_and and (named.days == _ALL.days or named.weekdays == _ALL.weekdays):
        return named._replace(days=_ALL.days, weekdays=_ALL.weekdays)
    return named


def _spelt(chosen: Collection[int], all_of_them: Collection[int]) -> str:
    """The numbers, those that follow one another as a range."""
    if len(chosen) == len(all_of_them):
        return "*"
    ranges: list[list[int]] = []
    for number in sorted(chosen):
        if ranges and number == ranges[-1][-1] + 1:
            ranges[-1].append(number)
        else:
            ranges.append([number])
    return ",".join(str(one[0]) if len(one) == 1 else f"{one[0]}-{one[-1]}" for one in ranges)


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())
