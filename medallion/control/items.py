"""The items of the control table.

Each knows its key; a tenant's items all stand under keys that begin with the tenant.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from typing import ClassVar, NamedTuple

from pydantic import BaseModel, ConfigDict

from medallion.contracts.model import Batch, Guard, Lane, Trigger
from medallion.layout import Machine, Zone
from medallion.ledger.outcomes import ObjectOutcomes
from medallion.ledger.receipts import Link


class Key(NamedTuple):
    """Partition and sort key.

    IAM conditions on leading keys hold because every `pk` is TENANT#<id> or begins with TENANT#<id>#.
    """

    pk: str
    sk: str


class Item(BaseModel):
    """The base of all items: frozen, tolerant of attributes that a newer version wrote.

    `PARTITION` is a class's partition key: there is one for each `{name}` (of a source or model), `{subject}`
    (`silver#orders`) or `{run_id}` that it names. Where it is `EVIDENCE`, it says who decided what, and outlives its
    tenant.
    """

    PARTITION: ClassVar[str] = ""
    EVIDENCE: ClassVar[bool] = False

    model_config = ConfigDict(frozen=True, extra="ignore")


class Tenant(Item):
    """A tenant as its folder describes it. Frozen, it takes nothing in: since when, by whom, why.

    With `approvals_by_another`, nobody approves what they proposed themselves: a setting of the environment.
    """

    PARTITION: ClassVar[str] = "TENANT#{tenant}"
    id: str
    name: str
    description: str = ""
    contact: str = ""
    approvals_by_another: bool = False
    frozen_at: datetime | None = None
    frozen_by: str = ""
    frozen_reason: str = ""

    @staticmethod
    def key_of(tenant: str) -> Key:
        return Key(f"TENANT#{tenant}", "TENANT")


class Pause(Item):
    """Who had a source wait, why and when."""

    by: str
    reason: str
    at: datetime


class Source(Item):
    """A source and the contract version that is active for it, with what that says of how it runs, and of whose it is.

    While it is paused its objects are claimed and wait.
    """

    PARTITION: ClassVar[str] = "TENANT#{tenant}"
    SK: ClassVar[str] = "SOURCE#"
    name: str
    contract_version: str
    ruleset: str
    trigger: Trigger
    lane: Lane
    approval: str
    load: str = "append"
    batch: Batch = Batch()
    guard: Guard = Guard()
    description: str = ""
    owner: str = ""
    pause: Pause | None = None

    @property
    def on_arrival(self) -> bool:
        """Whether objects start runs as they arrive, each or together; else the schedule alone does."""
        return self.trigger is Trigger.ON_ARRIVAL

    @property
    def at_once(self) -> bool:
        """Whether each object's arrival starts a run of its own."""
        return self.whole_states or (self.on_arrival and self.batch.at_once)

    @property
    def whole_states(self) -> bool:
        """Whether each object is the source's whole state: its own run, in the order of arrival."""
        return self.load == "snapshot" and self.on_arrival

    @staticmethod
    def key_of(tenant: str, name: str) -> Key:
        return Key(f"TENANT#{tenant}", f"{Source.SK}{name}")


class ContractVersion(Item):
    """One version of a source's contract, as written; a version's text never changes.

    `registered_by` is who made it active, by which proposal; nobody where it came with the tenant's folder.
    """

    SK: ClassVar[str] = "CONTRACT#"
    PARTITION: ClassVar[str] = "TENANT#{tenant}#SOURCE#{name}"
    source: str
    version: str
    text: str
    ruleset: str
    registered_at: datetime
    registered_by: str = ""
    proposal_id: str = ""

    @staticmethod
    def key_of(tenant: str, source: str, version: str) -> Key:
        return Key(f"TENANT#{tenant}#SOURCE#{source}", f"{ContractVersion.SK}{version}")


class SeenRun(Item):
    """What the gate saw of a run's attempt: the failed records by code, and whether a person approved them.

    DynamoDB removes it after `expires_at`, in seconds since 1970.
    """

    PARTITION: ClassVar[str] = "TENANT#{tenant}#SEEN#{name}"
    SK: ClassVar[str] = "SEEN#"
    source: str
    run_id: str
    attempt: int
    at: datetime
    rows: int
    by_code: dict[str, int]
    promoted: bool
    approved: bool
    expires_at: int

    @staticmethod
    def partition(tenant: str, source: str) -> str:
        return f"TENANT#{tenant}#SEEN#{source}"

    @staticmethod
    def key_of(tenant: str, seen: SeenRun) -> Key:
        place = f"{SeenRun.SK}{seen.at.isoformat()}#{seen.run_id}#{seen.attempt}"
        return Key(SeenRun.partition(tenant, seen.source), place)


