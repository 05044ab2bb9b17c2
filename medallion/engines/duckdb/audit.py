"""What a run really committed, by a scan of its snapshots: the evidence that the gate judges."""

from __future__ import annotations

from dataclasses import replace

from medallion.engines.commits import Commit
from medallion.engines.duckdb.session import Session, open_session
from medallion.engines.iceberg import Lake, of_runs
from medallion.engines.model import Refined, SourceTables
from medallion.engines.resources import Resources
from medallion.ledger.outcomes import Audit, ObjectOutcomes, TypeFailures
from medallion.plan.quarantine import FAILURES, Event
from medallion.plan.sql import literal
from medallion.plan.tables import ENDING

_FAILED = ", ".join(f"'{event}'" for event in FAILURES)
_ENDING = tuple(field.name for field in ENDING)
_ENDED = """
CREATE TABLE ended AS SELECT * FROM history_files WHERE ended_by_run = $run_id AND ended_by_attempt = $attempt
"""
_PLACES = f"""
CREATE TABLE places AS
SELECT source_file_id, source_row, 'bronze' AS place FROM arrivals
UNION ALL SELECT s.source_file_id, s.source_row, CASE WHEN u.source_row IS NULL THEN 'inserted' ELSE 'updated' END
    FROM silver_files AS s LEFT JOIN (
        SELECT DISTINCT replaced_by_file_id AS source_file_id, replaced_by_row AS source_row FROM ended
        WHERE reason = 'updated'
    ) AS u ON u.source_file_id = s.source_file_id AND u.source_row = s.source_row
    WHERE s.run_id = $run_id
UNION ALL SELECT source_file_id, source_row,
        CASE WHEN event = '{Event.CONDEMNED}' THEN 'condemned' ELSE 'quarantined' END
    FROM quarantine_files WHERE run_id = $run_id AND attempt = $attempt AND event IN ({_FAILED})
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
    WHERE run_id = $run_id AND attempt = $attempt AND event IN ({_FAILED})
) GROUP BY code ORDER BY code
"""
_TYPES = f"""
SELECT source_file_id, error.column, COUNT(DISTINCT source_row) FROM (
    SELECT source_file_id, source_row, UNNEST(errors) AS error FROM quarantine_files
    WHERE run_id = $run_id AND attempt = $attempt AND event IN ({_FAILED})
) WHERE error.rule = 'type' GROUP BY ALL ORDER BY ALL
"""
_LIMBS = ", ".join(f"SUM(CAST('0x' || hashed[{at}:{at + 15}] AS UBIGINT))" for at in (1, 17, 33, 49))
# The sum of each outcome's SHA-256, as four numbers of 64 bits: no order matters, and each record does. A new object's
# records are known by their number: those that entered Silver as new are all that are told of no other outcome.
_DIGEST = f"""
SELECT concat_ws(':', (SELECT COUNT(*) FROM places WHERE place <> 'bronze'), {_LIMBS})
FROM (
    SELECT sha256(concat(strlen(source_file_id), ':', source_file_id, ';', source_row, ';', place)) AS hashed
    FROM places WHERE place <> 'bronze' AND (place <> 'inserted' OR $each)
    UNION ALL
    SELECT sha256(concat(strlen(source_file_id), ':', source_file_id, ';;', place, ';', COUNT(*))) AS hashed
    FROM places WHERE place <> 'bronze' GROUP BY source_file_id, place
)
"""


def audit(lake: Lake, tables: SourceTables, commit: Commit, refined: Refined, resources: Resources) -> Audit:
    """Count each object's records in the snapshots that the run committed,
    and find those in no outcome or in more than one.
    """
    run_id = commit.run_id
    with open_session(resources) as session:
        _offer_committed(session, lake, tables, run_id, refined)
        this_run = {"run_id": run_id, "attempt": commit.attempt}
        for statement in (_ENDED, _PLACES):
            told = statement.replace("$run_id", literal(run_id)).replace("$attempt", str(commit.attempt))
            session.connection.execute(told)
        counts: dict[str, dict[str, int]] = {}
        for source_file_id, place, count in session.connection.execute(_COUNTS).fetchall():
            counts.setdefault(source_file_id, {})[place] = count
        lost, doubled = _pair(session, _LOST_AND_DOUBLED)
        ended, _ = _pair(session, "SELECT COUNT(*), 0 FROM ended")
        codes = dict(session.connection.execute(_CODES, this_run).fetchall())
        types = session.connection.execute(_TYPES, this_run).fetchall()
        [digest] = session.connection.execute(_DIGEST, {"each": refined.replayed is not None}).fetchone() or ("",)
    objects = tuple(
        ObjectOutcomes(source_file_id=one.source_file_id, rows_in=one.rows_in, **counts.pop(one.source_file_id, {}))
        for one in refined.objects
    )
    strangers = sum(sum(places.values()) for places in counts.values())
    # A file that was written anew must hold what it held, but for what was removed.
    entered = sum(one.inserted + one.updated for one in objects)
    surplus = lake.rows(tables.silver, refined.silver) - (
        lake.rows(tables.silver, refined.silver_base) + entered - ended
    )
    return Audit(
        objects=objects,
        quarantined_by_code=codes,
        lost=lost + max(0, -surplus),
        doubled=doubled + strangers + max(0, surplus),
        silver_main=lake.head(tables.silver),
        digest=digest,
        type_failures=tuple(
            TypeFailures(source_file_id=one, column=column, records=records) for one, column, records in types
        ),
    )


def _offer_committed(session: Session, lake: Lake, tables: SourceTables, run_id: str, refined: Refined) -> None:
    """What the run committed to each table, and `arrivals`: the records that it had to account for."""
    position = ("source_file_id", "source_row", "run_id")
    of_run = f"run_id = {literal(run_id)}"
    committed = {
        "silver": (tables.silver, refined.silver, of_run, position),
        "quarantine": (tables.quarantine, refined.quarantine, of_run, (*position, "attempt", "event", "errors")),
        "duplicates": (tables.duplicates, refined.duplicates, of_run, (*position, "attempt")),
        "history": (tables.history, refined.history, f"ended_by_run = {literal(run_id)}", _ENDING),
        "bronze": (tables.bronze, refined.bronze, of_runs(refined.replayed_runs or (run_id,)), position),
    }
    for name, (layout, snapshot, rows, columns) in committed.items():
        planned = lake.plan(layout, snapshot_id=snapshot, where=rows)
        # Where a run committed nothing to a table there is no snapshot of its own to read.
        session.read(f"{name}_files", planned if snapshot is not None else replace(planned, files=()), columns)
    if refined.replayed is None:
        arrivals = f"SELECT source_file_id, source_row FROM bronze_files WHERE run_id = {literal(run_id)}"
    else:
        session.open_file("chosen", refined.replayed)
        arrivals = "SELECT c.* FROM chosen AS c JOIN bronze_files AS b USING (source_file_id, source_row)"
    session.connection.execute(f"CREATE VIEW arrivals AS {arrivals}")


def _pair(session: Session, query: str) -> tuple[int, int]:
    found = session.connection.execute(query).fetchone()
    return (0, 0) if found is None else (found[0], found[1])
