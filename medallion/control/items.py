"""The items of the control table.

Each knows its key; a tenant's items all stand under keys that begin with the tenant.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from typing import ClassVar, NamedTuple

from pydantic import BaseModel, ConfigDict

from medallion.contracts.model import Lane, Trigger
from medallion.layout import Zone
from medallion.ledger.outcomes import ObjectOutcomes
from medallion.ledger.receipts import Link


class Key(NamedTuple):
    """Partition and sort key.

    IAM conditions on leading keys hold because every `pk` is TENANT#<id> or begins with TENANT#<id>#.
    """

    pk: str
    sk: str


class Item(BaseModel):
    """The base of all items: frozen, tolerant of attributes that a newer version wrote."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Tenant(Item):
    """A tenant as its folder describes it."""

    id: str
    name: str
    description: str = ""
    contact: str = ""

    @staticmethod
    def key_of(tenant: str) -> Key:
        return Key(f"TENANT#{tenant}", "TENANT")


class Source(Item):
    """A source and the contract version that is active for it."""

    SK: ClassVar[str] = "SOURCE#"
    name: str
    contract_version: str
    ruleset: str
    trigger: Trigger
    lane: Lane
    approval: str

    @staticmethod
    def key_of(tenant: str, name: str) -> Key:
        return Key(f"TENANT#{tenant}", f"{Source.SK}{name}")


class ContractVersion(Item):
    """One version of a source's contract, as written; a version's text never changes."""

    source: str
    version: str
    text: str
    ruleset: str
    registered_at: datetime

    @staticmethod
    def key_of(tenant: str, source: str, version: str) -> Key:
        return Key(f"TENANT#{tenant}#SOURCE#{source}", f"CONTRACT#{version}")


class GoldModel(Item):
    """A Gold model's file. `pending_run_id` is the build that was asked for and has not read its inputs yet."""

    SK: ClassVar[str] = "MODEL#"
    name: str
    text: str
    inputs: tuple[str, ...]
    pending_run_id: str | None = None

    @staticmethod
    def key_of(tenant: str, name: str) -> Key:
        return Key(f"TENANT#{tenant}", f"{GoldModel.SK}{name}")


class ClaimStatus(StrEnum):
    """Where an object stands: claimed, or its run was started."""

    PENDING = "pending"
    STARTED = "started"


class ObjectClaim(Item):
    """One object version, told of once or ten times.

    It belongs to one run for ever; to none yet while its batch is not due.
    """

    SK: ClassVar[str] = "OBJECT#"
    source_file_id: str
    source: str
    key: str
    version: str
    size: int
    arrived_at: datetime
    run_id: str | None = None
    status: ClaimStatus = ClaimStatus.PENDING

    @staticmethod
    def key_of(tenant: str, source: str, source_file_id: str) -> Key:
        # An object's key alone may be as long as a sort key may be.
        digest = sha256(source_file_id.encode()).hexdigest()
        return Key(f"TENANT#{tenant}#OBJECTS#{source}", f"{ObjectClaim.SK}{digest}")


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
    """Who decided over a held run, how, why and when; and over which outcomes."""

    approved: bool
    by: str
    reason: str
    at: datetime
    outcomes: tuple[ObjectOutcomes, ...] = ()


class Run(Item):
    """A run of a source or of a Gold model, as `kind` says; `subject` is the source's or the model's name.

    `replays` are the runs whose records a reprocess or a backfill takes up once more, at whose request and why.
    `receipt` is the newest that tells of the run's end; an attempt that is under way has none yet.
    """

    SK: ClassVar[str] = "RUN#"
    run_id: str
    kind: RunKind
    subject: str
    attempt: int = 1
    status: RunStatus = RunStatus.PENDING
    reason: str = ""
    warnings: tuple[str, ...] = ()
    objects: tuple[str, ...] = ()
    bytes: int = 0
    lane: str = ""
    contract_version: str = ""
    execution_arn: str = ""
    created_at: datetime
    ended_at: datetime | None = None
    outcomes: tuple[ObjectOutcomes, ...] = ()
    quarantined_by_code: dict[str, int] = {}
    unreadable_objects: int = 0
    rows: int = 0
    snapshots: dict[str, str] = {}
    task_token: str = ""
    approval: Approval | None = None
    replays: tuple[str, ...] = ()
    requested_by: str = ""
    purpose: str = ""
    receipt: Link | None = None

    @staticmethod
    def key_of(tenant: str, run_id: str) -> Key:
        return Key(f"TENANT#{tenant}#RUNS", f"{Run.SK}{run_id}")

    def total(self, outcome: str) -> int:
        """The run's records of that outcome (a field of ObjectOutcomes), over all its objects."""
        return sum(getattr(one, outcome) for one in self.outcomes)


class Anchor(Item):
    """A chain of receipts as it should be: its newest receipt. Only ever moved on by one, never back."""

    SK: ClassVar[str] = "CHAIN#"
    chain: str
    sequence: int
    hash: str
    run_id: str
    attempt: int
    kind: str

    @staticmethod
    def key_of(tenant: str, chain: str) -> Key:
        return Key(f"TENANT#{tenant}#LEDGER", f"{Anchor.SK}{chain}")

    @property
    def link(self) -> Link:
        return Link.model_validate(self.model_dump(include=set(Link.model_fields)))


class Lease(Item):
    """Who may write a subject's tables. `token` grows with every holder: work done under an older one is refused."""

    subject: str
    owner: str | None = None
    token: int = 0
    expires_at: datetime

    @staticmethod
    def key_of(tenant: str, subject: str) -> Key:
        return Key(f"TENANT#{tenant}#LEASE#{subject}", "LEASE")


class Waiter(Item):
    """A run that waits for a lease, and the task token by which it is woken.

    Runs are woken in the order of their ids.
    """

    SK: ClassVar[str] = "WAITER#"
    subject: str
    run_id: str
    task_token: str

    @staticmethod
    def key_of(tenant: str, subject: str, run_id: str) -> Key:
        return Key(f"TENANT#{tenant}#LEASE#{subject}", f"{Waiter.SK}{run_id}")
