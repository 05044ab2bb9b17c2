"""A run's entries in the quarantine log are made to stand, or are taken back, by one more row:
nothing in the log changes.
"""

from __future__ import annotations

from collections.abc import Iterable

from pyiceberg.manifest import DataFile
from pyiceberg.table import Table

from medallion.engines.commits import Commit
from medallion.engines.duckdb.session import open_session
from medallion.engines.iceberg import Lake
from medallion.engines.model import SourceTables
from medallion.engines.resources import Resources
from medallion.layout import TableLayout
from medallion.plan.quarantine import Event
from medallion.plan.sql import literal
from medallion.plan.tables import QUARANTINE


def publish(lake: Lake, tables: SourceTables, commit: Commit, resources: Resources) -> int:
    """The run's entries stand from now on. The log's snapshot."""
    return _mark(lake, tables.quarantine, commit, Event.PROMOTED, resources)


def withdraw(
    lake: Lake,
    tables: SourceTables,
    run_id: str,
    attempts: Iterable[int],
    branch: str,
    resources: Resources,
    *,
    late: bool = False,
) -> None:
    """Drop the run's branch of Silver, and take back what those attempts wrote to the quarantine log,
    unless it stands; with `late`, what they may yet write as well.
    """
    lake.drop_branch(tables.silver, branch)
    for attempt in attempts:
        written = Commit(run_id, attempt)
        standing = Commit(run_id, attempt, Event.PROMOTED)
        wrote = late or lake.made(tables.quarantine, written) is not None
        if wrote and lake.made(tables.quarantine, standing) is None:
            _mark(lake, tables.quarantine, written, Event.WITHDRAWN, resources)


def take_back(lake: Lake, tables: SourceTables, commit: Commit, resources: Resources, *, by: str) -> None:
    """The entries of a run that was published stand no more, at the word of the person `by`."""
    _mark(lake, tables.quarantine, commit, Event.WITHDRAWN, resources, actor=by)


def _mark(
    lake: Lake, log: TableLayout, run: Commit, event: Event, resources: Resources, *, actor: str = "pipeline"
) -> int:
    commit = Commit(run.run_id, run.attempt, event)
    said = {
        "event": literal(event),
        "event_time": "now()",
        "actor": literal(actor),
        "run_id": literal(run.run_id),
        "attempt": str(run.attempt),
    }
    with open_session(resources) as session:

        def positioned(table: Table) -> list[DataFile]:
            row = said | {"log_position": str(table.metadata.next_sequence_number())}
            select = ", ".join(f"{row.get(field.name, 'NULL')} AS {field.name}" for field in QUARANTINE)
            return session.write(f"SELECT {select}", table, log, commit)

        return lake.append(log, commit, positioned, anew=True)
