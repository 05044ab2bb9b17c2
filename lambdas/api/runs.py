"""Runs as the API tells of them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import Path
from pydantic import BaseModel, Field

from medallion.control.items import Run, RunKind, RunStatus
from medallion.steps.history import Steps

RunId = Annotated[str, Path(max_length=100, pattern=r"^[0-9A-Za-z-]+$", description="The run's id.")]

_OUTCOMES = ("rows_in", "inserted", "updated", "duplicates", "quarantined", "condemned")


class Totals(BaseModel):
    """What became of the run's records. `rows_in` is the sum of all the others."""

    rows_in: Annotated[int, Field(description="Records that were read, or taken up once more.")]
    inserted: int
    updated: int
    duplicates: Annotated[int, Field(description="Records that Silver held already.")]
    quarantined: int
    condemned: Annotated[int, Field(description="Records that failed again, and are given up until they are released.")]


class DecisionView(BaseModel):
    """Who decided over a held run, or cancelled one."""

    by: str
    reason: str
    at: datetime


class ApprovalView(DecisionView):
    """Who decided over a held run, and how."""

    approved: bool


class ObjectView(BaseModel):
    """What became of one object's records."""

    source_file_id: Annotated[str, Field(description="The object: its bucket, key and version.")]
    rows_in: int
    inserted: int
    updated: int
    duplicates: int
    quarantined: int
    condemned: int


class RunView(BaseModel):
    """A run of a source, or a build of a Gold model."""

    run_id: Annotated[str, Field(examples=["20260301t120000250-0123456789ab"])]
    kind: RunKind
    subject: Annotated[str, Field(description="The source, or the model.", examples=["transactions"])]
    attempt: Annotated[int, Field(description="From 1; a run that is done again is its next attempt.")]
    status: RunStatus
    reason: Annotated[str, Field(description="Why it stands so, where there is more to say.")]
    warnings: list[str]
    lane: Annotated[str, Field(description="The engine that did it.", examples=["lambda"])]
    contract_version: str
    object_count: int
    bytes: Annotated[int, Field(description="Of all its objects.")]
    rows: Annotated[int, Field(description="Rows of the table, of a Gold model's build.")]
    totals: Totals
    created_at: datetime
    ended_at: datetime | None
    requested_by: Annotated[str, Field(description="Who asked for it, of a reprocess or a backfill.")]
    purpose: Annotated[str, Field(description="Why, of a reprocess or a backfill.")]


class RunDetail(RunView):
    """A run with all that is known of it."""

    objects: Annotated[list[str], Field(description="Its objects, of a run of up to 50.")]
    outcomes: Annotated[list[ObjectView], Field(description="By object, of a run of up to 50.")]
    quarantined_by_code: Annotated[dict[str, int], Field(description="Records by error code; one may have several.")]
    unreadable_objects: int
    snapshots: Annotated[dict[str, str], Field(description="The snapshot that it committed, by table.")]
    replays: Annotated[list[str], Field(description="The runs whose records it takes up once more.")]
    approval: ApprovalView | None
    cancelled: DecisionView | None
    job_log: Annotated[list[str], Field(description="The last lines of the job that failed, where one did.")]
    receipt: Annotated[int | None, Field(description="The number of its receipt in its subject's chain.")]
    step: Annotated[
        str | None, Field(description="The step that it is in; null: it is in none.", examples=["RefineRun"])
    ]
    step_seconds: Annotated[
        dict[str, float], Field(description="Seconds in each step that has ended; empty after 90 days.")
    ]


def run_view(run: Run) -> RunView:
    return RunView(**_told(run, RunView))


def run_detail(run: Run, steps: Steps) -> RunDetail:
    receipt = None if run.receipt is None else run.receipt.sequence
    return RunDetail(
        **_told(run, RunDetail) | {"receipt": receipt, "step": steps.current or None, "step_seconds": steps.seconds}
    )


def _told(run: Run, kind: type[BaseModel]) -> dict[str, Any]:
    """The run's own attributes that the view has: never the token that answers a held run."""
    totals = {name: run.total(name) for name in _OUTCOMES}
    return run.model_dump(include=set(kind.model_fields)) | {"totals": totals}
