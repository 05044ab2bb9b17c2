"""The parser's batches → the staged relation: each record once, its text under the contract's names, its hash."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import duckdb

from medallion.engines.duckdb.overflow import Batches, Overflow
from medallion.engines.duckdb.session import Session
from medallion.engines.duckdb.writer import Writer
from medallion.engines.iceberg import Planned
from medallion.engines.model import SourceObject
from medallion.errors import SchemaMismatch, UnreadableObject
from medallion.layout import TableLayout
from medallion.ledger.outcomes import ObjectRead
from medallion.plan.model import Plan, Statements
from medallion.plan.sql import literal, quoted
from medallion.records import RecordStream, open_records


@dataclass(frozen=True)
class Arrived:
    """The records of new objects: each has no past, and Bronze keeps it."""

    objects: Sequence[SourceObject]
    replay: ClassVar[bool] = False
    list_address: ClassVar[str | None] = None
    runs: ClassVar[tuple[str, ...]] = ()
    standing: ClassVar[int | None] = None

    def stage(self, session: Session, plan: Plan, silver: Planned) -> list[ObjectRead]:
        """Parse every object into `staged`: into memory while there is room, into files after that.

        SchemaMismatch if an object's header lacks a required column; nothing is committed then.
        """
        create_staged(session, plan)
        objects = sorted(self.objects, key=lambda one: one.source_file_id)
        session.connection.execute(
            "CREATE TABLE objects (object_number INTEGER, source_file_id VARCHAR, arrived_at TIMESTAMPTZ)"
        )
        for number, one in enumerate(objects):
            session.connection.execute(
                "INSERT INTO objects VALUES ($1, $2, $3::TIMESTAMPTZ)",
                [number, one.source_file_id, one.arrived_at.isoformat()],
            )
        overflow = Overflow.of(session)
        read = [_stage_object(session, plan, number, one, overflow) for number, one in enumerate(objects)]
        overflow.offer(session)
        return read

    def keep(self, writer: Writer, bronze: TableLayout, select: str) -> int:
        return writer.commit(bronze, select, commit=writer.run.commit.whole_run)


def create_staged(session: Session, plan: Plan) -> None:
    """The relation `staged`, empty: each record once, its text under the contract's names, its hash, its past."""
    columns = ", ".join(f"{name} {kind}" for name, kind in _columns(plan).items())
    session.connection.execute(f"CREATE TABLE staged ({columns})")


def _columns(plan: Plan) -> dict[str, str]:
    """What a staged record has, and DuckDB's types."""
    return {
        "object_number": "INTEGER",
        "source_row": "BIGINT",
        "row_hash": "VARCHAR",
        "raw": "BLOB",
        "malformed": "VARCHAR",
        "extra": "MAP(VARCHAR, VARCHAR)",
        **{quoted(f"{column.name}__text"): "VARCHAR" for column in plan.columns},
        "attempt_count": "INTEGER",
        "entered": "BOOLEAN",
    }


def _stage_object(session: Session, plan: Plan, number: int, one: SourceObject, overflow: Overflow) -> ObjectRead:
    with one.open() as stream:
        try:
            with open_records(stream, plan.dialect, columns=[column.header for column in plan.columns]) as records:
                read = _compare_header(plan, records, one)
                insert_records(session, plan, number, records, overflow=overflow)
        except UnreadableObject as problem:
            session.connection.execute("DELETE FROM staged WHERE object_number = ?", [number])
            return ObjectRead(source_file_id=one.source_file_id, unreadable=str(problem))
        return read.model_copy(update={"rows_in": records.rows})


def _compare_header(plan: Plan, records: RecordStream, one: SourceObject) -> ObjectRead:
    header, declared = set(records.header), {column.header: column for column in plan.columns}
    known = declared.keys() | set(records.readings.values())
    missing = sorted(declared.keys() - header)
    if required := [name for name in missing if declared[name].required_in_header]:
        raise SchemaMismatch(
            f"{one.source_file_id}: the header lacks {', '.join(required)}, which the contract of {plan.source} "
            f"version {plan.contract_version} requires; send the object again with it, or change the contract"
        )
    return ObjectRead(
        source_file_id=one.source_file_id,
        # Where no name is known there may be no header line at all, and what stands there a record.
        new_columns=tuple(sorted(header - known)) if header & known else (),
        missing_columns=tuple(missing),
    )


def insert_records(
    session: Session,
    plan: Plan,
    number: int,
    records: RecordStream,
    *,
    place: str = "source_row",
    attempts: int = 0,
    entered: bool = False,
    overflow: Overflow | None = None,
) -> None:
    """Put the records into `staged`, at their own places in the object or at the one that is named; those that
    `overflow` has no room for into a file of its.
    """
    position = {name: f"value_{index}" for index, name in enumerate(records.header)}
    texts = [position.get(column.header, "CAST(NULL AS VARCHAR)") for column in plan.columns]
    declared = {column.header for column in plan.columns}
    extra = [name for name in records.header if name not in declared]
    names, values = ", ".join(literal(name) for name in extra), ", ".join(position[name] for name in extra)
    kept = f"MAP([{names}]::VARCHAR[], [{values}]::VARCHAR[])"
    own = {name: column for name, column in position.items() if name not in records.readings}
    row_hash = _row_hash(plan.statements["duckdb"], own)
    said = (str(number), place, row_hash, "raw", "malformed", kept, *texts, str(attempts), str(entered))
    typed = zip(said, _columns(plan).items(), strict=True)
    select = f"SELECT {', '.join(f'CAST({value} AS {kind}) AS {name}' for value, (name, kind) in typed)} FROM incoming"
    overflow, batches = overflow or Overflow(), Batches(records)
    run = session.connection.execute
    try:
        if overflow.room > 0:
            session.connection.register("incoming", batches.stream(overflow.room))
            run(f"INSERT INTO staged {select}")
            overflow.room = batches.room
        if not batches.ended:
            session.connection.register("incoming", batches.stream())
            overflow.files[number] = session.spool(select)
    except duckdb.Error as problem:
        raise batches.problem or problem from problem
    finally:
        session.connection.unregister("incoming")


def spooled(session: Session, records: RecordStream, select: str) -> str:
    """Write what `select` makes of the parser's batches, which it knows as `incoming`, to a file. Where that is."""
    batches = Batches(records)
    session.connection.register("incoming", batches.stream())
    try:
        return session.spool(select)
    except duckdb.Error as problem:
        raise batches.problem or problem from problem
    finally:
        session.connection.unregister("incoming")


def _row_hash(statements: Statements, position: dict[str, str]) -> str:
    """A record's hash: of its (name, value) pairs by name; of its bytes where it is malformed and has none.

    A reading of a member is no pair: the member is.
    """
    parts = ", ".join(
        part.replace("__prefix__", literal(f"{len(name.encode())}:{name}")).replace("__column__", position[name])
        for name in sorted(position)
        for part in statements.row_hash_pair
    )
    # A JSON object without members has no pair.
    parts = parts or "''"
    return f"CASE WHEN malformed IS NULL THEN sha256(concat({parts})) ELSE {statements.row_hash_raw} END"