class Breaker(Item):
    """A source's breaker: open, its runs wait. `failures` of `rows` records failed with `code` within the time."""

    PARTITION: ClassVar[str] = "TENANT#{tenant}#SEEN#{name}"
    EVIDENCE: ClassVar[bool] = True
    source: str
    run_id: str
    opened_at: datetime
    code: str
    failures: int
    rows: int
    open: bool = True
    closed_at: datetime | None = None
    closed_by: str = ""
    reason: str = ""

    @property
    def said(self) -> str:
        """Why it opened, as a sentence's part."""
        return f"{self.failures} of {self.rows} records failed with {self.code}"

    @staticmethod
    def key_of(tenant: str, source: str) -> Key:
        return Key(SeenRun.partition(tenant, source), "BREAKER")


class ClosedBreaker(Breaker):
    """A time that a breaker was open, and who closed it and why. It is kept."""

    SK: ClassVar[str] = "CLOSED#"

    @staticmethod
    def key_of(tenant: str, source: str, opened_at: datetime) -> Key:  # type: ignore[override]  # one for each opening
        return Key(SeenRun.partition(tenant, source), f"{ClosedBreaker.SK}{opened_at.isoformat()}")


class GoldModel(Item):
    """A Gold model's file. `pending_run_id` is the build that was asked for and has not read its inputs yet.

    `revision` counts its texts; `set_by` is who set this one, nobody where it came with the tenant's folder.
    """

    PARTITION: ClassVar[str] = "TENANT#{tenant}"
    SK: ClassVar[str] = "MODEL#"
    name: str
    text: str
    inputs: tuple[str, ...]
    pending_run_id: str | None = None
    revision: int = 0
    set_by: str = ""

    @staticmethod
    def key_of(tenant: str, name: str) -> Key:
        return Key(f"TENANT#{tenant}", f"{GoldModel.SK}{name}")


class ObjectClaim(Item):
    """One object version, told of once or ten times.

    It belongs to one run for ever; to none yet while its batch is not due. Until then it stands in the source's queue
    as well.
    """

    PARTITION: ClassVar[str] = "TENANT#{tenant}#OBJECTS#{name}"
    SK: ClassVar[str] = "OBJECT#"
    WAITING: ClassVar[str] = "WAITING#"
    source_file_id: str
    source: str
    key: str
    version: str
    size: int
    arrived_at: datetime
    sequencer: str = ""
    run_id: str | None = None

    @staticmethod
    def key_of(tenant: str, source: str, source_file_id: str) -> Key:
        return Key(f"TENANT#{tenant}#OBJECTS#{source}", f"{ObjectClaim.SK}{_digest(source_file_id)}")

    @staticmethod
    def queue_of(tenant: str, source: str) -> str:
        """The partition of the source's objects that wait."""
        return f"TENANT#{tenant}#QUEUE#{source}"

    def waiting_key(self, tenant: str) -> Key:
        place = f"{self.WAITING}{self.order}#{_digest(self.source_file_id)}"
        return Key(self.queue_of(tenant, self.source), place)

    @property
    def order(self) -> str:
        """By what objects of a source are put in the order of their arrival.

        S3's sequencer orders the versions of one key; of different keys it says nothing, but there the moments differ.
        """
        return f"{self.arrived_at:%Y-%m-%dT%H:%M:%S.%fZ}#{self.sequencer.rjust(32, '0')}"


class Gathering(Item):
    """A batch of a source while objects are gathered into it, one at a time for each source.

    `parts` chunks hold its `objects`; sealed, it grows no more.
    """

    PARTITION: ClassVar[str] = "TENANT#{tenant}#QUEUE#{name}"
    source: str
    run_id: str
    created_at: datetime
    parts: int = 0
    objects: int = 0
    bytes: int = 0
    sealed: bool = False

    @staticmethod
    def key_of(tenant: str, source: str) -> Key:
        return Key(ObjectClaim.queue_of(tenant, source), "GATHERING")


