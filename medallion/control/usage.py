"""Usage: what a tenant had done on a day, counted as it happens, so that nobody has to count it afterwards."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from enum import StrEnum
from itertools import groupby
from typing import ClassVar
from zlib import crc32

from medallion.contracts.model import Frozen
from medallion.control.items import Item, Key, Run
from medallion.control.table import Add, ControlTable

LONGEST = 366
"""Days that one question is about at most."""
DAYS = timedelta(days=29)
"""How long before the last day the first one is, where nobody says."""
_PARTS = 16
"""Items that one day's count of the same thing is spread over: transactions that touch one item at once refuse each
other, and runs of many sources may end at once.
"""


class Used(StrEnum):
    """What is counted: runs that ended, queries that ended, and requests to the API."""

    RUN = "run"
    QUERY = "query"
    REQUEST = "request"


class Usage(Item):
    """How often something was done on a day (UTC), and how much of it: records and bytes that were read, and the
    memory of functions for as long as they had it, in MB seconds.

    `of` tells runs apart by lane and outcome (`lambda.promoted`), queries by how they ended.
    """

    SK: ClassVar[str] = "USAGE#"
    PARTITION: ClassVar[str] = "TENANT#{tenant}#USAGE"
    day: date
    used: Used
    of: str = ""
    count: int = 0
    records: int = 0
    bytes: int = 0
    mb_seconds: int = 0

    @staticmethod
    def key_of(tenant: str, day: date, used: str, of: str, part: str) -> Key:
        return Key(f"TENANT#{tenant}#USAGE", f"{Usage.SK}{day}#{used}#{of}#{part}")

    def __add__(self, other: Usage) -> Usage:
        """Both together, of the same day and thing."""
        summed = {name: getattr(self, name) + getattr(other, name) for name in _AMOUNTS}
        return self.model_copy(update=summed)


_AMOUNTS = ("count", "records", "bytes", "mb_seconds")


def used(
    tenant: str,
    day: date,
    what: Used,
    of: str = "",
    *,
    by: str = "",
    records: int = 0,
    read: int = 0,
    mb_seconds: int = 0,
) -> Add:
    """The write that counts one more: within the transaction that does what is counted, or not at all. What is `by`
    different subjects is mostly counted in different items.
    """
    key = Usage.key_of(tenant, day, what, of, f"{crc32(by.encode()) % _PARTS:x}")
    amounts = dict(zip(_AMOUNTS, (1, records, read, mb_seconds), strict=True))
    named = {"day": day.isoformat(), "used": what, "of": of}
    return Add(key, {name: amount for name, amount in amounts.items() if amount}, named)


def ran(tenant: str, run: Run, mb_seconds: int = 0) -> Add:
    """The write that counts a run, as it ends. `mb_seconds` is what its last step took, beside what the run says."""
    ended = run.ended_at or run.created_at
    # Until its lane is chosen a run has none, and one that is refused never has.
    lane = run.lane if run.lane not in ("", "auto") else "none"
    return used(
        tenant,
        ended.date(),
        Used.RUN,
        f"{lane}.{run.status}",
        by=run.subject,
        records=run.total("rows_in"),
        read=run.bytes,
        mb_seconds=run.mb_seconds + mb_seconds,
    )


class RunsUsed(Frozen):
    """Runs of one lane and outcome that ended on a day; each attempt that ended counts. No lane: they never began."""

    lane: str
    outcome: str
    count: int
    records: int
    bytes: int
    mb_seconds: int


class QueriesUsed(Frozen):
    """Queries that ended so on a day."""

    outcome: str
    count: int
    scanned_bytes: int


class DayUsed(Frozen):
    """What was used on a day (UTC), requests to the API counted."""

    day: date
    runs: tuple[RunsUsed, ...]
    queries: tuple[QueriesUsed, ...]
    requests: int


def by_day(found: Iterable[Usage]) -> list[DayUsed]:
    """What was used, put together by day; the items come in the order of their days."""
    return [_day(day, list(items)) for day, items in groupby(found, key=lambda one: one.day)]


def _day(day: date, items: list[Usage]) -> DayUsed:
    runs, queries, requests = [], [], 0
    for one in items:
        if one.used is Used.RUN:
            lane, _, outcome = one.of.partition(".")
            figures = one.model_dump(include={"count", "records", "bytes", "mb_seconds"})
            runs.append(RunsUsed(lane=lane, outcome=outcome, **figures))
        elif one.used is Used.QUERY:
            queries.append(QueriesUsed(outcome=one.of, count=one.count, scanned_bytes=one.bytes))
        else:
            requests += one.count
    return DayUsed(day=day, runs=tuple(runs), queries=tuple(queries), requests=requests)


class Usages:
    """One tenant's usage."""

    def __init__(self, table: ControlTable, tenant: str) -> None:
        self._table = table
        self._tenant = tenant

    def between(self, first: date, last: date) -> list[Usage]:
        """What was used from the first day to the last, by day: each thing of a day once."""
        pk = Usage.key_of(self._tenant, first, "", "", "").pk
        found = self._table.query(Usage, pk, Usage.SK, after=f"{Usage.SK}{first}", until=f"{Usage.SK}{last}\uffff")
        summed: dict[tuple[date, Used, str], Usage] = {}
        for one in found:
            thing = (one.day, one.used, one.of)
            summed[thing] = summed[thing] + one if thing in summed else one
        return list(summed.values())

    def request(self, day: date) -> None:
        """Count a request to the API."""
        self._table.add(used(self._tenant, day, Used.REQUEST))
