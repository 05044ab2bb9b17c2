"""Entries of quarantine: chosen, corrected, released. A person's events stand at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from pyiceberg.manifest import DataFile
from pyiceberg.table import Table

from medallion.contracts.model import Column
from medallion.engines.commits import Commit
from medallion.engines.duckdb.session import Resources, Session, open_session
from medallion.engines.iceberg import Lake
from medallion.layout import TableLayout
from medallion.plan.quarantine import Chosen, Event, State, current_entries
from medallion.plan.replay import corrected_records
from medallion.plan.sql import literal
from medallion.plan.tables import QUARANTINE


class Entry(NamedTuple):
    """A record's place, the run that it failed in, and how it stands. `last_position` changes with each event of it."""

    source_file_id: str
    source_row: int
    last_position: int
    run_id: str
    ruleset: str
    corrected: bool
    malformed: bool


@dataclass(frozen=True)
class Person:
    """Who says something of entries, why, and when (UTC)."""

    by: str
    reason: str
    at: datetime


def choose(lake: Lake, log: TableLayout, chosen: Chosen, state: State, resources: Resources) -> list[Entry]:
    """The chosen entries in that state, in their order."""
    with _entries(lake, log, chosen, state, resources) as session:
        rows = session.connection.execute(
            "SELECT source_file_id, source_row, last_position, run_id, ruleset, corrected, record IS NULL "
            "FROM chosen ORDER BY ALL"
        ).fetchall()
    return [Entry(*row) for row in rows]


def correct(
    lake: Lake,
    log: TableLayout,
    columns: Sequence[Column],
    chosen: Chosen,
    expressions: Mapping[str, str],
    person: Person,
    commit: Commit,
    resources: Resources,
) -> int:
    """Give the chosen open entries other texts: `expressions` say them by column, over the texts as they stand.

    The number of entries that changed: one that says the same already is left as it is.
    """
    with _entries(lake, log, chosen, State.OPEN, resources) as session:
        session.connection.execute(f"CREATE TABLE said AS {corrected_records(columns, expressions)}")
        said = {"event": literal(Event.CORRECTED), "record": "corrected_record", "row_hash": "corrected_hash"}
        return _say(lake, session, log, "said WHERE corrected_hash IS DISTINCT FROM content_hash", said, person, commit)


def release(lake: Lake, log: TableLayout, chosen: Chosen, person: Person, commit: Commit, resources: Resources) -> int:
    """Bring the chosen condemned entries back: they are open, and their tries count anew. How many."""
    with _entries(lake, log, chosen, State.CONDEMNED, resources) as session:
        return _say(lake, session, log, "chosen", {"event": literal(Event.RELEASED)}, person, commit)


@contextmanager
def _entries(lake: Lake, log: TableLayout, chosen: Chosen, state: State, resources: Resources) -> Iterator[Session]:
    with open_session(resources) as session:
        session.read("quarantine_log", lake.plan(log))
        session.connection.execute(
            f"CREATE TABLE chosen AS SELECT * FROM ({current_entries('quarantine_log')}) "
            f"WHERE state = '{state}' AND {chosen.condition}"
        )
        yield session


def _say(
    lake: Lake,
    session: Session,
    log: TableLayout,
    rows: str,
    said: Mapping[str, str],
    person: Person,
    commit: Commit,
) -> int:
    """Append the person's event for each of the rows. How many there are; nothing is written where there is none."""
    counted = session.connection.execute(f"SELECT COUNT(*) FROM {rows}").fetchone()
    if counted is None or not counted[0]:
        return 0
    event = {
        "source_file_id": "source_file_id",
        "source_row": "source_row",
        "row_hash": "content_hash",
        "attempt_count": "attempt_count",
        "ingestion_timestamp": "ingestion_timestamp",
        "contract_version": "contract_version",
        "ruleset": "ruleset",
        "event_time": f"TIMESTAMPTZ {literal(person.at.isoformat())}",
        "actor": literal(person.by),
        "reason": literal(person.reason),
        **said,
    }

    def positioned(table: Table) -> list[DataFile]:
        row = event | {"log_position": str(table.metadata.next_sequence_number())}
        listed = ", ".join(f"{row.get(field.name, 'NULL')} AS {field.name}" for field in QUARANTINE)
        return session.write(f"SELECT {listed} FROM {rows}", table, log, commit)

    lake.append(log, commit, positioned, anew=True)
    return int(counted[0])