class BatchPart(Item):
    """A chunk of a batch's objects. DynamoDB removes it after `expires_at`, in seconds since 1970."""

    PARTITION: ClassVar[str] = "TENANT#{tenant}#BATCH#{run_id}"
    SK: ClassVar[str] = "PART#"
    objects: tuple[ObjectClaim, ...]
    expires_at: int

    @staticmethod
    def key_of(tenant: str, run_id: str, number: int) -> Key:
        return Key(f"TENANT#{tenant}#BATCH#{run_id}", f"{BatchPart.SK}{number:06}")


class NewestSnapshot(Item):
    """The newest object that a source of whole states ran, by its order: an older state that comes late is refused."""

    PARTITION: ClassVar[str] = "TENANT#{tenant}#QUEUE#{name}"
    order: str
    run_id: str

    @staticmethod
    def key_of(tenant: str, source: str) -> Key:
        return Key(ObjectClaim.queue_of(tenant, source), "NEWEST")


def _digest(source_file_id: str) -> str:
    """An object's key alone may be as long as a sort key may be."""
    return sha256(source_file_id.encode()).hexdigest()


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
    totals: dict[str, int] = {}
    digest: str = ""
    quarantined_by_code: dict[str, int] = {}
    unreadable_objects: int = 0
    rows: int = 0
    snapshots: dict[str, str] = {}
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


class OpenRun(Item):
    """That a run has not ended: the sweep looks after those."""

    PARTITION: ClassVar[str] = "TENANT#{tenant}#OPEN"
    SK: ClassVar[str] = "RUN#"
    run_id: str

    @staticmethod
    def key_of(tenant: str, run_id: str) -> Key:
        return Key(f"TENANT#{tenant}#OPEN", f"{OpenRun.SK}{run_id}")


class RunOf(Item):
    """That a run is of this subject: a source's runs, or a model's, are found without those of others."""

    PARTITION: ClassVar[str] = "TENANT#{tenant}#RUNS#{name}"
    SK: ClassVar[str] = "RUN#"
    run_id: str

    @staticmethod
    def key_of(tenant: str, subject: str, run_id: str) -> Key:
        return Key(f"TENANT#{tenant}#RUNS#{subject}", f"{RunOf.SK}{run_id}")


class EndedRun(Item):
    """That a run ended so: the runs of a status are found without those of others. One that is done again has none
    until it ends.
    """

    PARTITION: ClassVar[str] = "TENANT#{tenant}#ENDED"
    SK: ClassVar[str] = "STATUS#"
    run_id: str

    @staticmethod
    def key_of(tenant: str, status: str, run_id: str) -> Key:
        return Key(f"TENANT#{tenant}#ENDED", f"{EndedRun.SK}{status}#{run_id}")


class EndedRunOf(Item):
    """That a run of this subject ended so."""

    PARTITION: ClassVar[str] = "TENANT#{tenant}#ENDED#{name}"
    SK: ClassVar[str] = "STATUS#"
    run_id: str

    @staticmethod
    def key_of(tenant: str, subject: str, status: str, run_id: str) -> Key:
        return Key(f"TENANT#{tenant}#ENDED#{subject}", f"{EndedRunOf.SK}{status}#{run_id}")


class Anchor(Item):
    """A chain of receipts as it should be: its newest receipt. Only ever moved on by one, never back."""

    PARTITION: ClassVar[str] = "TENANT#{tenant}#LEDGER"
    EVIDENCE: ClassVar[bool] = True
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
    """Who may write a subject's tables. `token` grows with every holder: work done under an older one is refused.

    `unanswered` is the task token of a holder that was not yet told that it holds the lease.
    """

    PARTITION: ClassVar[str] = "TENANT#{tenant}#LEASE#{subject}"
    subject: str
    owner: str | None = None
    token: int = 0
    expires_at: datetime
    unanswered: str | None = None

    @staticmethod
    def key_of(tenant: str, subject: str) -> Key:
        return Key(f"TENANT#{tenant}#LEASE#{subject}", "LEASE")


class Waiter(Item):
    """A run that waits for a lease, and the task token by which it is woken.

    Runs are woken in the order of their ids.
    """

    PARTITION: ClassVar[str] = "TENANT#{tenant}#LEASE#{subject}"
    SK: ClassVar[str] = "WAITER#"
    subject: str
    run_id: str
    task_token: str

    @staticmethod
    def key_of(tenant: str, subject: str, run_id: str) -> Key:
        return Key(f"TENANT#{tenant}#LEASE#{subject}", f"{Waiter.SK}{run_id}")
