"""Quarantine when its tenant leaves: how many entries are in a state, and condemned records with their history."""

from __future__ import annotations

from pathlib import Path

from medallion.engines.duckdb.entries import offer_entries
from medallion.engines.duckdb.session import Session, open_session
from medallion.engines.iceberg import Lake
from medallion.engines.resources import Resources
from medallion.layout import TableLayout
from medallion.plan.quarantine import Chosen, State
from medallion.plan.sql import literal


def count_entries(lake: Lake, log: TableLayout, state: State, resources: Resources) -> int:
    """How many of the log's entries are in that state."""
    with open_session(resources) as session:
        return _offer(session, lake, log, state)


def write_condemned(lake: Lake, log: TableLayout, file: Path, resources: Resources) -> int:
    """Write every event of the condemned records, in the log's columns, as one Parquet file. How many records.

    No file is written where there is none.
    """
    with open_session(resources) as session:
        records = _offer(session, lake, log, State.CONDEMNED)
        if records:
            of_chosen = (
                "SELECT * FROM quarantine_log SEMI JOIN chosen USING (source_file_id, source_row) "
                "ORDER BY source_file_id, source_row, log_position, event"
            )
            session.connection.execute(f"COPY ({of_chosen}) TO {literal(str(file))} (FORMAT parquet, COMPRESSION zstd)")
        return records


def _offer(session: Session, lake: Lake, log: TableLayout, state: State) -> int:
    session.read("quarantine_log", lake.plan(log))
    offer_entries(session, Chosen(), state)
    counted = session.connection.execute("SELECT COUNT(*) FROM chosen").fetchone()
    return 0 if counted is None else int(counted[0])
