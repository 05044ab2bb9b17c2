"""Entries of quarantine, as Athena reads them: listed page by page, and one with all that was said of it."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from typing import Any, NamedTuple

import boto3
import sqlglot

from medallion.contracts.model import Frozen
from medallion.errors import UnknownEntry
from medallion.layout import TenantLayout, Zone, checked_source
from medallion.plan.quarantine import Chosen, State, current_entries, standing_events
from medallion.plan.sql import WRITTEN_IN, literal
from medallion.steps.query import ask

_SEPARATOR = "\x1f"
"""Joins what a query's cell holds several of; records of text have no such character."""
_TEXT = "="
"""Stands before a text, so that an empty one is told from none."""


class Standing(StrEnum):
    """Where an entry stands: one of medallion.plan.quarantine.State, or anywhere."""

    OPEN = "open"
    RESOLVED = "resolved"
    CONDEMNED = "condemned"
    PENDING = "pending"
    WITHDRAWN = "withdrawn"
    ALL = "all"

    @property
    def state(self) -> State | None:
        return None if self is Standing.ALL else State(self)


class Place(NamedTuple):
    """Where an entry stands in the list: the newest run first, in it by object and record."""

    run_id: str
    source_file_id: str
    source_row: int


class EntryError(Frozen):
    """One rule that a record fails."""

    column: str
    rule: str
    code: str
    message: str


class Entry(Frozen):
    """A record that failed, as it stands: `source_file_id` and `source_row` say which one, `run_id` where it failed
    last.
    """

    source: str
    run_id: str
    attempt: int
    source_file_id: str
    source_row: int
    state: State
    corrected: bool
    row_hash: str
    attempt_count: int
    ingestion_timestamp: str
    contract_version: str
    errors: tuple[EntryError, ...]

    @property
    def place(self) -> Place:
        return Place(self.run_id, self.source_file_id, self.source_row)


class Said(Frozen):
    """One event of an entry: a run's or a person's. `standing` says whether it holds: a run's does once the run is
    published.
    """

    event: str
    event_time: str
    actor: str | None
    run_id: str | None
    attempt: int | None
    reason: str | None
    standing: str
    codes: tuple[str, ...]


class WholeEntry(Entry):
    """An entry with its record as it was received (bytes that are no UTF-8 as `\\xff`), and as it reads now."""

    raw: str
    record: dict[str, str | None]


def entries(
    session: boto3.Session,
    layout: TenantLayout,
    source: str,
    chosen: Chosen,
    state: State | None = None,
    *,
    limit: int | None = None,
    after: Place | None = None,
) -> list[Entry]:
    """The source's chosen entries in that state (None: in any), `limit` at most, those after that place."""
    where = condition(chosen, state) if after is None else f"{condition(chosen, state)} AND {_beyond(after)}"
    return [Entry(**row) for row in _ask(session, layout, source, where, limit=limit)]


def whole_entries(
    session: boto3.Session, layout: TenantLayout, source: str, chosen: Chosen, *, row: int
) -> list[WholeEntry]:
    """The chosen entries of that record number, with what each record says."""
    where = f"{condition(chosen)} AND source_row = {int(row)}"
    return [WholeEntry(**one) for one in _ask(session, layout, source, where, content=True)]


def whole_entry(
    session: boto3.Session, layout: TenantLayout, source: str, source_file_id: str, source_row: int
) -> WholeEntry:
    """The entry of that record; UnknownEntry if it never failed."""
    chosen = Chosen(records=((source_file_id, source_row),))
    found = whole_entries(session, layout, source, chosen, row=source_row)
    if not found:
        raise UnknownEntry(f"record {source_row} of {source_file_id} is not in quarantine of {source}")
    return found[0]


