"""Records on disk, between the reading that finds their names and the one that gives them out."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence

import pyarrow as pa

from medallion.records.batches import MALFORMED, RAW
from medallion.records.limits import MIB

_BATCH_BYTES = 32 * MIB
_BATCH_CELLS = 4_000_000
"""A batch of long or of wide records is closed early."""

_COMPRESSED = pa.ipc.IpcWriteOptions(compression="lz4")


class Spool:
    """A temporary file of batches. `names` are the values' names, in the order in which they turned up."""

    def __init__(self, batch_rows: int) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115  # it lives as long as the spool
        self._batch_rows = batch_rows
        self._begins: list[int] = []
        self.names: dict[str, None] = {}
        self._clear()

    def _clear(self) -> None:
        self._raws: list[bytes] = []
        self._malformed: list[str | None] = []
        self._values: dict[str, list[str | None]] = {}
        self._size = 0

    def add(self, raw: bytes, malformed: str | None, values: dict[str, str | None]) -> None:
        """One record more."""
        row = len(self._raws)
        self._raws.append(raw)
        self._malformed.append(malformed)
        self._size += len(raw)
        for name, value in values.items():
            held = self._values.get(name)
            if held is None:
                held = self._values[name] = []
                self.names[name] = None
            if missing := row - len(held):
                held += [None] * missing
            held.append(value)
            if value is not None:
                self._size += len(value)
        rows = row + 1
        if rows >= self._batch_rows or self._size >= _BATCH_BYTES or rows * len(self._values) >= _BATCH_CELLS:
            self.finish()

    def finish(self) -> None:
        """Write what is gathered."""
        if not self._raws:
            return
        rows = len(self._raws)
        columns = {RAW: pa.array(self._raws, pa.binary()), MALFORMED: pa.array(self._malformed, pa.string())}
        for name, held in self._values.items():
            # A name of a value and one of ours may be the same: the values' have a mark before them.
            columns[f".{name}"] = pa.array(held + [None] * (rows - len(held)), pa.string())
        batch = pa.RecordBatch.from_pydict(columns)
        self._begins.append(self._file.tell())
        with pa.ipc.new_stream(self._file, batch.schema, options=_COMPRESSED) as writer:
            writer.write_batch(batch)
        self._clear()

    def batches(self, names: Sequence[str], schema: pa.Schema) -> Iterator[pa.RecordBatch]:
        """The records, numbered from 1, with a column of `schema` for each of `names`."""
        first = 1
        for begin in self._begins:
            self._file.seek(begin)
            with pa.ipc.open_stream(self._file) as reader:
                batch = reader.read_next_batch()
            rows = batch.num_rows
            found = dict(zip(batch.schema.names, batch.columns, strict=True))
            values = [found.get(f".{name}") for name in names]
            nulls = pa.nulls(rows, pa.string())
            yield pa.RecordBatch.from_arrays(
                [
                    pa.array(range(first, first + rows), pa.int64()),
                    found[RAW],
                    found[MALFORMED],
                    *(nulls if value is None else value for value in values),
                ],
                schema=schema,
            )
            first += rows

    def close(self) -> None:
        self._file.close()
