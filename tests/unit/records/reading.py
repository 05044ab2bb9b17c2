"""Reads an object for a test: every record as a plain tuple."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import NamedTuple

from medallion.contracts.model import Dialect
from medallion.records import Limits, open_records
from medallion.records.limits import MIB


class Read(NamedTuple):
    """One record as the parser gave it."""

    row: int
    raw: bytes
    malformed: str | None
    values: tuple[str | None, ...]


def read(
    data: bytes,
    dialect: Dialect | None = None,
    *,
    limits: Limits | None = None,
    batch_rows: int = 1000,
    chunk_bytes: int = 4 * MIB,
    columns: Sequence[str] = (),
) -> list[Read]:
    """All records of `data`. The numbers must be 1, 2, 3 …, and the stream's count their number."""
    return read_whole(
        data, dialect, limits=limits, batch_rows=batch_rows, chunk_bytes=chunk_bytes, columns=columns
    ).records


class Whole(NamedTuple):
    """An object as the parser gave it."""

    header: tuple[str, ...]
    records: list[Read]

    def named(self) -> list[dict[str, str]]:
        """Each record's values by their names, nulls left out."""
        return [
            {name: value for name, value in zip(self.header, record.values, strict=True) if value is not None}
            for record in self.records
        ]


def read_whole(
    data: bytes,
    dialect: Dialect | None = None,
    *,
    limits: Limits | None = None,
    batch_rows: int = 1000,
    chunk_bytes: int = 4 * MIB,
    columns: Sequence[str] = (),
) -> Whole:
    """As `read`, with the header."""
    found: list[Read] = []
    with open_records(
        io.BytesIO(data),
        dialect or Dialect(),
        limits or Limits(),
        batch_rows=batch_rows,
        chunk_bytes=chunk_bytes,
        columns=columns,
    ) as stream:
        for batch in stream:
            batch.validate(full=True)
            assert 0 < batch.num_rows <= batch_rows
            for row, raw, malformed, *values in zip(*(column.to_pylist() for column in batch.columns), strict=True):
                found.append(Read(row, raw, malformed, tuple(values)))
        assert [record.row for record in found] == list(range(1, stream.rows + 1))
        assert stream.bytes_read == len(data)
        return Whole(stream.header, found)


def values(records: list[Read]) -> list[tuple[str | None, ...]]:
    """The records' values alone."""
    return [record.values for record in records]


def reasons(records: list[Read]) -> list[str | None]:
    """Why each record is malformed; None where it is not."""
    return [record.malformed for record in records]
