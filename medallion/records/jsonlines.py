"""JSON lines: a record on each line.

A line ends at LF or CRLF; the last needs no end. A line of blanks is no record. What is wrong with a line is that
line's matter alone: it is malformed, with its bytes. A line over `Limits.record_bytes` cannot be kept: the object is
refused.
"""

from __future__ import annotations

from collections.abc import Iterator

from medallion.contracts.model import Dialect
from medallion.errors import UnreadableObject
from medallion.records.encoding import transcoder
from medallion.records.jsontext import Entry, JsonText
from medallion.records.limits import Limits
from medallion.records.source import ByteSource

_BLANKS = b" \t\r"


class LineEntries:
    """The records of an object of JSON lines, to be iterated once."""

    def __init__(self, source: ByteSource, dialect: Dialect, limits: Limits, chunk_bytes: int) -> None:
        self._source = source
        self._transcoder = transcoder(dialect.encoding)
        self._json = JsonText(dialect.encoding, limits)
        self._limits = limits
        self._chunk_bytes = max(chunk_bytes, 4)  # so that a byte order mark arrives whole
        self._number = 0

    def __iter__(self) -> Iterator[Entry]:
        for line in self._lines():
            if line.strip(_BLANKS):
                self._refuse_excess(len(line))
                self._number += 1
                yield self._entry(line)
        if not self._number:
            raise UnreadableObject("the object is empty; it needs a record, or need not be sent")

    def _lines(self) -> Iterator[bytes]:
        """The lines, as UTF-8, without their ends."""
        pieces: list[bytes] = []
        final = False
        while not final:
            data = self._source.read(self._chunk_bytes)
            final = len(data) < self._chunk_bytes
            text = self._transcoder.feed(data) + (self._transcoder.finish() if final else b"")
            *ended, rest = text.split(b"\n")
            for line in ended:
                pieces.append(line)
                yield b"".join(pieces).removesuffix(b"\r")
                pieces = []
            pieces.append(rest)
            self._refuse_excess(sum(map(len, pieces)) - len("\r"))
        yield b"".join(pieces).removesuffix(b"\r")

    def _entry(self, line: bytes) -> Entry:
        raw = self._transcoder.restore(line)
        try:
            text = line.decode()
        except UnicodeDecodeError:
            return Entry(raw, {}, self._json.undecodable)
        value, fault = self._json.decode(text)
        return Entry(raw, {} if fault else value, fault)

    def _refuse_excess(self, size: int) -> None:
        if size > self._limits.record_bytes:
            raise UnreadableObject(
                f"record {self._number + 1} is longer than {self._limits.record_bytes} bytes; "
                "is each record on a line of its own?"
            )
