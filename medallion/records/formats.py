"""The one way in: an object's bytes, read as the contract's dialect says."""

from __future__ import annotations

from collections.abc import Sequence

from medallion.contracts.model import Dialect, Format
from medallion.records.delimited import DelimitedRecords
from medallion.records.jsondocument import DocumentEntries
from medallion.records.jsonlines import LineEntries
from medallion.records.jsonrecords import JsonRecords
from medallion.records.limits import DEFAULT_LIMITS, MIB, Limits
from medallion.records.parquet import ParquetRecords
from medallion.records.source import ByteSource, Readable
from medallion.records.stream import RecordStream


def open_records(
    stream: Readable,
    dialect: Dialect,
    limits: Limits = DEFAULT_LIMITS,
    batch_rows: int = 65_536,
    chunk_bytes: int = 4 * MIB,
    columns: Sequence[str] = (),
) -> RecordStream:
    """Read the header of `stream` and return its records, to be iterated once and closed.

    `columns` are the names by which the contract finds its columns: in JSON they are paths. The stream is read front to
    back and stays the caller's to close. Memory is bounded by a few chunks, a batch and `limits.record_bytes`; JSON and
    Parquet are spooled to a temporary file. The records do not depend on `chunk_bytes`. Raises UnreadableObject.
    """
    match dialect.format:
        case Format.CSV:
            return DelimitedRecords(stream, dialect, limits, batch_rows, chunk_bytes)
        case Format.PARQUET:
            return ParquetRecords(ByteSource(stream, "none", limits, text=False), limits, batch_rows)
        case Format.JSONL:
            source = ByteSource(stream, dialect.compression, limits)
            return JsonRecords(source, LineEntries(source, dialect, limits, chunk_bytes), columns, limits, batch_rows)
        case Format.JSON:
            source = ByteSource(stream, dialect.compression, limits)
            entries = DocumentEntries(source, dialect, limits, chunk_bytes)
            return JsonRecords(source, entries, columns, limits, batch_rows)
