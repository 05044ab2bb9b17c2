"""Usage: what a tenant had done on a day, counted as it happens, so that nobody has to count it afterwards."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import ClassVar

from medallion.control.items import Item, Key, Run
from medallion.control.table import Add, ControlTable

LONGEST = 366
"""Days that one question is about at most."""


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
    def key_of(tenant: str, day: date, used: str, of: str) -> Key:
        return Key(f"TENANT#{tenant}#USAGE", f"{Usage.SK}{day}#{used}#{of}")


def used(
    tenant: str, day: date, what: Used, of: str = "", *, records: int = 0, read: int = 0, mb_seconds: int = 0
) -> Add:
    """The write that counts one more: within the transaction that does what is counted, or not at all."""
    amounts = {"count": 1, "records": records, "bytes": read, "mb_seconds": mb_seconds}
    named = {"day": day.isoformat(), "used": what, "of": of}
    return Add(Usage.key_of(tenant, day, what, of), {name: n for name, n in amounts.items() if n}, named)


def ran(tenant: str, run: Run, mb_seconds: int = 0) -> Add:
    """The write that counts a run, as it ends. `mb_seconds` is what its last step took, beside what the run says."""
    ended = run.ended_at or run.created_at
    # Until its lane is chosen a run has none, and one that is refused never has.
    lane = run.lane if run.lane not in ("", "auto") else "none"
    records, took = run.total("rows_in"), run.mb_seconds + mb_seconds
    return used(
        tenant, ended.date(), Used.RUN, f"{lane}.{run.status}", records=records, read=run.bytes, mb_seconds=took
    )


class Usages:
    """One tenant's usage."""

    def __init__(self, table: ControlTable, tenant: str) -> None:
        self._table = table
        self._tenant = tenant

    def between(self, first: date, last: date) -> list[Usage]:
        """What was used from the first day to the last, by day: a few items a day."""
        pk = Usage.key_of(self._tenant, first, "", "").pk
        return self._table.query(Usage, pk, Usage.SK, after=f"{Usage.SK}{first}", until=f"{Usage.SK}{last}\uffff")

    def request(self, day: date) -> None:
        """Count a request to the API."""
        self._table.add(used(self._tenant, day, Used.REQUEST))
