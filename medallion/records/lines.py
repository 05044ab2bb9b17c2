"""The fast path: plain lines, split all at once by Arrow.

Plain lines hold no quote, have one kind of line end, and are valid UTF-8. For such text RFC 4180 has nothing to decide:
lines are records, and delimiters part fields. So this path is exact by construction; all else goes to the scanner.
"""

from __future__ import annotations

import codecs
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from medallion.records.batches import build_batch, unquoted_values
from medallion.records.encoding import Transcoder
from medallion.records.grammar import Grammar, wrong_field_count
from medallion.records.limits import KIB

WORTHWHILE = 32 * KIB
"""Fewer bytes of plain lines than this are scanned quicker than they are set up for Arrow."""


class Stretch(NamedTuple):
    """What to read next: up to `end` as these plain `lines`; if there are none, with the scanner until past `end`."""

    end: int
    lines: pa.StringArray | None


class LineSplitter:
    """Finds stretches of plain lines in a buffer.

    `line_bytes` is the longest line that it takes: one that no limit can refuse. Stretches under `worthwhile` bytes are
    left to the scanner, and that much is looked at first, so that a buffer full of quotes costs no long searches.
    """

    def __init__(self, quote: bytes, line_bytes: int, worthwhile: int = WORTHWHILE) -> None:
        self._quote = quote
        self._line_bytes = line_bytes
        self._worthwhile = worthwhile

    def find(self, data: bytes, begin: int, *, final: bool) -> Stretch:
        """The stretch at `begin`, which is where a record begins. With `final` the buffer is the object's last."""
        limit = self._plain_until(data, begin, min(begin + self._worthwhile, len(data)), cut=True)
        if limit is None:
            limit = self._plain_until(data, begin, len(data), cut=not final)
        end = len(data) if limit is None and final else data.rfind(b"\n", begin, limit) + 1
        limit = len(data) if limit is None else limit
        if end - begin < self._worthwhile:
            return Stretch(limit, None)
        line_end = _line_end(data, begin, end)
        if line_end is None:
            return Stretch(limit, None)
        text = str(memoryview(data)[begin:end], "utf-8").removesuffix(line_end)
        lines = pc.split_pattern(pa.array([text]), line_end).values
        if pc.max(pc.binary_length(lines)).as_py() > self._line_bytes:
            return Stretch(limit, None)
        return Stretch(end, lines)

    def _plain_until(self, data: bytes, begin: int, end: int, *, cut: bool) -> int | None:
        """Where the first quote or undecodable byte in [begin, end) stands; None if there is none.

        `cut` says that a character may go on after `end`.
        """
        quote = data.find(self._quote, begin, end)
        end = end if quote < 0 else quote
        try:
            codecs.utf_8_decode(memoryview(data)[begin:end], "strict", not cut)
        except UnicodeDecodeError as error:
            return begin + error.start
        return None if quote < 0 else quote


def _line_end(data: bytes, begin: int, end: int) -> str | None:
    """The one kind of line end in [begin, end); None if there are several kinds, or a lone CR."""
    if data.find(b"\r", begin, end) < 0:
        return "\n"
    ends = data.count(b"\r\n", begin, end)
    return "\r\n" if ends == data.count(b"\r", begin, end) == data.count(b"\n", begin, end) else None


def without_blanks(lines: pa.StringArray) -> pa.StringArray:
    """The lines that are not empty."""
    return lines.filter(pc.not_equal(pc.binary_length(lines), 0))


def lines_batch(
    schema: pa.Schema, first_row: int, lines: pa.StringArray, grammar: Grammar, transcoder: Transcoder
) -> pa.RecordBatch:
    """The lines as records, numbered from `first_row`."""
    columns = grammar.columns
    parts = pc.split_pattern(lines, grammar.delimiter.decode())
    found = pc.list_value_length(parts)
    fits = pc.equal(found, columns)
    malformed = pa.nulls(len(lines), pa.string())
    if not pc.all(fits).as_py():
        parts = parts.filter(fits)
        reasons = [None if fields == columns else wrong_field_count(columns, fields) for fields in found.to_pylist()]
        malformed = pa.array(reasons, pa.string())
    flat = unquoted_values(parts.flatten())
    slots = _slots(fits, columns)
    return build_batch(schema, first_row, raws=_raws(lines, transcoder), malformed=malformed, flat=flat, slots=slots)


def _slots(fits: pa.BooleanArray, columns: int) -> pa.Array:
    """For each line that fits, where its first field stands among the fields of all that fit."""
    before = pc.subtract(pc.cumulative_sum(fits.cast(pa.int64())), 1)
    return pc.if_else(fits, pc.multiply(before, columns), pa.scalar(None, pa.int64()))


def _raws(lines: pa.StringArray, transcoder: Transcoder) -> pa.Array:
    if transcoder.identity:
        return lines.cast(pa.binary())
    return pa.array([transcoder.restore(line) for line in lines.cast(pa.binary()).to_pylist()], pa.binary())
