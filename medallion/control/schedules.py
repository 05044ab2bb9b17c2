"""Schedules: when a source's waiting objects become runs beside, or instead of, their arrival."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from typing import ClassVar

from boto3.dynamodb.conditions import Attr

from medallion.control.items import Item, Key
from medallion.control.table import ABSENT, ControlTable

DAILY = "0 2 * * *"
"""When a source is due that nobody set another schedule for: 02:00 UTC every day."""


class CatchUp(StrEnum):
    """What becomes of the moments that were missed, while schedule or source was paused or the platform was down.

    A run takes everything that waits: one makes up for all that were missed, and there is no `all` beside `once`.
    """

    NONE = "none"
    """They are left out: what waits is taken up at the next moment."""
    ONCE = "once"
    """One run is started for all of them, as soon as may be."""


class Schedule(Item):
    """A source's schedule: `cron` in five fields, by the clock of `time_zone`.

    Moments up to `settled_until` are dealt with: runs were started, or they were left out. `revision` counts the times
    that it was set; `set_by` is who did so last, nobody where it stands as the source got it.
    """

    SK: ClassVar[str] = "SCHEDULE#"
    PARTITION: ClassVar[str] = "TENANT#{tenant}"
    source: str
    cron: str = DAILY
    time_zone: str = "UTC"
    paused: bool = False
    catch_up: CatchUp = CatchUp.ONCE
    settled_until: datetime
    revision: int = 1
    set_by: str = ""
    set_at: datetime
    reason: str = ""

    @staticmethod
    def key_of(tenant: str, source: str) -> Key:
        return Key(f"TENANT#{tenant}", f"{Schedule.SK}{source}")


class Schedules:
    """The schedules of one tenant's sources."""

    def __init__(self, table: ControlTable, tenant: str) -> None:
        self._table = table
        self._tenant = tenant

    def of(self, source: str) -> Schedule | None:
        return self._table.get(Schedule, Schedule.key_of(self._tenant, source))

    def all(self) -> list[Schedule]:
        return self._table.query(Schedule, Schedule.key_of(self._tenant, "").pk, Schedule.SK)

    def ensure(self, source: str, now: datetime) -> Schedule:
        """The schedule that stands; the daily one, where the source has none yet."""
        moment = now.replace(microsecond=0)
        daily = Schedule(source=source, settled_until=moment, set_at=moment)
        if self._table.put(daily, Schedule.key_of(self._tenant, source), ABSENT):
            return daily
        return self.of(source) or daily

    def replace(self, before: Schedule, after: Schedule) -> bool:
        """Set the schedule; False if it is not as `before` says any more."""
        as_read = Attr("revision").eq(before.revision)
        return self._table.put(after, Schedule.key_of(self._tenant, after.source), as_read)

    def settle(self, source: str, until: datetime) -> bool:
        """The moments up to `until` are dealt with. It never goes back: False if it stands there or later."""
        said = f"{until.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
        return self._table.update(
            Schedule.key_of(self._tenant, source), {"settled_until": said}, Attr("settled_until").lt(said)
        )
