"""A run: what it does, where it stands, and what a person decided over it."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from pydantic import Field

from medallion.control.items.base import Item, Key
from medallion.layout import Machine, Zone
from medallion.ledger.outcomes import ObjectOutcomes
from medallion.ledger.receipts import Link


class RunKind(StrEnum):
    """What a run does: new objects, quarantined records once more, objects from Bronze once more, or a Gold model."""

    INGEST = "ingest"
    REPROCESS = "reprocess"
    BACKFILL = "backfill"
    MODEL = "model"

    @property
    def of_source(self) -> bool:
        """Whether the run's subject is a source, whose Silver it publishes."""
        return self is not RunKind.MODEL

    @property
    def zone(self) -> Zone:
        """Where the table stands that the run publishes."""
        return Zone.SILVER if self.of_source else Zone.GOLD

    @property
    def machine(self) -> Machine:
        """The state machine that does it."""
        return Machine.INGEST if self.of_source else Machine.MODEL


class RunStatus(StrEnum):
    """Where a run stands. The last seven are its end; `rolled_back`: it was published once, and is no more."""

    PENDING = "pending"
    RUNNING = "running"
    HELD = "held"
    PROMOTED = "promoted"
    UNCHANGED = "unchanged"
    REJECTED = "rejected"
    FAILED = "failed"
    REFUSED = "refused"
    ROLLED_BACK = "rolled_back"

    @property
    def ended(self) -> bool:
        return self not in (RunStatus.PENDING, RunStatus.RUNNING, RunStatus.HELD)


class Approval(Item):
    """Who decided over a held run, how, why and when; and over which outcomes, by their digest."""

    approved: bool
    by: str
    reason: str
    at: datetime
    digest: str = ""


class Cancellation(Item):
    """Who cancelled a run, why and when (UTC)."""

    by: str
    reason: str
    at: datetime

    @property
    def said(self) -> str:
        """The reason of the run's end."""
        return f"cancelled by {self.by}: {self.reason}"


INLINE = 50
"""How many objects a run's item names at most: DynamoDB's items end at 400 KB, and a key alone may have 1 KB."""


class Run(Item):
    """A run of a source or of a Gold model, as `kind` says; `subject` is the source's or the model's name.

    `replays` are the runs whose records a reprocess or a backfill takes up once more, at whose request and why.
    `receipt` is the newest that tells of the run's end; an attempt that is under way has none yet. The objects and the
    outcomes of a run of more than INLINE objects stand in its documents; its `totals` are here. `job_log` are the last
    lines of the job that failed, where one did. `publishing` is the attempt whose publication has begun: from then on
    nobody cancels it. `mb_seconds` is the memory that functions which run an engine had for it, times the seconds that
    they had it, since it was opened.
    """

    PARTITION: ClassVar[str] = "TENANT#{tenant}#RUNS"
    EVIDENCE: ClassVar[bool] = True
    SK: ClassVar[str] = "RUN#"
    run_id: str
    kind: RunKind
    subject: str
    attempt: int = 1
    status: RunStatus = RunStatus.PENDING
    reason: str = ""
    warnings: tuple[str, ...] = ()
    objects: tuple[str, ...] = ()
    object_count: int = 0
    bytes: int = 0
    lane: str = ""
    contract_version: str = ""
    execution_arn: str = ""
    created_at: datetime
    ended_at: datetime | None = None
    outcomes: tuple[ObjectOutcomes, ...] = ()
    totals: dict[str, int] = Field(default_factory=dict)
    digest: str = ""
    quarantined_by_code: dict[str, int] = Field(default_factory=dict)
    unreadable_objects: int = 0
    rows: int = 0
    snapshots: dict[str, str] = Field(default_factory=dict)
    task_token: str = ""
    approval: Approval | None = None
    publishing: int = 0
    cancelled: Cancellation | None = None
    replays: tuple[str, ...] = ()
    requested_by: str = ""
    purpose: str = ""
    job_log: tuple[str, ...] = ()
    mb_seconds: int = 0
    receipt: Link | None = None

    @staticmethod
    def key_of(tenant: str, run_id: str) -> Key:
        return Key(f"TENANT#{tenant}#RUNS", f"{Run.SK}{run_id}")

    def total(self, outcome: str) -> int:
        """The run's records of that outcome (a field of ObjectOutcomes), over all its objects."""
        return self.totals.get(outcome, 0) or sum(getattr(one, outcome) for one in self.outcomes)
