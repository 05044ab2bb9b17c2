"""Entries of quarantine as the API tells of them, and how a caller says which are meant."""

from __future__ import annotations

import base64
import binascii
import json
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import Path, Query
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from medallion.errors import UnknownEntry
from medallion.plan.quarantine import Chosen, State
from medallion.steps.quarantine import Entry, Said, WholeEntry

SourceName = Annotated[str, Path(max_length=57, pattern=r"^[a-z][a-z0-9_]*$", description="The source.")]

MANY = 100
"""How much a filter lists at most."""
_Word = Annotated[str, Field(min_length=1, max_length=200)]
_Object = Annotated[str, Field(min_length=1, max_length=1500)]


class ErrorView(BaseModel):
    """One rule that the record fails."""

    column: Annotated[str, Field(description="Empty, where the rule is of the whole record.")]
    rule: str
    code: Annotated[str, Field(examples=["TYPE_ERROR"])]
    message: str


class EntryView(BaseModel):
    """A record in quarantine."""

    entry_id: Annotated[str, Field(description="By which the entry is asked for. Opaque.")]
    source: str
    source_file_id: Annotated[str, Field(description="The object that it came in: bucket, key and version.")]
    source_row: Annotated[int, Field(description="Its number in the object, from 1.")]
    state: State
    corrected: Annotated[bool, Field(description="Whether a person said what it should read.")]
    run_id: Annotated[str, Field(description="The run in which it failed last.")]
    attempt: int
    attempt_count: Annotated[int, Field(description="How often it was tried.")]
    row_hash: str
    ingestion_timestamp: Annotated[str, Field(description="When it first arrived.")]
    contract_version: str
    errors: list[ErrorView]


class SaidView(BaseModel):
    """One thing that was said of the entry, by a run or a person."""

    event: Annotated[str, Field(examples=["quarantined"])]
    event_time: str
    actor: str | None
    run_id: str | None
    attempt: int | None
    reason: str | None
    standing: Annotated[str, Field(description="`promoted`: it holds; `pending`: its run is not decided yet.")]
    codes: list[str]


class WholeEntryView(EntryView):
    """A record in quarantine with what it says, and its history."""

    raw: Annotated[str, Field(description="As it was received; a byte that is no UTF-8 reads as \\xff.")]
    record: Annotated[
        dict[str, str | None], Field(description="Its texts by column, as they read now. Empty if malformed.")
    ]
    history: Annotated[list[SaidView], Field(description="Everything that was said of it, in its order.")]


class RecordPlace(BaseModel):
    """One record."""

    model_config = ConfigDict(extra="forbid")

    source_file_id: _Object
    source_row: Annotated[int, Field(ge=1)]


class Choice(BaseModel):
    """Which entries are meant: those that answer to everything that is said; each part is any of what it lists. Without
    any, all of the source's.
    """

    model_config = ConfigDict(extra="forbid")

    codes: Annotated[list[_Word], Field(max_length=MANY, description="With one of these error codes.")] = []
    columns: Annotated[list[_Word], Field(max_length=MANY, description="With an error in one of these columns.")] = []
    objects: Annotated[list[_Object], Field(max_length=MANY, description="Of these objects.")] = []
    runs: Annotated[list[_Word], Field(max_length=MANY, description="That failed last in these runs.")] = []
    records: Annotated[list[RecordPlace], Field(max_length=1000, description="These very records.")] = []
    since: Annotated[AwareDatetime | None, Field(description="That first arrived then or later.")] = None
    until: Annotated[AwareDatetime | None, Field(description="That first arrived before then.")] = None

    @property
    def chosen(self) -> Chosen:
        records = tuple((one.source_file_id, one.source_row) for one in self.records)
        return Chosen.model_validate({**self.model_dump(exclude={"records"}), "records": records}, strict=False)


Words = Annotated[list[_Word], Query(max_length=MANY)]
Objects = Annotated[list[_Object], Query(max_length=MANY, alias="object", description="Of this object. Repeatable.")]
Moment = Annotated[datetime | None, Query(description="ISO 8601; UTC if it says nothing else.")]


def utc(moment: datetime | None) -> datetime | None:
    """The moment, in UTC where it says nothing else."""
    if moment is None:
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def entry_id(source_file_id: str, source_row: int) -> str:
    """How the API names an entry: the record's place, as one word."""
    return base64.urlsafe_b64encode(json.dumps([source_file_id, source_row]).encode()).decode().rstrip("=")


def place_of(entry_id: str) -> tuple[str, int]:
    """The record's place; UnknownEntry where the word names none."""
    try:
        found = json.loads(base64.b64decode(entry_id + "=" * (-len(entry_id) % 4), altchars=b"-_", validate=True))
    except (binascii.Error, ValueError):
        found = None
    match found:
        case [str(source_file_id), int(source_row)]:
            return source_file_id, source_row
    raise UnknownEntry("there is no such entry: `entry_id` is told by the list of quarantined records")


def entry_view(entry: Entry) -> EntryView:
    return EntryView(**_told(entry))


def whole_view(entry: WholeEntry, history: list[Said]) -> WholeEntryView:
    return WholeEntryView(**_told(entry), history=[SaidView(**one.model_dump()) for one in history])


def _told(entry: Entry) -> dict[str, Any]:
    return entry.model_dump() | {"entry_id": entry_id(entry.source_file_id, entry.source_row)}
