"""Rollbacks: who took which runs back, and why. Each is written down before anything moves: it can be resumed."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, NamedTuple

from medallion.control.items import Item, Key, Run, RunStatus
from medallion.control.runs import taken_back_run
from medallion.control.table import ABSENT, ControlTable


class TakenBack(Item):
    """A run that a rollback took back, and the attempt that had been published."""

    run_id: str
    attempt: int


class Rollback(Item):
    """One rollback of a subject (`silver#orders`): from which snapshot of main to which, and by whom.

    `runs` are those that it takes back, newest first. It has no `ended_at` until all of it is done.
    """

    PARTITION: ClassVar[str] = "TENANT#{tenant}#ROLLBACKS#{subject}"
    EVIDENCE: ClassVar[bool] = True
    SK: ClassVar[str] = "ROLLBACK#"
    subject: str
    to_run_id: str
    to_snapshot: str
    from_snapshot: str
    runs: tuple[TakenBack, ...] = ()
    by: str
    reason: str
    begun_at: datetime
    ended_at: datetime | None = None

    @staticmethod
    def key_of(tenant: str, subject: str, begun: str) -> Key:
        return Key(f"TENANT#{tenant}#ROLLBACKS#{subject}", f"{Rollback.SK}{begun}")


class RollbackPage(NamedTuple):
    """Rollbacks, newest first. `before` is where the next page begins, or nothing if there is no more."""

    rollbacks: list[Rollback]
    before: str


class Rollbacks:
    """The rollbacks of one tenant's sources and models."""

    def __init__(self, table: ControlTable, tenant: str) -> None:
        self._table = table
        self._tenant = tenant

    def of(self, subject: str) -> list[Rollback]:
        """The subject's rollbacks, newest first."""
        pk = Rollback.key_of(self._tenant, subject, "").pk
        return self._table.query(Rollback, pk, Rollback.SK, newest_first=True)

    def page(self, subject: str, limit: int, before: str = "") -> RollbackPage:
        """The subject's newest rollbacks, `limit` at most: those that began before that moment (ISO 8601)."""
        pk = Rollback.key_of(self._tenant, subject, "").pk
        beyond = f"{Rollback.SK}{before}" if before else ""
        found = self._table.query(Rollback, pk, Rollback.SK, limit=limit + 1, newest_first=True, beyond=beyond)
        shown = found[:limit]
        return RollbackPage(shown, shown[-1].begun_at.isoformat() if len(found) > limit else "")

    def begin(self, rollback: Rollback) -> None:
        self._table.put(rollback, self._key(rollback), ABSENT)

    def end(self, rollback: Rollback, at: datetime) -> None:
        self._table.update(self._key(rollback), {"ended_at": at.isoformat()})

    def take_back(self, run: TakenBack, at: datetime, reason: str) -> bool:
        """The run is rolled back: what it published is no more. False if it was, or has been started again since."""
        changes = {"ended_at": at.isoformat(), "reason": reason, "task_token": ""}
        while True:
            found = self._table.get(Run, Run.key_of(self._tenant, run.run_id))
            if found is None or found.attempt != run.attempt or found.status is RunStatus.ROLLED_BACK:
                return False
            # Refused only if the run has moved on since it was read.
            if self._table.transact(taken_back_run(self._tenant, found, changes)):
                return True

    def _key(self, rollback: Rollback) -> Key:
        return Rollback.key_of(self._tenant, rollback.subject, rollback.begun_at.isoformat())
