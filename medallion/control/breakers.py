"""Breakers: what the gate saw of a source's runs lately, and whether the source is stopped until a person looks."""

from __future__ import annotations

from datetime import datetime, timedelta

from boto3.dynamodb.conditions import Attr

from medallion.control.items import Breaker, ClosedBreaker, SeenRun
from medallion.control.table import ControlTable, Put, Update

KEPT = timedelta(days=90)
"""How long it is kept what the gate saw of a run."""


class Breakers:
    """The breakers of one tenant's sources."""

    def __init__(self, table: ControlTable, tenant: str) -> None:
        self._table = table
        self._tenant = tenant

    def of(self, source: str) -> Breaker | None:
        """The source's breaker; None if it never opened."""
        return self._table.get(Breaker, Breaker.key_of(self._tenant, source))

    def is_open(self, source: str) -> bool:
        found = self.of(source)
        return found is not None and found.open

    def opened_by(self, source: str, run_id: str) -> bool:
        """Whether the breaker is open by that run's doing."""
        found = self.of(source)
        return found is not None and found.open and found.run_id == run_id

    def open(self, breaker: Breaker) -> bool:
        """Stop the source; False if it is stopped already."""
        shut = Attr("pk").not_exists() | Attr("open").ne(True)  # noqa: FBT003  # a value
        return self._table.put(breaker, Breaker.key_of(self._tenant, breaker.source), shut)

    def close(self, breaker: Breaker, *, by: str, reason: str, at: datetime) -> bool:
        """Let the source go on, and keep who closed it and why; False if that is done."""
        changes = {"open": False, "closed_at": at.isoformat(), "closed_by": by, "reason": reason}
        as_read = Attr("open").eq(True) & Attr("run_id").eq(breaker.run_id)  # noqa: FBT003  # a value
        closed = ClosedBreaker.model_validate({**breaker.model_dump(), **changes})
        return self._table.transact(
            [
                Update(Breaker.key_of(self._tenant, breaker.source), changes, as_read),
                Put(closed, ClosedBreaker.key_of(self._tenant, breaker.source, breaker.opened_at)),
            ]
        )

    def closings(self, source: str, limit: int) -> list[ClosedBreaker]:
        """The times that the breaker was open and is no more, newest first."""
        pk = SeenRun.partition(self._tenant, source)
        return self._table.query(ClosedBreaker, pk, ClosedBreaker.SK, limit=limit, newest_first=True)

    # --- what the gate saw

    def note(self, seen: SeenRun) -> None:
        self._table.put(seen, SeenRun.key_of(self._tenant, seen))

    def seen_since(self, source: str, since: datetime) -> list[SeenRun]:
        """What the gate saw from that moment on: of each run its latest attempt."""
        pk, after = SeenRun.partition(self._tenant, source), f"{SeenRun.SK}{since.isoformat()}"
        found = self._table.query(SeenRun, pk, SeenRun.SK, after=after)
        return list({one.run_id: one for one in found if one.at > since}.values())

    def latest(self, source: str, limit: int) -> list[SeenRun]:
        """What the gate saw of the latest attempts, newest first."""
        pk = SeenRun.partition(self._tenant, source)
        return self._table.query(SeenRun, pk, SeenRun.SK, limit=limit, newest_first=True)

    def forgive(self, source: str, run_id: str, since: datetime) -> None:
        """A person approved the run: what failed in it does not count any more."""
        for seen in self.seen_since(source, since):
            if seen.run_id == run_id:
                self._table.update(SeenRun.key_of(self._tenant, seen), {"approved": True})
