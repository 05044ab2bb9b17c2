"""A run's records → Bronze, Silver on the run's branch, Silver's history, the quarantine and duplicates logs."""

from __future__ import annotations

import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol

from medallion.contracts.model import ErrorCode
from medallion.engines.duckdb.session import Session, open_session
from medallion.engines.duckdb.writer import Writer
from medallion.engines.iceberg import Lake, Planned
from medallion.engines.inputs import Inputs
from medallion.engines.lines import Leave
from medallion.engines.model import Attempt, Refined, SourceTables
from medallion.engines.resources import Resources
from medallion.errors import EngineFailed
from medallion.layout import TableLayout
from medallion.ledger.outcomes import ObjectRead
from medallion.plan.model import Plan
from medallion.plan.quarantine import Event
from medallion.plan.sql import literal, quoted

AS_OF = "medallion.as-of"
"""In the summary of a snapshot source's Silver: the newest object whose state it holds, by arrival."""

_OF_EACH = "judged"
"""The plan's relation with a row for each record: where memory has no room for what is staged, it has none for it."""


class Material(Protocol):
    """The records of a run: those of new objects, or some that are taken up once more.

    `stage` offers `objects`, `staged`, without the records of objects that `leave` leaves to a job, and for a replay
    also `own`, `failed_before` and `tries`. `standing` is the snapshot of Bronze that holds the records already, if
    one does.
    """

    @property
    def replay(self) -> bool: ...
    @property
    def list_address(self) -> str | None: ...
    @property
    def runs(self) -> tuple[str, ...]: ...
    @property
    def standing(self) -> int | None: ...
    def stage(self, session: Session, plan: Plan, silver: Planned, leave: Leave = ...) -> list[ObjectRead]: ...
    def keep(self, writer: Writer, bronze: TableLayout, select: str) -> int: ...


def refine(
    lake: Lake, plan: Plan, tables: SourceTables, inputs: Inputs, run: Attempt, material: Material, resources: Resources
) -> Refined:
    """Give every record of the material its outcome, and commit each outcome once.

    Nothing that readers see changes: Silver is written to the run's branch. Raises SchemaMismatch before anything is
    committed.
    """
    clock, statements = _Clock(), plan.statements["duckdb"]
    with open_session(resources) as session:
        writer = Writer(session, lake, run)
        session.read("quarantine_log", inputs.quarantine)
        describe_run(session, plan, run, replay=material.replay)
        read = material.stage(session, plan, inputs.silver)
        notes = order_snapshots(session, lake, tables, inputs.silver) if plan.snapshots else {}
        clock.lap("parse")
        # Bronze needs nothing of what is judged: its file is on its way meanwhile.
        with session.beside() as other, ThreadPoolExecutor(1) as aside:
            keeping = aside.submit(material.keep, Writer(other, lake, run), tables.bronze, statements.bronze)
            judge(session, plan, inputs, replay=material.replay)
            clock.lap("judge")
            bronze = keeping.result()
        clock.lap("bronze")
        if plan.replaces or material.replay:
            silver, history = writer.replace(tables, inputs.silver, plan, notes)
        else:
            silver, history = writer.commit(tables.silver, statements.silver, branch=run.branch), None
        clock.lap("silver")
        failed = " UNION ALL ".join(f"({one})" for one in (statements.quarantine, *object_events(plan, read)))
        quarantine = writer.log(tables.quarantine, failed)
        duplicates = writer.commit(tables.duplicates, statements.duplicates)
        clock.lap("quarantine")
    return Refined(
        objects=tuple(read),
        bronze=bronze,
        silver=silver,
        history=history,
        quarantine=quarantine,
        duplicates=duplicates,
        silver_base=inputs.silver.snapshot_id,
        replayed=material.list_address,
        replayed_runs=material.runs,
        seconds=clock.laps,
    )


def judge(session: Session, plan: Plan, inputs: Inputs, *, replay: bool) -> None:
    """The plan's relations, and `removed` where rows may leave Silver, from what is staged and what is held."""
    _offer_held(session, plan, inputs.silver, replay=replay)
    _offer_references(session, plan, inputs)
    if not replay:
        offer_no_past(session, inputs.silver)
    statements = plan.statements["duckdb"]
    going = {"removed": statements.removed} if replay or plan.replaces else {}
    for relation, statement in {**statements.relations, **going}.items():
        if relation == _OF_EACH and session.spooled:
            rows = f"VIEW {relation} AS FROM read_parquet({literal(session.spool(statement))})"
        else:
            rows = f"TABLE {relation} AS {statement}"
        session.connection.execute(f"CREATE {rows}")
    _check_every_record_has_an_outcome(session)


