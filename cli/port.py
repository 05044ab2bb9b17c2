"""What commands ask of the platform, whichever way it is reached: with a person's own AWS permissions, or by the API.

Each verb answers with a document (`cli/documents`) or a JSON object. Errors are the platform's own, by name, so that a
command ends the same either way.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol

from cli.documents import Page
from cli.documents.people import AuditDocument, KeyDocument, Me, NewKey, OperationDetail, OperationSummary
from cli.documents.quarantine import Breaker, Corrected, Entry, Forecast, WholeEntry
from cli.documents.reading import Cost, Receipt, Used
from cli.documents.runs import RolledBack, RunDetail, RunSummary
from cli.documents.sources import ProposalDocument, ScheduleDocument, SourceDocument, VersionDocument
from medallion.control.items import RunStatus
from medallion.control.keys import Role
from medallion.layout import Zone
from medallion.plan.quarantine import Chosen
from medallion.steps.quarantine import Standing
from medallion.steps.schedules import Setting

Tell = Callable[[str], None]


@dataclass(frozen=True)
class Said:
    """Why something is done, and who says so. Unsaid, it is whoever the credentials, or the key, name."""

    reason: str
    by: str = ""


@dataclass(frozen=True)
class Correction:
    """What records should read: SQL by column for all chosen ones, texts by column for single ones."""

    expressions: Mapping[str, str]
    records: Mapping[tuple[str, int], Mapping[str, str | None]]

    def __bool__(self) -> bool:
        return bool(self.expressions or self.records)


@dataclass(frozen=True)
class Which:
    """Published objects: by their identities, or by when they arrived."""

    objects: tuple[str, ...] = ()
    since: datetime | None = None
    until: datetime | None = None


class Runs(Protocol):
    """Runs, and what a person does with them."""

    def page(
        self, limit: int, *, subject: str | None = None, status: RunStatus | None = None, before: str = ""
    ) -> Page[RunSummary]:
        """Runs, newest first; those after the page whose `next` was `before`."""
        ...

    def held(self, limit: int) -> list[RunSummary]:
        """Runs that wait for a person, the oldest first."""
        ...

    def run(self, run_id: str) -> RunDetail: ...

    def look(self, run_id: str) -> RunDetail:
        """The run for one who waits for it: its steps may be left out, where they are a question of their own."""
        ...

    def run_of(self, source: str, source_file_id: str) -> str | None:
        """The run that has the object; None while no run has it."""
        ...

    def decide(self, run_id: str, said: Said, *, approved: bool) -> None: ...

    def rerun(self, run_id: str, said: Said) -> None: ...

    def cancel(self, run_id: str, said: Said) -> None: ...

    def roll_back(self, zone: Zone, name: str, run_id: str, said: Said) -> RolledBack: ...

    def backfill(self, source: str, which: Which, said: Said) -> str | None:
        """The run that takes the objects' records up once more; None where there are none."""
        ...

    def foresee_backfill(self, source: str, which: Which, said: Said) -> Forecast: ...


class Quarantine(Protocol):
    """Quarantined records, and the breaker that too many of them open."""

    def entries(self, source: str | None, chosen: Chosen, standing: Standing, limit: int, tell: Tell) -> list[Entry]:
        """Entries of the source, or of every source, `limit` at most; one more where there are more."""
        ...

    def whole(self, run_id: str, row: int) -> list[WholeEntry]:
        """The records of that number that failed last in the run. UnknownEntry if there is none."""
        ...

    def view(self, source: str) -> str:
        """The query of the source's current entries, in Athena's SQL."""
        ...

    def foresee_correction(self, source: str, chosen: Chosen, correction: Correction, said: Said) -> Corrected: ...

    def correct(self, source: str, chosen: Chosen, correction: Correction, said: Said) -> int: ...

    def foresee_release(self, source: str, chosen: Chosen, said: Said) -> int: ...

    def release(self, source: str, chosen: Chosen, said: Said) -> int: ...

    def foresee_reprocess(self, source: str, chosen: Chosen, correction: Correction, said: Said) -> Forecast: ...

    def reprocess(self, source: str, chosen: Chosen, correction: Correction, said: Said) -> str | None:
        """The run that tries the entries once more, corrected so first; None where there is nothing to take up."""
        ...

    def breaker(self, source: str) -> Breaker: ...

    def close_breaker(self, source: str, said: Said) -> Breaker: ...


