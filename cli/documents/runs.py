"""Runs."""

from __future__ import annotations

from datetime import datetime
from typing import Self

from cli.documents import Document
from medallion.control.items import Run, RunKind, RunStatus
from medallion.steps.history import Steps

OUTCOMES = ("inserted", "updated", "duplicates", "quarantined", "condemned")


class Totals(Document):
    """What became of records. `rows_in` is the sum of all the others."""

    rows_in: int
    inserted: int
    updated: int
    duplicates: int
    quarantined: int
    condemned: int


class ObjectTotals(Totals):
    """What became of one object's records."""

    source_file_id: str


class Decision(Document):
    """Who decided, why and when."""

    by: str
    reason: str
    at: datetime


class Approval(Decision):
    """Who decided over a held run, and how."""

    approved: bool


class RunSummary(Document):
    """A run of a source, or a build of a Gold model (`subject`)."""

    run_id: str
    kind: RunKind
    subject: str
    attempt: int
    status: RunStatus
    reason: str
    warnings: list[str]
    lane: str
    contract_version: str
    object_count: int
    bytes: int
    rows: int
    totals: Totals
    created_at: datetime
    ended_at: datetime | None
    requested_by: str
    purpose: str

    @classmethod
    def of_run(cls, run: Run) -> Self:
        return cls.of(run, totals=_totals(run))


class RunDetail(RunSummary):
    """A run with all that is known of it."""

    objects: list[str]
    outcomes: list[ObjectTotals]
    quarantined_by_code: dict[str, int]
    unreadable_objects: int
    snapshots: dict[str, str]
    replays: list[str]
    approval: Approval | None
    cancelled: Decision | None
    job_log: list[str]
    receipt: int | None
    step: str | None
    step_seconds: dict[str, float]

    @classmethod
    def with_steps(cls, run: Run, steps: Steps) -> Self:
        receipt = None if run.receipt is None else run.receipt.sequence
        stands = {"step": steps.current or None, "step_seconds": steps.seconds}
        return cls.of(run, totals=_totals(run), receipt=receipt, **stands)


class RolledBack(Document):
    """What a rollback did: the runs that it took back, the newest first."""

    to_run_id: str
    from_snapshot: str
    to_snapshot: str
    undone: list[str]


def _totals(run: Run) -> dict[str, int]:
    return {name: run.total(name) for name in Totals.model_fields}
