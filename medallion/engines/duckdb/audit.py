"""What a run really committed, by a scan of its snapshots: the evidence that the gate judges."""

from __future__ import annotations

from medallion.engines.commits import Commit
from medallion.engines.duckdb.session import Resources, Session, open_session
from medallion.engines.iceberg import Lake
from medallion.engines.model import Refined, SourceTables
from medallion.ledger.outcomes import Audit, ObjectOutcomes
from medallion.plan.quarantine import Event
from medallion.plan.sql import literal

_PLACES = f"""
CREATE TABLE places AS
SELECT source_file_id, source_row, 'bronze' AS place FROM bronze_files WHERE run_id = $run_id
UNION ALL SELECT source_file_id, source_row, 'inserted' FROM silver_files WHERE run_id = $run_id
UNION ALL SELECT source_file_id, source_row, 'quarantined' FROM quarantine_files
    WHERE run_id = $run_id AND attempt = $attempt AND event = '{Event.QUARANTINED}'
UNION ALL SELECT source_file_id, source_row, 'duplicates' FROM duplicates_files
    WHERE run_id = $run_id AND attempt = $attempt
"""
_COUNTS = "SELECT source_file_id, place, COUNT(*) FROM places GROUP BY ALL"
_LOST_AND_DOUBLED = """
SELECT COUNT(*) FILTER (WHERE outcomes = 0 OR arrivals <> 1), COUNT(*) FILTER (WHERE outcomes > 1)
FROM (
    SELECT COUNT(*) FILTER (WHERE place <> 'bronze') AS outcomes, COUNT(*) FILTER (WHERE place = 'bronze') AS arrivals
    FROM places GROUP BY source_file_id, source_row
)
"""
_CODES = f"""
SELECT code, COUNT(*) FROM (
    SELECT DISTINCT source_file_id, source_row, UNNEST(errors).code AS code FROM quarantine_files
    WHERE run_id = $run_id AND attempt = $attempt AND event = '{Event.QUARANTINED}'
) GROUP BY code ORDER BY code
"""


def audit(lake: Lake, tables: SourceTables, commit: Commit, refined: Refined, resources: Resources) -> Audit:
    """Count each object's records in the snapshots that the run committed,
    and find those in no outcome or in more than one.
    """
    run_id = commit.run_id
    with open_session(resources) as session:
        position = ("source_file_id", "source_row", "run_id")
        committed = {
            "bronze": (tables.bronze, refined.bronze, position),
            "silver": (tables.silver, refined.silver, position),
            "quarantine": (tables.quarantine, refined.quarantine, (*position, "attempt", "event", "errors")),
            "duplicates": (tables.duplicates, refined.duplicates, (*position, "attempt")),
        }
        for name, (layout, snapshot, columns) in committed.items():
            session.read(f"{name}_files", lake.plan(layout, snapshot_id=snapshot, run_id=run_id), columns)
        this_run = {"run_id": run_id, "attempt": commit.attempt}
        session.connection.execute(_PLACES.replace("$run_id", literal(run_id)).replace("$attempt", str(commit.attempt)))
        counts: dict[str, dict[str, int]] = {}
        for source_file_id, place, count in session.connection.execute(_COUNTS).fetchall():
            counts.setdefault(source_file_id, {})[place] = count
        lost, doubled = _pair(session, _LOST_AND_DOUBLED)
        codes = dict(session.connection.execute(_CODES, this_run).fetchall())
    objects = tuple(
        ObjectOutcomes(source_file_id=one.source_file_id, rows_in=one.rows_in, **counts.pop(one.source_file_id, {}))
        for one in refined.objects
    )
    strangers = sum(sum(places.values()) for places in counts.values())
    return Audit(
        objects=objects,
        quarantined_by_code=codes,
        lost=lost,
        doubled=doubled + strangers,
        silver_main=lake.head(tables.silver),
    )


def _pair(session: Session, query: str) -> tuple[int, int]:
    found = session.connection.execute(query).fetchone()
    return (0, 0) if found is None else (found[0], found[1])