class Reading(Protocol):
    """Files in, rows and their origins out."""

    def ingest(self, source: str, name: str, file: Path, tell: Tell) -> str:
        """Put the file into Landing; the identity of the object version that it became."""
        ...

    def query(self, sql: str, zone: Zone, limit: int, tell: Tell) -> dict[str, Any]: ...

    def usage(self, first: date | None, last: date | None) -> Used:
        """What was used from the first day to the last; unsaid, of the last 30 days."""
        ...

    def cost(self, month: date | None) -> Cost:
        """The estimate of the month of that day; unsaid, of this one."""
        ...

    def explain(self, zone: Zone, name: str, key: Mapping[str, str], limit: int) -> dict[str, Any]: ...


class Decided(StrEnum):
    """What is said of a proposed contract."""

    APPROVE = "approve"
    REJECT = "reject"
    WITHDRAW = "withdraw"


class Sources(Protocol):
    """Sources, when each is due, and the contracts that they stand under. `where` is what people know a text by."""

    def all(self) -> list[SourceDocument]: ...

    def source(self, name: str) -> SourceDocument: ...

    def pause(self, name: str, said: Said) -> SourceDocument: ...

    def resume(self, name: str, said: Said) -> list[str]:
        """The runs that were started of what waited."""
        ...

    def schedule(self, source: str, upcoming: int) -> ScheduleDocument: ...

    def set_schedule(self, source: str, setting: Setting, said: Said) -> None: ...

    def versions(self, source: str) -> list[VersionDocument]: ...

    def try_contract(self, text: str, where: str) -> dict[str, Any]:
        """What the contract would do to everything that its source has published."""
        ...

    def proposals(self, source: str | None, limit: int) -> list[ProposalDocument]:
        """The source's proposals, or those of every source that wait for someone; newest first."""
        ...

    def proposed_text(self, source: str, proposal_id: str) -> str: ...

    def propose(self, text: str, where: str, said: Said) -> ProposalDocument: ...

    def decide_proposal(self, source: str, proposal_id: str, decided: Decided, said: Said) -> ProposalDocument: ...

    def activate(self, source: str, proposal_id: str, said: Said) -> dict[str, Any]: ...


class Ledger(Protocol):
    """The receipts that runs left."""

    def receipts(self, chain: str | None, limit: int, tell: Tell) -> list[Receipt]:
        """The newest receipts of each chain, or of one, `limit` of each at most."""
        ...

    def receipt(self, chain: str, sequence: int) -> dict[str, Any]: ...

    def verify(self, only: Sequence[str], tell: Tell) -> dict[str, Any]:
        """Everything derived again that the receipts say, of some sources and models or of all: the report."""
        ...


class People(Protocol):
    """Who may ask, who changed what, and what was asked for."""

    def me(self) -> Me: ...

    def keys(self) -> list[KeyDocument]: ...

    def new_key(self, name: str, role: Role, days: int | None, holder: str) -> NewKey:
        """A key for `holder`, a person or a program; unsaid, for whom its name says."""
        ...

    def rotate_key(self, key_id: str, overlap_hours: int) -> NewKey: ...

    def revoke_key(self, key_id: str) -> KeyDocument: ...

    def audit(self, limit: int) -> Sequence[AuditDocument]:
        """What was to change something, newest first."""
        ...

    def operations(self, limit: int) -> Sequence[OperationSummary]:
        """What was asked for, newest first."""
        ...

    def operation(self, operation_id: str) -> OperationDetail: ...


class Port(Protocol):
    """One tenant, by one way."""

    @property
    def tenant(self) -> str: ...

    @property
    def pause(self) -> float:
        """Seconds between two looks, for one who waits."""
        ...

    def close(self) -> None:
        """Give back what is held open."""
        ...

    @property
    def runs(self) -> Runs: ...

    @property
    def quarantine(self) -> Quarantine: ...

    @property
    def reading(self) -> Reading: ...

    @property
    def sources(self) -> Sources: ...

    @property
    def ledger(self) -> Ledger: ...

    @property
    def people(self) -> People: ...
