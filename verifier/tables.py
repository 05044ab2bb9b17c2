"""Iceberg tables, read by pyiceberg and Arrow in batches: rows by run and object, and the line of snapshots."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from pyiceberg.exceptions import NoSuchTableError
from pyiceberg.expressions import AlwaysTrue, BooleanExpression, EqualTo, Reference
from pyiceberg.expressions.literals import literal
from pyiceberg.table import Table
from pyiceberg.table.snapshots import Snapshot

from verifier.places import Places

EVERYTHING = AlwaysTrue()


class Lake:
    """A tenant's tables, each loaded once, so that all of a verification sees one state."""

    def __init__(self, places: Places) -> None:
        self._catalog = places.catalog
        self._loaded: dict[tuple[str, str], Table | None] = {}

    def table(self, database: str, name: str) -> Table | None:
        """The table; None if there is none."""
        key = (database, name)
        if key not in self._loaded:
            try:
                self._loaded[key] = self._catalog.load_table(key)
            except NoSuchTableError:
                self._loaded[key] = None
        return self._loaded[key]


def batches(
    table: Table,
    *,
    columns: Sequence[str] | None = None,
    snapshot_id: int | None = None,
    where: BooleanExpression = EVERYTHING,
) -> Iterator[pa.RecordBatch]:
    """The rows of a snapshot (main's newest if none is named), a batch at a time."""
    if snapshot_id is None and table.current_snapshot() is None:
        return
    selected = tuple(name for name in columns if name in table.schema().column_names) if columns else ("*",)
    scan = table.scan(row_filter=where, selected_fields=selected, snapshot_id=snapshot_id)
    yield from scan.to_arrow_batch_reader()


def rows_where(column: str, value: str) -> BooleanExpression:
    """The rows whose column has that value."""
    return EqualTo(term=Reference(column), value=literal(value))


def groups(batch: pa.RecordBatch, names: Sequence[str]) -> Iterator[tuple[tuple[Any, ...], pa.RecordBatch]]:
    """The batch taken apart by the values of these columns; a column that it lacks counts as null."""
    if not names:
        yield (), batch
        return
    name, rest = names[0], names[1:]
    if name not in batch.schema.names:
        for values, part in groups(batch, rest):
            yield (None, *values), part
        return
    column = batch.column(name)
    found = pc.unique(column).to_pylist()
    for value in found:
        part = batch
        if len(found) > 1:
            part = batch.filter(
                pc.is_null(column) if value is None else pc.equal(column, pa.scalar(value, column.type))
            )
        for values, inner in groups(part, rest):
            yield (value, *values), inner


def line_of(table: Table) -> list[Snapshot]:
    """Main's snapshots, the newest first, as far as the table's metadata still names them."""
    found: list[Snapshot] = []
    snapshot = table.current_snapshot()
    while snapshot is not None:
        found.append(snapshot)
        parent = snapshot.parent_snapshot_id
        snapshot = None if parent is None else table.metadata.snapshot_by_id(parent)
    return found


def summary_of(snapshot: Snapshot) -> dict[str, str]:
    """What a snapshot's summary says, its operation included."""
    if snapshot.summary is None:
        return {}
    return {"operation": snapshot.summary.operation.value, **snapshot.summary.additional_properties}
