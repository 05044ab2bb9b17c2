"""Leases:
one writer for each subject's tables at a time, the others in a queue, each holder with a greater fencing token.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from boto3.dynamodb.conditions import Attr

from medallion.control.items import Lease, Waiter
from medallion.control.table import ABSENT, ControlTable
from medallion.errors import LeaseLost

TERM = timedelta(minutes=30)
"""How long a lease holds without its owner ending: twice the longest Lambda."""


class Leases:
    """The leases of one tenant's sources and models."""

    def __init__(self, table: ControlTable, tenant: str) -> None:
        self._table = table
        self._tenant = tenant

    def acquire(self, subject: str, owner: str, now: datetime, term: timedelta = TERM) -> int | None:
        """The fencing token if `owner` holds the lease now (again, if it held it already); None if another holds it."""
        key = Lease.key_of(self._tenant, subject)
        while True:
            held = self._table.get(Lease, key)
            if held is None:
                first = Lease(subject=subject, owner=owner, token=1, expires_at=now + term)
                if self._table.put(first, key, ABSENT):
                    return 1
                continue
            if held.owner not in (None, owner) and held.expires_at > now:
                return None
            token = held.token if held.owner == owner else held.token + 1
            taken = {"owner": owner, "token": token, "expires_at": _text(now + term)}
            if self._table.update(key, taken, Attr("token").eq(held.token) & Attr("owner").eq(held.owner)):
                return token

    def confirm(self, subject: str, owner: str, token: int) -> None:
        """Raise LeaseLost unless `owner` holds the lease with that token:
        to be asked before each write that others see.
        """
        held = self._table.get(Lease, Lease.key_of(self._tenant, subject))
        if held is None or held.owner != owner or held.token != token:
            raise LeaseLost(
                f"run {owner} no longer holds the lease of {subject} of tenant {self._tenant}: another run took over; "
                "start it again"
            )

    def release(self, subject: str, owner: str) -> None:
        """Give the lease back, if `owner` holds it."""
        freed = {"owner": None, "expires_at": _text(datetime.now(UTC))}
        self._table.update(Lease.key_of(self._tenant, subject), freed, Attr("owner").eq(owner))

    def wait(self, waiter: Waiter) -> None:
        self._table.put(waiter, Waiter.key_of(self._tenant, waiter.subject, waiter.run_id))

    def waiters(self, subject: str) -> list[Waiter]:
        """Those who wait, the first first."""
        return self._table.query(Waiter, Lease.key_of(self._tenant, subject).pk, Waiter.SK)

    def stop_waiting(self, subject: str, run_id: str) -> bool:
        """Leave the queue; False if the run was not in it: whoever got True wakes the run, so that it is woken once."""
        return self._table.delete(Waiter.key_of(self._tenant, subject, run_id), Attr("pk").exists())


def _text(moment: datetime) -> str:
    return moment.isoformat()