def history(
    session: boto3.Session, layout: TenantLayout, source: str, source_file_id: str, source_row: int
) -> list[Said]:
    """Everything that was ever said of the record, in its order."""
    codes = _joined("transform(errors, e -> coalesce(e.code, ''))", "codes")
    columns = f"event, CAST(event_time AS varchar) AS event_time, actor, run_id, attempt, reason, standing, {codes}"
    sql = (
        f"SELECT {columns} FROM ({standing_events(_log(layout, source))}) AS told "  # noqa: S608  # names are checked, values literals
        f"WHERE source_file_id = {literal(source_file_id)} AND source_row = {int(source_row)} ORDER BY log_position"
    )
    answer = ask(session, layout, sql, zone=Zone.QUARANTINE)
    return [Said(**row | {"codes": tuple(_split(row["codes"]))}) for row in answer.records()]


def view(layout: TenantLayout, source: str) -> str:
    """The query of a source's current entries, in Athena's SQL."""
    return current_entries(_log(layout, source))


def condition(chosen: Chosen, state: State | None = None) -> str:
    """What is chosen as a condition in Athena's SQL over the current entries."""
    said = chosen.condition if state is None else f"{chosen.condition} AND state = {literal(state)}"
    return sqlglot.parse_one(said, read=WRITTEN_IN).sql(dialect="athena")


def _ask(
    session: boto3.Session,
    layout: TenantLayout,
    source: str,
    where: str,
    *,
    content: bool = False,
    limit: int | None = None,
) -> Iterator[dict[str, Any]]:
    columns = ["run_id", "attempt", "source_file_id", "source_row", "state", "corrected", "row_hash", "attempt_count"]
    columns += ["CAST(ingestion_timestamp AS varchar) AS ingestion_timestamp", "contract_version"]
    parts = tuple(EntryError.model_fields)
    columns += [_joined(f"transform(errors, e -> coalesce(e.{part}, ''))", f"error_{part}") for part in parts]
    if content:
        columns += ["to_hex(raw) AS raw", _joined("map_keys(record)", "record_names")]
        texts = f"transform(map_values(record), v -> coalesce('{_TEXT}' || v, ''))"
        columns.append(_joined(texts, "record_values"))
    bound = "" if limit is None else f" LIMIT {limit}"
    sql = (
        f"SELECT {', '.join(columns)} FROM ({view(layout, source)}) AS entry WHERE {where} "  # noqa: S608  # as above
        f"ORDER BY run_id DESC, source_file_id, source_row{bound}"
    )
    for row in ask(session, layout, sql, zone=Zone.QUARANTINE).records():
        yield {"source": source} | _entry(row)


def _beyond(place: Place) -> str:
    run_id, source_file_id = literal(place.run_id), literal(place.source_file_id)
    return (
        f"(run_id < {run_id} OR (run_id = {run_id} AND (source_file_id > {source_file_id} OR "
        f"(source_file_id = {source_file_id} AND source_row > {int(place.source_row)}))))"
    )


def _log(layout: TenantLayout, source: str) -> str:
    return f'"{layout.database(Zone.QUARANTINE)}"."{checked_source(source)}"'


def _joined(array: str, name: str) -> str:
    return f"array_join({array}, chr({ord(_SEPARATOR)})) AS {name}"


def _entry(row: dict[str, Any]) -> dict[str, Any]:
    """A result's row with its errors, and its content where that was asked for, taken apart."""
    parts = {part: _split(row.pop(f"error_{part}")) for part in EntryError.model_fields}
    errors = zip(*parts.values(), strict=True)
    row["errors"] = tuple(EntryError(**dict(zip(parts, error, strict=True))) for error in errors)
    if "raw" in row:
        row["raw"] = bytes.fromhex(row["raw"] or "").decode("utf-8", "backslashreplace")
        texts = (text.removeprefix(_TEXT) if text else None for text in _split(row.pop("record_values")))
        row["record"] = dict(zip(_split(row.pop("record_names")), texts, strict=True))
    return row


def _split(joined: str | None) -> Iterator[str]:
    return iter(() if joined is None else joined.split(_SEPARATOR))
