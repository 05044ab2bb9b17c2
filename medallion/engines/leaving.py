"""A table's rows as plain Parquet, for those who take them elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pyarrow.parquet as pq

from medallion.engines.iceberg import Lake
from medallion.engines.mainline import main_of
from medallion.layout import TableLayout

ROWS_A_PART = 1_000_000


class Part(NamedTuple):
    """A file that was written, and its rows."""

    file: Path
    rows: int


class Contents(NamedTuple):
    """What main holds: its snapshot, how many rows that says it has, its schema as Iceberg spells it."""

    snapshot: int
    rows: int
    schema: str


def contents(lake: Lake, layout: TableLayout) -> Contents:
    table = lake.load(layout)
    snapshot = main_of(table).snapshot_id
    return Contents(snapshot, lake.rows(layout, snapshot), table.schema().model_dump_json())


def write_parts(lake: Lake, layout: TableLayout, snapshot: int, folder: Path) -> Iterator[Part]:
    """Write the snapshot's rows into `folder`, one file after the other; each may be removed once it was handed over.

    An empty table is one file of no rows.
    """
    batches = lake.load(layout).scan(snapshot_id=snapshot).to_arrow_batch_reader()
    number, rows, writer, file = 0, 0, None, folder / "part-00000.parquet"
    for batch in batches:
        if writer is None:
            file = folder / f"part-{number:05d}.parquet"
            writer = pq.ParquetWriter(file, batches.schema, compression="zstd")
        writer.write_batch(batch)
        rows += batch.num_rows
        if rows >= ROWS_A_PART:
            writer.close()
            yield Part(file, rows)
            number, rows, writer = number + 1, 0, None
    if writer is not None or number == 0:
        (writer or pq.ParquetWriter(file, batches.schema, compression="zstd")).close()
        yield Part(file, rows)


def rows_of(file: Path) -> int:
    """How many rows a Parquet file says it has."""
    return int(pq.read_metadata(file).num_rows)
