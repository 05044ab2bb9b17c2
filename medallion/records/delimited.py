"""CSV objects: text of fields between delimiters, as numbered records."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa

from medallion.contracts.model import Dialect
from medallion.errors import UnreadableObject
from medallion.records.batches import ScannedRecords, batch_schema, even_batches
from medallion.records.encoding import transcoder
from medallion.records.grammar import Grammar, Scanned
from medallion.records.limits import Limits
from medallion.records.lines import WORTHWHILE, LineSplitter, lines_batch, without_blanks
from medallion.records.source import ByteSource, Readable
from medallion.records.stream import RecordStream, checked_header


class DelimitedRecords(RecordStream):
    """The records of a CSV object. A null is an unquoted empty field.

    Blank lines are not records, save in an object of one column, where they are its nulls.
    """

    def __init__(self, stream: Readable, dialect: Dialect, limits: Limits, batch_rows: int, chunk_bytes: int) -> None:
        self._source = ByteSource(stream, dialect.compression, limits)
        self._transcoder = transcoder(dialect.encoding)
        self._limits = limits
        self._batch_rows = batch_rows
        self._chunk_bytes = max(chunk_bytes, 4)  # so that a byte order mark arrives whole
        self._buffer = b""
        self._at = 0
        self._final = False
        self.header = self._read_header(Grammar(dialect, limits))
        self._one_column = len(self.header) == 1
        self._grammar = Grammar(dialect, limits, len(self.header))
        self._splitter = LineSplitter(
            self._grammar.quote, min(limits.cell_bytes, limits.record_bytes), min(WORTHWHILE, chunk_bytes // 2)
        )
        self.schema = batch_schema(len(self.header))

    @property
    def bytes_read(self) -> int:
        return self._source.bytes_read

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        return even_batches(self._batches(), self._batch_rows)

    # --- the header

    def _read_header(self, grammar: Grammar) -> tuple[str, ...]:
        """The first record that is not a blank line."""
        while record := self._next_record(grammar):
            size = record.end - self._at
            self._at = record.next
            if record.malformed:
                raise UnreadableObject(
                    f"the header cannot be read: {record.malformed}; correct it, or the contract's dialect"
                )
            if size:
                return checked_header(grammar.values(record), self._limits)
        raise UnreadableObject("the object is empty; it needs a header line that names its columns")

    # --- the records

    def _batches(self) -> Iterator[pa.RecordBatch]:
        """Stretches of plain lines on the fast path, what lies between them record by record."""
        scanned = ScannedRecords(self.schema, self._grammar.quote.decode(), self._batch_rows)
        while self._at < len(self._buffer) or not self._final:
            stretch = self._splitter.find(self._buffer, self._at, final=self._final)
            if stretch.lines is None:
                self._scan_past(stretch.end, scanned)
            if len(scanned) and (stretch.lines is not None or scanned.full):
                yield scanned.drain(self.rows - len(scanned) + 1)
            if stretch.lines is not None:
                self._at = stretch.end
                yield self._plain_batch(stretch.lines)
        if len(scanned):
            yield scanned.drain(self.rows - len(scanned) + 1)

    def _plain_batch(self, lines: pa.StringArray) -> pa.RecordBatch:
        lines = lines if self._one_column else without_blanks(lines)
        self.rows += len(lines)
        return lines_batch(self.schema, self.rows - len(lines) + 1, lines, self._grammar, self._transcoder)

    def _scan_past(self, end: int, scanned: ScannedRecords) -> None:
        """Scan records until one goes past `end`, `scanned` is full, or the buffer had to be filled anew."""
        buffer = self._buffer
        while self._at <= end and not scanned.full and (record := self._next_record(self._grammar)):
            if record.end > self._at or self._one_column:
                scanned.add(self._transcoder.restore(self._buffer[self._at : record.end]), record)
                self.rows += 1
            self._at = record.next
            if self._buffer is not buffer:
                return

    # --- the buffer

    def _next_record(self, grammar: Grammar) -> Scanned | None:
        """The record at the cursor, reading on as needed; None at the object's end."""
        while self._at < len(self._buffer) or not self._final:
            record = grammar.scan(self._buffer, self._at, final=self._final) if self._at < len(self._buffer) else None
            if record:
                self._refuse_excess(record.end - self._at)
                return record
            self._refuse_excess(len(self._buffer) - self._at - len("\r\n"))
            self._fill()
        return None

    def _fill(self) -> None:
        """Read on. A record longer than a chunk is scanned anew after each fill, so each fill doubles what is there."""
        rest = self._buffer[self._at :]
        wanted = max(self._chunk_bytes, len(rest))
        data = self._source.read(wanted)
        self._final = len(data) < wanted
        self._buffer = rest + self._transcoder.feed(data) + (self._transcoder.finish() if self._final else b"")
        self._at = 0

    def _refuse_excess(self, size: int) -> None:
        if size > self._limits.record_bytes:
            raise UnreadableObject(
                f"record {self.rows + 1} is longer than {self._limits.record_bytes} bytes, or a quote in it has no "
                "closing quote and takes up all that follows; correct that record, or the contract's dialect"
            )
