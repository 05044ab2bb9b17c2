"""How a tenant's runs stand, read in a few questions."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from itertools import count

from cli.documents import Document
from cli.documents.runs import RunSummary
from cli.port import Port
from medallion.control.items import RunStatus
from medallion.errors import MedallionError, UnknownRun, UnknownSource

_NEWEST = 30
_HELD = 20
_STEPS = 8
"""Of how many runs under way the step is asked for: each is a question of its own."""
_ENDED = 10
_BREAKERS_EVERY = 5
"""Breakers are looked at every so many looks: one question a source."""


class UnderWay(Document):
    """A run that has not ended, or waits for a person. `step` is None where it is not known."""

    run_id: str
    subject: str
    status: RunStatus
    step: str | None
    created_at: datetime
    reason: str


class Ended(Document):
    """A run that has ended."""

    run_id: str
    subject: str
    status: RunStatus
    rows_in: int
    quarantined: int
    created_at: datetime
    ended_at: datetime | None
    reason: str


class View(Document):
    """How things stand. `trouble` is why this is what was seen the time before."""

    tenant: str
    under_way: list[UnderWay]
    ended: list[Ended]
    open_breakers: list[str]
    trouble: str = ""


class Looker:
    """Looks at one tenant, again and again."""

    def __init__(self, port: Port) -> None:
        self._port = port
        self._looks = count()
        self._breakers: list[str] = []
        self._last: View | None = None

    def look(self) -> View:
        """How things stand. What cannot be reached is told after a first time that it could."""
        try:
            self._last = self._look()
        except MedallionError as trouble:
            if self._last is None:
                raise
            return self._last.model_copy(update={"trouble": str(trouble)})
        return self._last

    def _look(self) -> View:
        runs = self._port.runs
        newest = runs.page(_NEWEST).items
        seen = {run.run_id for run in newest}
        # One that waits for long is not among the newest.
        held = [run for run in runs.held(_HELD) if run.run_id not in seen]
        open_runs = [run for run in newest if not run.status.ended] + held
        if next(self._looks) % _BREAKERS_EVERY == 0:
            self._breakers = self._open_breakers(newest + held)
        return View(
            tenant=self._port.tenant,
            under_way=[self._under_way(run, number) for number, run in enumerate(open_runs)],
            ended=[_ended(run) for run in newest if run.status.ended][:_ENDED],
            open_breakers=self._breakers,
        )

    def _under_way(self, run: RunSummary, number: int) -> UnderWay:
        step = None
        if run.status is RunStatus.RUNNING and number < _STEPS:
            with suppress(UnknownRun):
                step = self._port.runs.run(run.run_id).step
        return UnderWay.of(run, step=step)

    def _open_breakers(self, runs: list[RunSummary]) -> list[str]:
        found = []
        for source in sorted({run.subject for run in runs if run.kind.of_source}):
            # A refused object may be of a source that nobody knows.
            with suppress(UnknownSource):
                if self._port.quarantine.breaker(source).open:
                    found.append(source)
        return found


def _ended(run: RunSummary) -> Ended:
    return Ended.of(run, rows_in=run.totals.rows_in or run.rows, quarantined=run.totals.quarantined)
