"""Runs, directly."""

from __future__ import annotations

from dataclasses import dataclass

from cli.direct.acting import Acting
from cli.documents import Page
from cli.documents.quarantine import Forecast
from cli.documents.runs import RolledBack, RunDetail, RunSummary
from cli.port import Said, Which
from medallion.control.items import RunStatus
from medallion.layout import Zone
from medallion.steps.asked import BackfillAsked, RerunAsked, RollbackAsked
from medallion.steps.history import Steps, steps_of
from medallion.steps.hold import decide
from medallion.steps.operations import OperationKind

_RECENT = 200
"""How many of the newest runs are looked through for an object's run, where no claim tells."""


@dataclass(frozen=True)
class DirectRuns:
    acting: Acting

    def page(
        self, limit: int, *, subject: str | None = None, status: RunStatus | None = None, before: str = ""
    ) -> Page[RunSummary]:
        found = self.acting.platform.control.run_lists.page(limit, subject=subject, status=status, before=before)
        return Page(items=[RunSummary.of_run(run) for run in found.runs], next=found.place or None)

    def held(self, limit: int) -> list[RunSummary]:
        return [RunSummary.of_run(run) for run in self.acting.platform.control.run_lists.held(limit).runs]

    def run(self, run_id: str) -> RunDetail:
        platform = self.acting.platform
        found = platform.control.run(run_id)
        return RunDetail.with_steps(found, steps_of(platform.session, found.execution_arn))

    def look(self, run_id: str) -> RunDetail:
        return RunDetail.with_steps(self.acting.platform.control.run(run_id), Steps({}, ""))

    def run_of(self, source: str, source_file_id: str) -> str | None:
        control = self.acting.platform.control
        claim = control.claim_of(source, source_file_id)
        if claim is not None and claim.run_id is not None:
            return claim.run_id
        recent = control.run_lists.page(_RECENT, subject=source).runs
        return next((run.run_id for run in recent if source_file_id in run.objects), None)

    def decide(self, run_id: str, said: Said, *, approved: bool) -> None:
        by = said.by or self.acting.caller
        decide(self.acting.platform, run_id, approved=approved, by=by, reason=said.reason)
        self.acting.record("decide_run", said, run_id=run_id)

    def rerun(self, run_id: str, said: Said) -> None:
        run = self.acting.platform.control.run(run_id)
        self.acting.do(OperationKind.RERUN, run_id, RerunAsked(attempt=run.attempt), said)
        self.acting.record("rerun_run", said, run_id=run_id)

    def cancel(self, run_id: str, said: Said) -> None:
        self.acting.do(OperationKind.CANCEL, run_id, None, said)
        self.acting.record("cancel_run", said, run_id=run_id)

    def roll_back(self, zone: Zone, name: str, run_id: str, said: Said) -> RolledBack:
        asked = RollbackAsked(zone=zone, name=name, run_id=run_id)
        done = self.acting.do(OperationKind.ROLLBACK, f"{zone}.{name}", asked, said)
        self.acting.record("roll_back_table", said, zone=zone, name=name)
        return RolledBack.model_validate(done)

    def backfill(self, source: str, which: Which, said: Said) -> str | None:
        named = self.acting.platform.control.source(source).name
        done = self.acting.do(OperationKind.BACKFILL, named, _asked(which), said)
        self.acting.record("backfill_source", said, source=named)
        run_id: str | None = done["run_id"]
        return run_id

    def foresee_backfill(self, source: str, which: Which, said: Said) -> Forecast:
        named = self.acting.platform.control.source(source).name
        return Forecast.model_validate(self.acting.do(OperationKind.FORESEE_BACKFILL, named, _asked(which), said))


def _asked(which: Which) -> BackfillAsked:
    return BackfillAsked(objects=which.objects, since=which.since, until=which.until)
