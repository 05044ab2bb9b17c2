"""Quarantined records, and what trying them once more would do."""

from __future__ import annotations

from datetime import datetime

from cli.documents import Document
from medallion.plan.quarantine import State


class EntryError(Document):
    """One rule that the record fails."""

    column: str
    rule: str
    code: str
    message: str


class Entry(Document):
    """A record in quarantine."""

    source: str
    source_file_id: str
    source_row: int
    state: State
    corrected: bool
    run_id: str
    attempt: int
    attempt_count: int
    row_hash: str
    ingestion_timestamp: str
    contract_version: str
    errors: list[EntryError]


class Said(Document):
    """One thing that was said of an entry, by a run or a person."""

    event: str
    event_time: str
    actor: str | None
    run_id: str | None
    attempt: int | None
    reason: str | None
    standing: str
    codes: list[str]


class WholeEntry(Entry):
    """A record in quarantine with what it says, and its history."""

    raw: str
    record: dict[str, str | None]
    history: list[Said]


class Corrected(Document):
    """What a correction would change: so many entries, and so many of them in each column."""

    entries: int
    columns: dict[str, int]


class Forecast(Document):
    """What would become of records that are taken up once more; of those that fail again, by error code."""

    records: int
    inserted: int
    updated: int
    duplicates: int
    quarantined: int
    condemned: int
    by_code: dict[str, int]
    withdrawn: int


class Opening(Document):
    """A time that a breaker was open: `failures` of `rows` records failed with `code`."""

    run_id: str
    opened_at: datetime
    code: str
    failures: int
    rows: int
    closed_at: datetime | None
    closed_by: str
    reason: str


class Breaker(Document):
    """A source's breaker. `last` is the last time that it opened."""

    source: str
    open: bool
    last: Opening | None
    closings: list[Opening]
