"""Leases:
one writer for each subject's tables at a time, the others in a queue, each holder with a greater fencing token.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from boto3.dynamodb.conditions import Attr, ConditionBase

from medallion.control.items import Lease, Waiter
from medallion.control.table import ABSENT, ControlTable, Delete, Update
from medallion.errors import LeaseLost

TERM = timedelta(minutes=30)
"""How long a lease holds without its owner being asked after: twice the longest Lambda."""

Over = Callable[[str], bool]
"""Whether an owner works no more. It is asked where a lease has expired, since two processes' clocks may differ."""


def _by_clock_alone(owner: str) -> bool:
    return True


class Leases:
    """The leases of one tenant's sources and models.

    What is safe rests on the fencing token alone; clocks decide only when it is asked whether an owner is over.
    """

    def __init__(self, table: ControlTable, tenant: str) -> None:
        self._table = table
        self._tenant = tenant

    def held(self, subject: str) -> Lease | None:
        """The lease as it stands; None if nobody ever held it."""
        return self._table.get(Lease, Lease.key_of(self._tenant, subject))

    def acquire(
        self, subject: str, owner: str, now: datetime, term: timedelta = TERM, over: Over = _by_clock_alone
    ) -> int | None:
        """The fencing token if `owner`, who does not queue, holds the lease from now on; None if another holds it."""
        while True:
            held = self.held(subject)
            if not _free(held, owner, now, over):
                return None
            if self._table.transact([self._take(held, subject, owner, now + term, unanswered=None)]):
                return 1 if held is None else held.token + 1

    def grant(self, waiter: Waiter, now: datetime, over: Over) -> bool:
        """Give the lease to one who waits and take it out of the queue, both at once.

        Its task token stays with the lease as `unanswered` until `answered`: a process that ends in between strands
        nobody. False if another holds the lease, or the queue moved meanwhile.
        """
        held = self.held(waiter.subject)
        if not _free(held, waiter.run_id, now, over):
            return False
        waits = Delete(
            Waiter.key_of(self._tenant, waiter.subject, waiter.run_id), Attr("task_token").eq(waiter.task_token)
        )
        taken = self._take(held, waiter.subject, waiter.run_id, now + TERM, unanswered=waiter.task_token)
        return self._table.transact([waits, taken])

    def answered(self, subject: str, task_token: str) -> None:
        """The holder was told: its task token was answered."""
        key = Lease.key_of(self._tenant, subject)
        self._table.update(key, {"unanswered": None}, Attr("unanswered").eq(task_token))

    def confirm(self, subject: str, owner: str, token: int, now: datetime) -> None:
        """Renew the lease; raise LeaseLost unless `owner` holds it with that token:
        to be asked before each write that others see.
        """
        renewed = {"expires_at": _text(now + TERM), "unanswered": None}
        mine = Attr("owner").eq(owner) & Attr("token").eq(token)
        if not self._table.update(Lease.key_of(self._tenant, subject), renewed, mine):
            raise LeaseLost(
                f"run {owner} no longer holds the lease of {subject} of tenant {self._tenant}: another run took over; "
                "start it again"
            )

    def release(self, subject: str, owner: str, token: int | None = None) -> bool:
        """Give the lease back, if `owner` holds it: with that token, where one is said."""
        mine: ConditionBase = Attr("owner").eq(owner)
        if token is not None:
            mine &= Attr("token").eq(token)
        freed = {"owner": None, "unanswered": None}
        return self._table.update(Lease.key_of(self._tenant, subject), freed, mine)

    def wait(self, waiter: Waiter) -> None:
        """Stand in the queue. Whoever stands there already keeps its place, and is woken by this task token."""
        self._table.put(waiter, Waiter.key_of(self._tenant, waiter.subject, waiter.run_id))

    def leave(self, subject: str, run_id: str) -> None:
        """Take the run out of the queue: it is not to be woken any more."""
        self._table.delete(Waiter.key_of(self._tenant, subject, run_id))

    def waiters(self, subject: str) -> list[Waiter]:
        """Those who wait, the first first."""
        return self._table.query(Waiter, Lease.key_of(self._tenant, subject).pk, Waiter.SK)

    def _take(self, held: Lease | None, subject: str, owner: str, until: datetime, *, unanswered: str | None) -> Update:
        """The write by which `owner` takes the lease that stands as `held`, and no other."""
        taken = {
            "subject": subject,
            "owner": owner,
            "token": 1 if held is None else held.token + 1,
            "expires_at": _text(until),
            "unanswered": unanswered,
        }
        as_read = ABSENT if held is None else Attr("token").eq(held.token) & Attr("owner").eq(held.owner)
        return Update(Lease.key_of(self._tenant, subject), taken, as_read)


def _free(held: Lease | None, owner: str, now: datetime, over: Over) -> bool:
    if held is None or held.owner in (None, owner):
        return True
    return held.expires_at <= now and over(held.owner or "")


def _text(moment: datetime) -> str:
    return moment.isoformat()
