"""Lists of runs, page by page: each is read from the items that list just those."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

from medallion.control.items import EndedRun, EndedRunOf, OpenRun, Run, RunOf, RunStatus
from medallion.control.table import ControlTable

EXAMINED = 1000
"""Runs that have not ended of which one page looks at most."""
_AT_ONCE = 100


class RunPage(NamedTuple):
    """Runs as asked for. `place` is where the next page begins: a run's id, or nothing if there is no more."""

    runs: list[Run]
    place: str


class RunLists:
    """One tenant's runs. Their ids sort by the moment that they were made."""

    def __init__(self, table: ControlTable, tenant: str) -> None:
        self._table = table
        self._tenant = tenant

    def page(
        self, limit: int, *, subject: str | None = None, status: RunStatus | None = None, before: str = ""
    ) -> RunPage:
        """The newest runs, `limit` at most: of that source or model and status, those made before the run `before`.

        It reads the runs that it shows. Of a status that is no end it looks at all that have not ended, which are few:
        at EXAMINED of them at most.
        """
        if status is not None and not status.ended:
            return self._among_open(
                limit, before, lambda run: run.status is status and subject in (None, run.subject), newest_first=True
            )
        if subject is None and status is None:
            pk, beyond = Run.key_of(self._tenant, "").pk, f"{Run.SK}{before}" if before else ""
            runs = self._table.query(Run, pk, Run.SK, limit=limit + 1, newest_first=True, beyond=beyond)
            return RunPage(runs[:limit], runs[limit - 1].run_id if len(runs) > limit else "")
        ids = self._ids(limit + 1, subject, status, before)
        # One that was done again since it was listed is in another list now.
        found = [run for run in self._runs(ids[:limit], newest_first=True) if status in (None, run.status)]
        return RunPage(found, ids[limit - 1] if len(ids) > limit else "")

    def held(self, limit: int, after: str = "") -> RunPage:
        """The runs that wait for a person, the oldest first, `limit` at most: those made after the run `after`. It
        looks at all that have not ended, at EXAMINED of them at most.
        """
        return self._among_open(
            limit, after, lambda run: run.status is RunStatus.HELD and run.approval is None, newest_first=False
        )

    def _ids(self, limit: int, subject: str | None, status: RunStatus | None, before: str) -> list[str]:
        kind: type[RunOf | EndedRun | EndedRunOf]
        if status is None:
            kind, (pk, prefix) = RunOf, RunOf.key_of(self._tenant, subject or "", "")
        elif subject is None:
            kind, (pk, prefix) = EndedRun, EndedRun.key_of(self._tenant, status, "")
        else:
            kind, (pk, prefix) = EndedRunOf, EndedRunOf.key_of(self._tenant, subject, status, "")
        beyond = f"{prefix}{before}" if before else ""
        listed = self._table.query(kind, pk, prefix, limit=limit, newest_first=True, beyond=beyond)
        return [one.run_id for one in listed]

    def _among_open(self, limit: int, place: str, wanted: Callable[[Run], bool], *, newest_first: bool) -> RunPage:
        chosen: list[Run] = []
        pk, prefix = OpenRun.key_of(self._tenant, "")
        for _ in range(0, EXAMINED, _AT_ONCE):
            beyond = f"{prefix}{place}" if place else ""
            listed = self._table.query(
                OpenRun, pk, prefix, limit=_AT_ONCE + 1, newest_first=newest_first, beyond=beyond
            )
            ids = [one.run_id for one in listed[:_AT_ONCE]]
            chosen += filter(wanted, self._runs(ids, newest_first=newest_first))
            if len(chosen) > limit:
                return RunPage(chosen[:limit], chosen[limit - 1].run_id)
            if len(listed) <= _AT_ONCE:
                return RunPage(chosen, "")
            place = ids[-1]
        return RunPage(chosen, place)

    def _runs(self, ids: Iterable[str], *, newest_first: bool) -> list[Run]:
        found = self._table.get_many(Run, [Run.key_of(self._tenant, one) for one in ids])
        return sorted(found, key=lambda run: run.run_id, reverse=newest_first)
