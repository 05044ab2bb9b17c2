"""Records that a run takes up once more: entries of quarantine, or all records of some objects, as they stand now.

A record keeps its identity, and Bronze is not written again. What a person corrected stays corrected.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import pyarrow as pa

from medallion.contracts.paths import record_path
from medallion.engines.duckdb.session import Session
from medallion.engines.duckdb.staging import create_staged, insert_records
from medallion.engines.duckdb.writer import Writer
from medallion.engines.iceberg import Lake, Planned, of_runs
from medallion.engines.lines import Leave, leave_none
from medallion.engines.model import Replay, SourceObject, SourceTables
from medallion.errors import UnreadableObject
from medallion.layout import TableLayout
from medallion.ledger.outcomes import ObjectRead
from medallion.plan import replay
from medallion.plan.model import Plan
from medallion.records import open_records
from medallion.records.jsontext import text_at
from medallion.records.rereading import reread

_AT_ONCE = 10_000


@dataclass(frozen=True)
class Replayed:
    """The records of a replay. `bronze` are the files that hold them, `address` is where their list is kept.

    `open_object` gives an object of Landing by its identity: a malformed record is read again under its header.
    """

    chosen: Replay
    bronze: Planned
    address: str
    open_object: Callable[[str], SourceObject]
    replay: ClassVar[bool] = True

    def stage(self, session: Session, plan: Plan, silver: Planned, leave: Leave = leave_none) -> list[ObjectRead]:
        """The chosen records in `staged`, with what Silver holds of them and how they failed before."""
        self.offer(session, plan, silver)
        session.export(
            "SELECT source_file_id, source_row FROM staged JOIN objects USING (object_number) ORDER BY ALL",
            self.address,
        )
        counted = session.connection.execute(
            "SELECT source_file_id, COUNT(source_row) FROM objects LEFT JOIN staged USING (object_number) "
            "GROUP BY source_file_id ORDER BY source_file_id"
        ).fetchall()
        return [ObjectRead(source_file_id=one, rows_in=rows) for one, rows in counted]

    def offer(self, session: Session, plan: Plan, silver: Planned) -> None:
        """What `stage` offers, and nothing is kept."""
        offer_chosen(session, self.chosen)
        stage_chosen(session, plan, silver, self.bronze)
        if not self.chosen.objects:
            self._read_malformed_again(session, plan)

    def keep(self, writer: Writer, bronze: TableLayout, select: str) -> int:
        """Bronze holds the records already."""
        return self.standing

    @property
    def standing(self) -> int:
        return self.bronze.snapshot_id

    @property
    def list_address(self) -> str | None:
        return self.address

    @property
    def runs(self) -> tuple[str, ...]:
        return self.chosen.runs

    def _read_malformed_again(self, session: Session, plan: Plan) -> None:
        """Another dialect may read what the former could not: each malformed record under its object's header."""
        rows = session.connection.execute(
            "SELECT object_number, source_file_id, source_row, raw, attempt_count FROM staged JOIN objects USING "
            "(object_number) WHERE malformed IS NOT NULL ORDER BY ALL"
        ).fetchall()
        headers: dict[str, tuple[str, ...] | None] = {}
        for number, source_file_id, row, raw, attempts in rows:
            if source_file_id not in headers:
                headers[source_file_id] = self._header(source_file_id, plan)
            header = headers[source_file_id]
            columns = [column.header for column in plan.columns]
            records = None if header is None else reread(raw, header, plan.dialect, columns)
            if records is None:
                continue
            session.connection.execute("DELETE FROM staged WHERE object_number = $1 AND source_row = $2", [number, row])
            with records:
                insert_records(session, plan, number, records, place=str(row), attempts=attempts, entered=True)

    def _header(self, source_file_id: str, plan: Plan) -> tuple[str, ...] | None:
        try:
            with self.open_object(source_file_id).open() as stream, open_records(stream, plan.dialect) as records:
                return records.header
        except UnreadableObject:
            return None


def bronze_of(lake: Lake, tables: SourceTables, chosen: Replay) -> Planned:
    """The files of Bronze that hold the chosen records."""
    return lake.plan(tables.bronze, where=of_runs(chosen.runs))


def offer_chosen(session: Session, chosen: Replay) -> None:
    """The relations `chosen_entries` and `chosen_objects`."""
    entries = [(one, row, position) for one, listed in sorted(chosen.entries.items()) for row, position in listed]
    names = ("source_file_id", "source_row", "last_position")
    types = (pa.string(), pa.int64(), pa.int64())
    columns = list(zip(*entries, strict=True)) or [(), (), ()]
    table = pa.table([pa.array(c, t) for c, t in zip(columns, types, strict=True)], names)
    session.keep("chosen_entries", table)
    session.keep("chosen_objects", pa.table({"source_file_id": pa.array(chosen.objects, pa.string())}))


def stage_chosen(session: Session, plan: Plan, silver: Planned, bronze: Planned, *, condemned: bool = False) -> None:
    """`staged`, `objects`, `entry`, `own`, `failed_before` and `tries` of what is chosen.

    With `condemned` also the records that were given up: to see what would become of them.
    """
    create_staged(session, plan)
    session.read("bronze_rows", bronze)
    session.read("silver_rows", silver)
    known = {one.name for one in bronze.schema.fields}
    for statement in replay.gathering(condemned=condemned):
        session.connection.execute(statement)
    _follow_paths(session, replay.members(plan, known))
    for statement in replay.staging(plan, known):
        session.connection.execute(statement)


def _follow_paths(session: Session, members: str | None) -> None:
    """Fill FOLLOWED: no SQL of the engine gives JSON's numbers as they are written."""
    session.connection.execute(f"CREATE TABLE {replay.FOLLOWED} (text VARCHAR, path VARCHAR, found VARCHAR)")
    if members is None:
        return
    with session.beside() as other:
        asked = other.connection.execute(members)
        while pairs := asked.fetchmany(_AT_ONCE):
            found = [(text, path, text_at(text, record_path(path)[1:])) for text, path in pairs]
            columns = [pa.array(column, pa.string()) for column in zip(*found, strict=True)]
            session.connection.register("found_rows", pa.table(columns, ["text", "path", "found"]))
            session.connection.execute(f"INSERT INTO {replay.FOLLOWED} SELECT * FROM found_rows")
            session.connection.unregister("found_rows")
