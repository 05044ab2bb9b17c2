"""The exact scanner: where a record ends, what its fields are, or why it is malformed.

RFC 4180 under the contract's delimiter and quote, with its open points decided as follows.

- A record ends at CRLF, LF or a lone CR outside a quoted field; ends may be mixed. The last record needs no end.
- A quote has its meaning only as a field's first character. Elsewhere in an unquoted field it is an ordinary character.
- An unquoted empty field is null; a quoted empty field is the empty string.
- **Text after a closing quote** makes the record malformed. The text belongs to that field up to the next delimiter or
  line end, and the record's other fields are read as usual, so its neighbours stay whole.
- **A quoted field that does not end** runs to the end of the object, as the format says: no line after the quote can be
  known to be a record, and taking lines out of an open cell would let a cell's text pass as records. All of it is one
  malformed record with all of its raw bytes. Where that is more than `Limits.record_bytes`, the object is refused.
- Bytes that cannot be decoded, a field over `Limits.cell_bytes` and a wrong number of fields make the record malformed
  and move no neighbour.
- NUL is a character like any other.

Records and their number are those of Python's csv module with the same delimiter and quote.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from medallion.contracts.model import Dialect
from medallion.records.limits import Limits

UNBALANCED_QUOTE = "a quoted field does not end"
TEXT_AFTER_QUOTE = "text after a closing quote"


def wrong_field_count(expected: int, found: object) -> str:
    return f"expected {expected} fields, found {found}"


class Scanned(NamedTuple):
    """One record within a buffer: its text is [begin, end), the next record begins at `next`.

    `fields` holds the fields as they are written, quotes included; nothing if the record is `malformed`, which is the
    reason.
    """

    end: int
    next: int
    fields: Sequence[bytes]
    malformed: str | None


class Grammar:
    """The scanner for one object. `columns` is the header's width; 0 while the header itself is read."""

    def __init__(self, dialect: Dialect, limits: Limits, columns: int = 0) -> None:
        self.delimiter = dialect.delimiter.encode()
        self.quote = dialect.quote.encode()
        self.columns = columns
        self._cell_bytes = limits.cell_bytes
        self._undecodable = f"bytes that are not {dialect.encoding}"
        self._line_end = re.compile(rb"\r\n?|\n")
        self._stop = re.compile(re.escape(self.delimiter) + rb"|\r\n?|\n")
        self._quotes = re.compile(b"(?:" + re.escape(self.quote) + b")+")
        self._well_formed = self._record_pattern() if columns else None

    def _record_pattern(self) -> re.Pattern[bytes] | None:
        """A record of the right width that has nothing wrong, as one expression: quicker than field by field.

        Every repetition is possessive, so that a record which does not match costs one look.
        """
        if len(self.delimiter) > 1 or len(self.quote) > 1:
            return None
        delimiter, quote = re.escape(self.delimiter), re.escape(self.quote)
        quoted = quote + b"[^" + quote + b"]*+(?:" + quote * 2 + b"[^" + quote + b"]*+)*+" + quote
        unquoted = b"[^" + quote + delimiter + rb"\r\n][^" + delimiter + rb"\r\n]*+"
        field = b"(" + quoted + b"|" + unquoted + b"|)"
        return re.compile(delimiter.join([field] * self.columns) + rb"(\r\n?|\n)")

    def scan(self, data: bytes, begin: int, *, final: bool) -> Scanned | None:
        """The record that begins at `begin`; None where the buffer ends before it can be known, never with `final`."""
        line = self._line_end.search(data, begin)
        if line is None and not final:
            return None
        end, following = line.span() if line else (len(data), len(data))
        if data.find(self.quote, begin, end) < 0:
            if self._awaits_line_feed(data, following, final=final):
                return None
            text = data[begin:end]
            return self._judge(text, end, following, text.split(self.delimiter))
        record = self._well_formed.match(data, begin) if self._well_formed else None
        if record is None:
            return self._scan_fields(data, begin, final=final)
        *fields, line_end = record.groups()
        following = record.end()
        if self._awaits_line_feed(data, following, final=final):
            return None
        end = following - len(line_end)
        return self._judge(data[begin:end], end, following, fields)

    def values(self, header: Scanned) -> list[str]:
        """A well-formed record's fields as text, without their quotes; a null is ""."""
        quote = self.quote.decode()
        texts = [field.decode() for field in header.fields]
        return [text[1:-1].replace(quote * 2, quote) if text.startswith(quote) else text for text in texts]

    @staticmethod
    def _awaits_line_feed(data: bytes, following: int, *, final: bool) -> bool:
        """Whether the line end before `following` may be the first half of a CRLF that the buffer does not hold yet."""
        return following == len(data) and not final and data.endswith(b"\r")

    def _scan_fields(self, data: bytes, begin: int, *, final: bool) -> Scanned | None:
        """As `scan`, field by field."""
        fields: list[bytes] = []
        malformed = None
        at = begin
        while True:
            closed = at
            if data.startswith(self.quote, at):
                closed = self._past_closing_quote(data, at + len(self.quote))
                if closed < 0:
                    return Scanned(len(data), len(data), (), UNBALANCED_QUOTE) if final else None
            stop = self._stop.search(data, closed)
            if stop is None and not final:
                return None
            end, following = stop.span() if stop else (len(data), len(data))
            if at < closed < end:
                malformed = TEXT_AFTER_QUOTE
            fields.append(data[at:end])
            if stop is None or stop.group() != self.delimiter:
                if self._awaits_line_feed(data, following, final=final):
                    return None
                return self._judge(data[begin:end], end, following, fields, malformed)
            at = following

    def _past_closing_quote(self, data: bytes, opened: int) -> int:
        """Where the quoted field ends whose text begins at `opened`; -1 if it does not end within the buffer.

        Doubled quotes are text, so the closing quote is the last of the first run of an odd number of quotes.
        """
        for run in self._quotes.finditer(data, opened):
            if len(run.group()) // len(self.quote) % 2:
                return run.end()
        return -1

    def _judge(
        self, text: bytes, end: int, following: int, fields: Sequence[bytes], malformed: str | None = None
    ) -> Scanned:
        """The record whose extent is known, with the first of its faults."""
        try:
            text.decode()
        except UnicodeDecodeError:
            malformed = malformed or self._undecodable
        if len(text) > self._cell_bytes and max(map(len, fields)) > self._cell_bytes:
            malformed = malformed or f"a field longer than {self._cell_bytes} bytes"
        if self.columns and len(fields) != self.columns:
            malformed = malformed or wrong_field_count(self.columns, len(fields))
        return Scanned(end, following, () if malformed else fields, malformed)
