"""Entries of quarantine: chosen, corrected, released. A person's events stand at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import NamedTuple

from pyiceberg.manifest import DataFile
from pyiceberg.table import Table

from medallion.contracts.model import Column
from medallion.engines.commits import Commit
from medallion.engines.duckdb.correction import CHANGED, SAID, Correction, count_columns, offer_corrected
from medallion.engines.duckdb.session import Session, open_session
from medallion.engines.iceberg import Lake
from medallion.engines.model import Corrected
from medallion.engines.resources import Resources
from medallion.layout import TableLayout
from medallion.people import Person
from medallion.plan.quarantine import Chosen, Event, State, current_entries
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

    def due(self, ruleset: str) -> bool:
        """Whether it may fare otherwise under those rules: a malformed record that nobody corrected cannot under the
        same.
        """
        return self.corrected or not self.malformed or self.ruleset != ruleset


def choose(lake: Lake, log: TableLayout, chosen: Chosen, state: State, resources: Resources) -> list[Entry]:
    """The chosen entries in that state, in their order."""
    with _entries(lake, log, chosen, state, resources) as session:
        return chosen_entries(session)


def correct(
    lake: Lake,
    log: TableLayout,
    columns: Sequence[Column],
    chosen: Chosen,
    correction: Correction,
    person: Person,
    commit: Commit,
    resources: Resources,
) -> int:
    """Give the chosen open entries other texts. How many changed: one that says the same already is left as it is.

    InvalidCorrection, and nothing is written, where the correction speaks of a record that is not one of them.
    """
    with _entries(lake, log, chosen, State.OPEN, resources) as session:
        offer_corrected(session, columns, correction)
        return _say(lake, session, log, CHANGED, SAID, person, commit)


def foresee_correction(
    lake: Lake,
    log: TableLayout,
    columns: Sequence[Column],
    chosen: Chosen,
    correction: Correction,
    resources: Resources,
) -> Corrected:
    """What `correct` would change; nothing is written."""
    with _entries(lake, log, chosen, State.OPEN, resources) as session:
        offer_corrected(session, columns, correction)
        return count_columns(session, columns)


def release(lake: Lake, log: TableLayout, chosen: Chosen, person: Person, commit: Commit, resources: Resources) -> int:
    """Bring the chosen condemned entries back: they are open, and their tries count anew. How many."""
    with _entries(lake, log, chosen, State.CONDEMNED, resources) as session:
        return _say(lake, session, log, "chosen", {"event": literal(Event.RELEASED)}, person, commit)


def offer_entries(session: Session, chosen: Chosen, state: State) -> None:
    """The relation `chosen`: those of `quarantine_log`'s entries."""
    session.connection.execute(
        f"CREATE OR REPLACE TABLE chosen AS SELECT * FROM ({current_entries('quarantine_log')}) "
        f"WHERE state = '{state}' AND {chosen.condition}"
    )


def chosen_entries(session: Session) -> list[Entry]:
    """What `chosen` holds, in order."""
    rows = session.connection.execute(
        "SELECT source_file_id, source_row, last_position, run_id, ruleset, corrected, record IS NULL "
        "FROM chosen ORDER BY ALL"
    ).fetchall()
    return [Entry(*row) for row in rows]


def spoken(rows: str, said: Mapping[str, str], person: Person, position: str) -> str:
    """SQL: the person's event for each of the rows, in the log's columns."""
    row = {
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
        "log_position": position,
    }
    listed = ", ".join(f"{row.get(field.name, 'NULL')} AS {field.name}" for field in QUARANTINE)
    return f"SELECT {listed} FROM {rows}"


@contextmanager
def _entries(lake: Lake, log: TableLayout, chosen: Chosen, state: State, resources: Resources) -> Iterator[Session]:
    with open_session(resources) as session:
        session.read("quarantine_log", lake.plan(log))
        offer_entries(session, chosen, state)
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
    """Append the person's event for each of the rows. How many there are; nothing is written where there is none.

    What an earlier try of the same request wrote is counted, and stands.
    """
    if (written := lake.made(log, commit)) is not None:
        return int(lake.notes(log, written).get("added-records", 0))
    counted = session.connection.execute(f"SELECT COUNT(*) FROM {rows}").fetchone()
    if counted is None or not counted[0]:
        return 0

    def positioned(table: Table) -> list[DataFile]:
        position = str(table.metadata.next_sequence_number())
        return session.write(spoken(rows, said, person, position), table, log, commit)

    lake.append(log, commit, positioned, anew=True)
    return int(counted[0])
