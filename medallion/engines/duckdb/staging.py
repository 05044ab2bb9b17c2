"""The parser's batches → the staged relation: each record once, its text under the contract's names, its hash."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar

import duckdb

from medallion.engines.duckdb.overflow import Batches, Overflow
from medallion.engines.duckdb.session import Session
from medallion.engines.duckdb.writer import Writer
from medallion.engines.iceberg import Planned
from medallion.engines.lines import Leave, leave_none
from medallion.engines.model import SourceObject
from medallion.errors import SchemaMismatch, UnreadableObject
from medallion.layout import TableLayout
from medallion.ledger.outcomes import ObjectRead
from medallion.plan import staged
from medallion.plan.model import Plan
from medallion.records import RecordStream, open_records


@dataclass(frozen=True)
class Arrived:
    """The records of new objects: each has no past, and Bronze keeps it."""

    objects: Sequence[SourceObject]
    replay: ClassVar[bool] = False
    list_address: ClassVar[str | None] = None
    runs: ClassVar[tuple[str, ...]] = ()
    standing: ClassVar[int | None] = None

    def stage(self, session: Session, plan: Plan, silver: Planned, leave: Leave = leave_none) -> list[ObjectRead]:
        """Parse every object that is not left to a job into `staged`: into memory while there is room, into files after
        that.

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
        read = [
            _leave_object(plan, leave, number, one) or _stage_object(session, plan, number, one, overflow)
            for number, one in enumerate(objects)
        ]
        overflow.offer(session)
        return read

    def keep(self, writer: Writer, bronze: TableLayout, select: str) -> int:
        return writer.commit(bronze, select, commit=writer.run.commit.whole_run)


def create_staged(session: Session, plan: Plan) -> None:
    """The relation `staged`, empty: each record once, its text under the contract's names, its hash, its past."""
    columns = ", ".join(f"{name} {kind}" for name, kind in staged.columns(plan).items())
    session.connection.execute(f"CREATE TABLE staged ({columns})")


def _leave_object(plan: Plan, leave: Leave, number: int, one: SourceObject) -> ObjectRead | None:
    left = leave(number, one)
    if left is None:
        return None
    return _compare_header(plan, left.header, (), one).model_copy(update={"rows_in": left.rows})


def _stage_object(session: Session, plan: Plan, number: int, one: SourceObject, overflow: Overflow) -> ObjectRead:
    with one.open() as stream:
        try:
            with open_records(stream, plan.dialect, columns=[column.header for column in plan.columns]) as records:
                read = _compare_header(plan, records.header, records.readings.values(), one)
                insert_records(session, plan, number, records, overflow=overflow)
        except UnreadableObject as problem:
            session.connection.execute("DELETE FROM staged WHERE object_number = ?", [number])
            return ObjectRead(source_file_id=one.source_file_id, unreadable=str(problem))
        return read.model_copy(update={"rows_in": records.rows})


def _compare_header(plan: Plan, names: Iterable[str], members: Iterable[str], one: SourceObject) -> ObjectRead:
    """What the object's header says of it; `members` are names that columns are read out of."""
    header, declared = set(names), {column.header: column for column in plan.columns}
    known = declared.keys() | set(members)
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
    values = {name: f"value_{index}" for index, name in enumerate(records.header)}
    select = staged.select(
        plan, number, values, records.readings, origin="incoming", place=place, attempts=attempts, entered=entered
    )
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
