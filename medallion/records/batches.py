"""Records as Arrow batches: their columns, how records fill them, and how batches get an even size."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import pyarrow as pa
import pyarrow.compute as pc

from medallion.records.grammar import Scanned
from medallion.records.limits import MIB

SOURCE_ROW = "source_row"
RAW = "raw"
MALFORMED = "malformed"

_RECORD_COLUMNS = (
    pa.field(SOURCE_ROW, pa.int64(), nullable=False),
    pa.field(RAW, pa.binary(), nullable=False),
    pa.field(MALFORMED, pa.string()),
)

_BATCH_BYTES = 32 * MIB
"""A batch of long records is closed early: its memory stays bounded, and 32-bit offsets are enough."""


def value_column(position: int) -> str:
    """The name of the batch column that holds the header's field at `position`, from 0."""
    return f"value_{position}"


def batch_schema(columns: int) -> pa.Schema:
    """The columns of every batch of an object whose header has `columns` fields."""
    return pa.schema(
        [*_RECORD_COLUMNS, *(pa.field(value_column(position), pa.string()) for position in range(columns))]
    )


def build_batch(
    schema: pa.Schema, first_row: int, *, raws: pa.Array, malformed: pa.Array, flat: pa.Array, slots: pa.Array
) -> pa.RecordBatch:
    """A batch of len(raws) records, numbered from `first_row`.

    `flat` holds the values of the well-formed records one after the other; `slots` says for each record where its
    first value stands in `flat`, null for a malformed one.
    """
    rows = pa.array(range(first_row, first_row + len(raws)), pa.int64())
    columns = len(schema) - len(_RECORD_COLUMNS)
    values = [flat.take(pc.add(slots, position)) for position in range(columns)]
    return pa.RecordBatch.from_arrays([rows, raws, malformed, *values], schema=schema)


def unquoted_values(written: pa.StringArray) -> pa.StringArray:
    """Fields as they are written → their values, where none is quoted: an empty field is null."""
    return pc.if_else(pc.equal(pc.binary_length(written), 0), pa.scalar(None, pa.string()), written)


def values_of(written: pa.StringArray, quote: str) -> pa.StringArray:
    """Fields as they are written → their values: an empty field is null, and quotes come off."""
    values = unquoted_values(written)
    quoted = pc.starts_with(written, quote)
    if not pc.any(quoted).as_py():
        return values
    inner = pc.replace_substring(pc.utf8_slice_codeunits(written, 1, -1), quote * 2, quote)
    return pc.if_else(quoted, inner, values)


class ScannedRecords:
    """Gathers records from the exact scanner until they are worth a batch."""

    def __init__(self, schema: pa.Schema, quote: str, batch_rows: int) -> None:
        self._schema = schema
        self._quote = quote
        self._batch_rows = batch_rows
        self._clear()

    def _clear(self) -> None:
        self._raws: list[bytes] = []
        self._malformed: list[str | None] = []
        self._slots: list[int | None] = []
        self._fields: list[bytes] = []
        self._bytes = 0

    def __len__(self) -> int:
        return len(self._raws)

    @property
    def full(self) -> bool:
        return len(self._raws) >= self._batch_rows or self._bytes >= _BATCH_BYTES

    def add(self, raw: bytes, record: Scanned) -> None:
        self._raws.append(raw)
        self._malformed.append(record.malformed)
        self._slots.append(None if record.malformed else len(self._fields))
        self._fields += record.fields
        self._bytes += len(raw)

    def drain(self, first_row: int) -> pa.RecordBatch:
        """What was gathered, as a batch; begins anew."""
        batch = build_batch(
            self._schema,
            first_row,
            raws=pa.array(self._raws, pa.binary()),
            malformed=pa.array(self._malformed, pa.string()),
            flat=values_of(pa.array(self._fields, pa.string()), self._quote),
            slots=pa.array(self._slots, pa.int64()),
        )
        self._clear()
        return batch


def even_batches(batches: Iterable[pa.RecordBatch], batch_rows: int) -> Iterator[pa.RecordBatch]:
    """The same records in batches of `batch_rows`; fewer where they are large, and in the last."""
    held: list[pa.RecordBatch] = []
    rows = size = 0
    for batch in batches:
        held.append(batch)
        rows += batch.num_rows
        size += batch.nbytes
        if rows < batch_rows and size < _BATCH_BYTES:
            continue
        whole = held[0] if len(held) == 1 else pa.concat_batches(held)
        even = rows - rows % batch_rows if size < _BATCH_BYTES else rows
        for begin in range(0, even, batch_rows):
            yield whole.slice(begin, min(batch_rows, even - begin))
        rest = whole.slice(even)
        held, rows, size = ([rest], rest.num_rows, rest.nbytes) if rest.num_rows else ([], 0, 0)
    if rows:
        yield pa.concat_batches(held)
