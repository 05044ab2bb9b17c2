"""Landing → Bronze, Silver on the run's branch, the quarantine log and the duplicates log."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from pyiceberg.table.refs import MAIN_BRANCH

from medallion.contracts.model import ErrorCode
from medallion.engines.commits import Commit
from medallion.engines.duckdb.session import Resources, Session, open_session
from medallion.engines.duckdb.staging import stage
from medallion.engines.iceberg import Lake, Planned
from medallion.engines.model import Attempt, Refined, SourceObject, SourceTables
from medallion.layout import TableLayout
from medallion.ledger.outcomes import ObjectRead
from medallion.plan.model import Plan
from medallion.plan.quarantine import Event
from medallion.plan.sql import literal, quoted


def refine(
    lake: Lake,
    plan: Plan,
    tables: SourceTables,
    references: Mapping[str, TableLayout],
    run: Attempt,
    objects: Sequence[SourceObject],
    resources: Resources,
) -> Refined:
    """Give every record of the objects its outcome, and commit each outcome once.

    `references` says where the published Silver of each source stands that the plan refers to. Nothing that readers
    see changes: Silver is written to the run's branch. Raises SchemaMismatch before anything is committed.
    """
    objects = sorted(objects, key=lambda one: one.source_file_id)
    clock = _Clock()
    with open_session(resources) as session:
        read = stage(session, plan, objects)
        clock.lap("parse")
        _describe_run(session, plan, run, objects)
        writer = _Writer(session, lake, run)
        statements = plan.statements["duckdb"]
        bronze = writer.commit(tables.bronze, statements.bronze, commit=run.commit.whole_run)
        clock.lap("bronze")
        base = lake.plan(tables.silver)
        _offer_held(session, plan, base)
        _offer_references(session, lake, plan, references)
        session.read(
            "quarantine_log", lake.plan(tables.quarantine), ("event", "run_id", "attempt", "row_hash", "ruleset")
        )
        for relation in ("open_failures", "judged", "resolved"):
            session.connection.execute(f"CREATE TABLE {relation} AS {getattr(statements, relation)}")
        clock.lap("judge")
        silver = writer.commit(tables.silver, statements.silver, branch=run.branch)
        clock.lap("silver")
        unreadable = [one for one in read if one.unreadable]
        failed = " UNION ALL ".join(
            [f"({statements.quarantine})", *(_object_event(plan, run, one) for one in unreadable)]
        )
        quarantine = writer.commit(tables.quarantine, failed)
        duplicates = writer.commit(tables.duplicates, statements.duplicates)
        clock.lap("quarantine")
    return Refined(
        objects=tuple(read),
        bronze=bronze,
        silver=silver,
        quarantine=quarantine,
        duplicates=duplicates,
        silver_base=base.snapshot_id,
        seconds=clock.laps,
    )


class _Writer:
    def __init__(self, session: Session, lake: Lake, run: Attempt) -> None:
        self._session, self._lake, self._run = session, lake, run

    def commit(
        self, layout: TableLayout, select: str, *, branch: str = MAIN_BRANCH, commit: Commit | None = None
    ) -> int:
        return self._lake.append(
            layout,
            commit or self._run.commit,
            lambda table: self._session.write(select, table, layout, self._run.commit),
            branch=branch,
        )


class _Clock:
    def __init__(self) -> None:
        self.laps: dict[str, float] = {}
        self._since = time.perf_counter()

    def lap(self, name: str) -> None:
        now = time.perf_counter()
        self.laps[name] = round(now - self._since, 3)
        self._since = now


def _describe_run(session: Session, plan: Plan, run: Attempt, objects: Iterable[SourceObject]) -> None:
    """The relations `run` and `objects`: what the plan's SQL knows of the run that executes it."""
    session.connection.execute(
        "CREATE TABLE run AS SELECT $1 AS run_id, $2::INTEGER AS attempt, $3 AS contract_version, $4 AS ruleset, "
        "$5::TIMESTAMPTZ AS started_at",
        [run.commit.run_id, run.commit.attempt, plan.contract_version, plan.ruleset, _utc(run.started_at)],
    )
    session.connection.execute(
        "CREATE TABLE objects (object_number INTEGER, source_file_id VARCHAR, arrived_at TIMESTAMPTZ)"
    )
    for number, one in enumerate(objects):
        session.connection.execute(
            "INSERT INTO objects VALUES ($1, $2, $3::TIMESTAMPTZ)", [number, one.source_file_id, _utc(one.arrived_at)]
        )


def _offer_held(session: Session, plan: Plan, silver: Planned) -> None:
    """The relation `silver_held`: what identifies Silver's records, by key, or by content where there is no key."""
    session.read("silver_held", silver, (*plan.key, "row_hash"))


def _offer_references(session: Session, lake: Lake, plan: Plan, references: Mapping[str, TableLayout]) -> None:
    for one in plan.references:
        session.read(f"{one.relation}_rows", lake.plan(references[one.source]), (one.column,))
        session.connection.execute(
            f"CREATE TABLE {one.relation} AS SELECT DISTINCT {quoted(one.column)} AS value FROM {one.relation}_rows"
        )


def _object_event(plan: Plan, run: Attempt, one: ObjectRead) -> str:
    """The quarantine log's row for an object that cannot be read at all."""
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
    }
    return f"(SELECT {', '.join(said.get(field.name, 'NULL') for field in plan.tables.quarantine)} FROM run AS r)"


def _utc(moment: datetime) -> str:
    return moment.isoformat()
