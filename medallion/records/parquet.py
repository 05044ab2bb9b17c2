"""Parquet objects, as numbered records: every column as text.

A Parquet file is read from its end: it is spooled to a temporary file first. A record is numbered by its place in the
file. Text columns travel as dictionaries until a batch is given out, so that a long value that a small file repeats
often is not written out often at once.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from medallion.errors import UnreadableObject
from medallion.records.batches import batch_schema, even_batches
from medallion.records.limits import MIB, Limits
from medallion.records.rendering import Rendered, rendered
from medallion.records.source import ByteSource
from medallion.records.stream import RecordStream, checked_header

_TEXTS = ("STRING", "JSON", "ENUM", "NONE")
"""Parquet's logical types of text, and bytes that have none."""

_PIECE_BYTES = 4 * MIB
_PIECE_ROWS = 4096
_BATCH_BYTES = 32 * MIB


class ParquetRecords(RecordStream):
    """The records of one Parquet object. A value that is no text, or too long, makes its record malformed.

    A record has no bytes of its own: `raw` is null, and where the record is malformed it is each name and value with
    its length before it.
    """

    def __init__(self, source: ByteSource, limits: Limits, batch_rows: int) -> None:
        self._source = source
        self._limits = limits
        self._batch_rows = batch_rows
        self._bytes_out = 0
        self._spooled = tempfile.TemporaryFile()  # noqa: SIM115  # it lives as long as the stream
        try:
            self._copy()
            self._file = self._open()
            self.header = checked_header(self._file.schema_arrow.names, limits)
            if not self.header:
                raise UnreadableObject("the Parquet object has no column; upload one that has")
        except BaseException:
            self.close()
            raise
        self.schema = batch_schema(len(self.header))

    @property
    def bytes_read(self) -> int:
        return self._source.bytes_read

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        return even_batches(self._batches(), self._batch_rows)

    def close(self) -> None:
        self._spooled.close()

    # --- the file

    def _copy(self) -> None:
        head = b""
        while piece := self._source.read(_PIECE_BYTES):
            head = head or piece[:8]
            self._spooled.write(piece)
        if not head:
            raise UnreadableObject("the object is empty; upload it again, whole")
        if not head.startswith((b"PAR1", b"PARE")):
            raise UnreadableObject(
                "the object is not Parquet; upload one that is, or declare its format in the contract"
            )
        self._spooled.flush()

    def _open(self) -> pq.ParquetFile:
        try:
            plain = pq.ParquetFile(self._spooled)
            texts = [
                column.path
                for column in map(plain.schema.column, range(len(plain.schema)))
                if column.physical_type == "BYTE_ARRAY" and column.logical_type.type in _TEXTS
            ]
            self._refuse_excess(plain.metadata)
            return pq.ParquetFile(
                self._spooled, read_dictionary=texts, page_checksum_verification=True, pre_buffer=False
            )
        except (pa.ArrowException, OSError) as error:
            raise _broken(error) from error

    def _refuse_excess(self, metadata: pq.FileMetaData) -> None:
        declared = sum(
            metadata.row_group(group).column(column).total_uncompressed_size
            for group in range(metadata.num_row_groups)
            for column in range(metadata.num_columns)
        )
        limits = self._limits
        if declared > limits.object_bytes:
            raise UnreadableObject(
                f"the object holds more than {limits.object_bytes} bytes; deliver it as several objects"
            )
        if declared > limits.ratio_from_bytes and declared > self.bytes_read * limits.ratio:
            raise UnreadableObject(
                f"the object unpacks to more than {limits.ratio} times its size, as a decompression bomb does; "
                "write it without compression if it is genuine"
            )

    # --- the records

    def _batches(self) -> Iterator[pa.RecordBatch]:
        pieces = self._pieces()
        while True:
            try:
                piece = next(pieces, None)
            except (pa.ArrowException, OSError) as error:
                raise _broken(error) from error
            if piece is None:
                break
            yield piece
        self.close()

    def _pieces(self) -> Iterator[pa.RecordBatch]:
        for batch in self._file.iter_batches(batch_size=min(_PIECE_ROWS, self._batch_rows)):
            yield from self._parts(batch)

    def _parts(self, batch: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
        """The batch, in parts that hold no more text than a batch should."""
        begin = held = 0
        for row, size in enumerate(_text_sizes(batch)):
            if row > begin and held + size > _BATCH_BYTES:
                yield self._records(batch.slice(begin, row - begin))
                begin, held = row, 0
            held += size
        if begin < batch.num_rows:
            yield self._records(batch.slice(begin))

    def _records(self, part: pa.RecordBatch) -> pa.RecordBatch:
        columns = [rendered(column) for column in part.columns]
        faults = self._faults(columns)
        raws: list[bytes | None] = [None] * part.num_rows
        for row in faults:
            raws[row] = self._raw(columns, row)
        texts = [column.texts for column in columns]
        if faults:
            well_formed = pa.array([row not in faults for row in range(part.num_rows)])
            texts = [pc.if_else(well_formed, text, pa.scalar(None, pa.string())) for text in texts]
        self._bytes_out += sum(text.nbytes for text in texts)
        if self._bytes_out > self._limits.object_bytes:
            raise UnreadableObject(
                f"the object holds more than {self._limits.object_bytes} bytes of text; deliver it as several objects"
            )
        first = self.rows + 1
        self.rows += part.num_rows
        return pa.RecordBatch.from_arrays(
            [
                pa.array(range(first, self.rows + 1), pa.int64()),
                pa.array(raws, pa.binary()),
                pa.array([faults.get(row) for row in range(part.num_rows)], pa.string()),
                *texts,
            ],
            schema=self.schema,
        )

    def _faults(self, columns: list[Rendered]) -> dict[int, str]:
        """The malformed records of a part, by their place in it."""
        limit = self._limits.cell_bytes
        faults: dict[int, str] = {}
        for column in columns:
            faults |= dict.fromkeys(column.undecodable, "bytes that are not utf-8")
            if len(column.texts) and (pc.max(pc.binary_length(column.texts)).as_py() or 0) > limit:
                lengths = pc.binary_length(column.texts).to_pylist()
                faults |= {
                    row: f"a value longer than {limit} bytes" for row, size in enumerate(lengths) if (size or 0) > limit
                }
        return faults

    def _raw(self, columns: list[Rendered], row: int) -> bytes:
        parts = []
        for name, column in zip(self.header, columns, strict=True):
            value = column.undecodable.get(row)
            if value is None:
                text = column.texts[row].as_py()
                value = None if text is None else text.encode()
            if value is not None:
                parts += [_length_prefixed(name.encode()), _length_prefixed(value)]
        raw = b"".join(parts)
        if len(raw) > self._limits.record_bytes:
            raise UnreadableObject(
                f"a record is longer than {self._limits.record_bytes} bytes; "
                "deliver long values as objects of their own"
            )
        return raw


def _length_prefixed(part: bytes) -> bytes:
    return b"%d:%s" % (len(part), part)


def _text_sizes(batch: pa.RecordBatch) -> list[int]:
    """About how many bytes of text each record will have."""
    sizes = pa.array([0] * batch.num_rows, pa.int64())
    for column in batch.columns:
        if pa.types.is_dictionary(column.type):
            lengths = pc.binary_length(column.dictionary).cast(pa.int64()).take(column.indices)
            sizes = pc.add(sizes, pc.fill_null(lengths, 0))
        else:
            sizes = pc.add(sizes, column.nbytes // max(batch.num_rows, 1))
    found: list[int] = sizes.to_pylist()
    return found


def _broken(error: Exception) -> UnreadableObject:
    """What Arrow says of it may hold a value: it is not told."""
    if "encrypt" in str(error).lower() or "decrypt" in str(error).lower():
        return UnreadableObject("the Parquet object is encrypted; upload it without Parquet's own encryption")
    return UnreadableObject("the Parquet object is truncated or damaged; upload it again, whole")
