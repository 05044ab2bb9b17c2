"""Sources, their schedules and their contracts."""

from __future__ import annotations

from datetime import datetime

from cli.documents import Document
from cli.documents.runs import Decision
from medallion.contracts.model import Lane, Trigger
from medallion.control.items import RunKind, RunStatus
from medallion.control.proposals import ProposalStatus
from medallion.control.schedules import CatchUp


class LastRun(Document):
    """The newest run of a source."""

    run_id: str
    kind: RunKind
    status: RunStatus
    reason: str
    created_at: datetime
    ended_at: datetime | None


class SourceDocument(Document):
    """A source as it stands: since when it waits, why its breaker stopped it, how many objects have no run."""

    name: str
    description: str
    owner: str
    contract_version: str
    trigger: Trigger
    lane: Lane
    approval: str
    load: str
    pause: Decision | None
    breaker: str
    waiting: int
    last_run: LastRun | None


class ScheduleDocument(Document):
    """A source's schedule. `next_runs` are the next moments at which it is due."""

    source: str
    cron: str
    time_zone: str
    paused: bool
    catch_up: CatchUp
    settled_until: datetime
    revision: int
    set_by: str
    set_at: datetime
    reason: str
    next_runs: list[datetime]


class VersionDocument(Document):
    """A version of a source's contract that is or was active."""

    version: str
    active: bool
    registered_at: datetime
    registered_by: str
    proposal_id: str
    ruleset: str


class ProposalDocument(Document):
    """A contract version that someone proposed."""

    proposal_id: str
    source: str
    version: str
    status: ProposalStatus
    proposed: Decision
    against: str
    compatible: list[str]
    breaking: list[str]
    decision: Decision | None
    activation: Decision | None
    overtaken_by: str