def _check_every_record_has_an_outcome(session: Session) -> None:
    """What goes to Silver is all that no other outcome takes away: a record without one must not be among it."""
    counted = session.connection.execute(
        "SELECT (SELECT COUNT(*) FROM staged), (SELECT COUNT(*) FROM judged), "
        "(SELECT COUNT(*) FROM exceptional), (SELECT COUNT(*) FROM resolved)"
    ).fetchone() or (0, 0, 0, 0)
    staged, judged, exceptional, resolved = counted
    if staged != judged or exceptional != resolved:
        raise EngineFailed(
            f"of {staged} records staged {judged} were judged, of {exceptional} exceptional ones {resolved} resolved: "
            "the plan loses or doubles; nothing is committed to Silver; report it with the run's plan.json"
        )


class _Clock:
    def __init__(self) -> None:
        self.laps: dict[str, float] = {}
        self._since = time.perf_counter()

    def lap(self, name: str) -> None:
        now = time.perf_counter()
        self.laps[name] = round(now - self._since, 3)
        self._since = now


def describe_run(session: Session, plan: Plan, run: Attempt, *, replay: bool) -> None:
    """The relation `run`: what the plan's SQL knows of the run that executes it."""
    session.connection.execute(
        "CREATE TABLE run AS SELECT $1 AS run_id, $2::INTEGER AS attempt, $3 AS contract_version, $4 AS ruleset, "
        "$5::TIMESTAMPTZ AS started_at, $6::BOOLEAN AS replay, $7::INTEGER AS max_attempts, TRUE AS newest, "
        "0::BIGINT AS log_position",
        [
            run.commit.run_id,
            run.commit.attempt,
            plan.contract_version,
            plan.ruleset,
            run.started_at.isoformat(),
            replay,
            plan.max_attempts,
        ],
    )


def order_snapshots(session: Session, lake: Lake, tables: SourceTables, silver: Planned) -> dict[str, str]:
    """Whether the run's objects are the newest state of the source; and what Silver's next snapshot is to say of it."""
    held = lake.noted(tables.silver, silver.snapshot_id, AS_OF) or ""
    [found] = session.connection.execute(
        "SELECT MAX(strftime(arrived_at, '%Y-%m-%dT%H:%M:%S.%fZ') || ' ' || source_file_id) FROM objects"
    ).fetchone() or (None,)
    newest = found or ""
    session.connection.execute("UPDATE run SET newest = $1", [newest >= held])
    return {AS_OF: max(newest, held)}


def _offer_held(session: Session, plan: Plan, silver: Planned, *, replay: bool) -> None:
    """The relation `silver_held`: what identifies Silver's records, those left out that are taken up once more."""
    if not replay:
        session.read("silver_held", silver, plan.held)
        return
    session.read("silver_identified", silver, (*plan.held, "source_file_id", "source_row"))
    session.connection.execute(
        """
        CREATE VIEW silver_held AS SELECT * FROM silver_identified AS s ANTI JOIN (
            SELECT source_file_id, source_row FROM own JOIN objects USING (object_number)
        ) AS w ON w.source_file_id = s.source_file_id AND w.source_row = s.source_row
        """
    )


def _offer_references(session: Session, plan: Plan, inputs: Inputs) -> None:
    for one in plan.references:
        session.read(f"{one.relation}_rows", inputs.references[one.source], (one.column,))
        session.connection.execute(
            f"CREATE TABLE {one.relation} AS SELECT DISTINCT {quoted(one.column)} AS value FROM {one.relation}_rows"
        )


def offer_no_past(session: Session, silver: Planned) -> None:
    """New records have none: the relations of a replay, empty."""
    session.read("silver_typed", Planned(silver.snapshot_id, silver.schema, ()))
    position = "0::INTEGER AS object_number, 0::BIGINT AS source_row"
    run = session.connection.execute
    run(f"CREATE TABLE own AS SELECT {position}, * EXCLUDE (source_row) FROM silver_typed WHERE FALSE")
    run(f"CREATE TABLE failed_before AS SELECT {position}, '' AS row_hash WHERE FALSE")
    run(f"CREATE TABLE tries AS SELECT {position}, 0 AS tries WHERE FALSE")


def object_events(plan: Plan, read: Iterable[ObjectRead]) -> list[str]:
    """The quarantine log's rows for objects that cannot be read at all."""
    return [_object_event(plan, one) for one in read if one.unreadable]


def _object_event(plan: Plan, one: ObjectRead) -> str:
    said = {
        "event": literal(Event.OBJECT_QUARANTINED),
        "event_time": "r.started_at",
        "actor": "'pipeline'",
        "run_id": "r.run_id",
        "attempt": "r.attempt",
        "source_file_id": literal(one.source_file_id),
        "errors": (
            "[{'column': CAST(NULL AS VARCHAR), 'rule': 'readable', "
            f"'code': {literal(ErrorCode.UNREADABLE_OBJECT)}, 'message': {literal(one.unreadable or '')}}}]"
        ),
        "attempt_count": "0",
        "ingestion_timestamp": "r.started_at",
        "contract_version": literal(plan.contract_version),
        "ruleset": literal(plan.ruleset),
        "log_position": "r.log_position",
    }
    return f"SELECT {', '.join(said.get(field.name, 'NULL') for field in plan.tables.quarantine)} FROM run AS r"
