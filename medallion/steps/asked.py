"""What each kind of operation is asked with: kept as JSON with the operation, and read again by who does it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from pydantic import Field

from medallion.contracts.model import Frozen
from medallion.layout import Zone
from medallion.plan.quarantine import Chosen

Texts = Mapping[str, str | None]
"""What single columns of a record should read; None: there is no value."""


class RerunAsked(Frozen):
    """Do the run again whose attempt was this one: a later try of the operation sees by it that it was done."""

    attempt: int


class CancelAsked(Frozen):
    """Nothing more is to be said than which run."""


class RollbackAsked(Frozen):
    """Back to what that run published."""

    zone: Zone
    name: str
    run_id: str


class RecordTexts(Frozen):
    """What one record should read, by column."""

    source_file_id: str
    source_row: int
    texts: dict[str, str | None]


class EntriesAsked(Frozen):
    """Which entries of quarantine, and what they should read first: SQL by column for all of them, texts for single
    records.
    """

    chosen: Chosen = Chosen()
    expressions: dict[str, str] = Field(default_factory=dict)
    records: tuple[RecordTexts, ...] = ()

    @property
    def texts(self) -> dict[tuple[str, int], Texts]:
        return {(one.source_file_id, one.source_row): one.texts for one in self.records}

    @property
    def corrects(self) -> bool:
        return bool(self.expressions or self.records)


class BackfillAsked(Frozen):
    """Which published objects: by their identities, or by when they arrived (UTC)."""

    objects: tuple[str, ...] = ()
    since: datetime | None = None
    until: datetime | None = None


class ExplainAsked(Frozen):
    """Which row of a table, by its columns' values as text; so many of the records behind it at most."""

    zone: Zone
    name: str
    key: dict[str, str]
    limit: int = 20


class VerifyAsked(Frozen):
    """Only the chains of these sources and models, or all of them."""

    only: tuple[str, ...] = ()


class ActivateAsked(Frozen):
    """Which of the source's proposals."""

    proposal_id: str


class TryAsked(Frozen):
    """A contract, as it would be written."""

    text: str
