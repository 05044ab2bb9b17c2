"""How a file spells its records, with what was seen of it. What cannot be told is said, or refused; never guessed.

A CSV's delimiter and quote are found by reading its beginning with the platform's own grammar under each candidate: the
one under which most records are as wide as the header is the file's.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from typing import BinaryIO, NamedTuple

from medallion.contracts.model import Compression, Dialect, Encoding, Format
from medallion.errors import UnreadableSample
from medallion.records.charset import Charset, charset_of
from medallion.records.grammar import Grammar
from medallion.records.limits import DEFAULT_LIMITS, KIB

Opened = Callable[[], BinaryIO]

_DELIMITERS = (",", ";", "\t", "|", "^", "~", ":", "\x1f", "\x01")
_QUOTES = ('"', "'")
_SPOKEN = {"\t": "a tab", "\x1f": "the unit separator", "\x01": "the byte 1", ",": "a comma", ";": "a semicolon"}
_HEAD = 512 * KIB
_RECORDS = 2000
"""So much of a file, in characters and records, is read under each candidate."""
_MAGIC: dict[bytes, Compression] = {b"\x1f\x8b": "gzip", b"\x28\xb5\x2f\xfd": "zstd"}
_TYPED = re.compile(
    r"[+-]?(?:\d+(?:[.,]\d*)*|\.\d+)(?:[eE][+-]?\d+)?"
    r"|(?:\d{4}([-/.])\d\d?\1\d\d?|\d\d?([-/.])\d\d?\2\d{2,4})(?:[T ].*)?"
)
"""A number, a date or a time: nothing that names a column."""


class Sniffed(NamedTuple):
    """A file's dialect, and the sentences that say why it is that."""

    dialect: Dialect
    seen: tuple[str, ...]


class _Trial(NamedTuple):
    """What the beginning of a file is under one delimiter and quote. `wrapped` counts fields in quotes."""

    delimiter: str
    quote: str
    width: int
    fitting: int
    records: int
    wrapped: int

    @property
    def rank(self) -> tuple[float, int, int]:
        return self.fitting / self.records, self.width, self.wrapped


def sniff(opened: Opened, *, header_is_sure: bool = False) -> Sniffed:
    """The dialect of the file that `opened` opens, as often as it is asked. Its text is decoded once, front to back.

    UnreadableSample where there is nothing to read, or the first line of a CSV is no header: `header_is_sure` says that
    it is one, whatever it looks like.
    """
    with opened() as stream:
        head = stream.read(8)
    if head.startswith(b"PAR1"):
        return Sniffed(Dialect(format=Format.PARQUET), ("format parquet: it begins with PAR1",))
    compression = next((name for magic, name in _MAGIC.items() if head.startswith(magic)), None)
    told = (f"compression {compression}: it begins with {compression}'s mark",) if compression else ()
    with opened() as stream:
        charset = charset_of(stream, compression or "none", _HEAD)
    text = charset.head if charset.whole else _whole_lines(charset.head)
    begin = text.lstrip()[:1]
    if not begin:
        raise UnreadableSample("the file is empty; give one with a few hundred records")
    if begin in "{[":
        return _json(text, begin, charset, compression or "none", told)
    return _delimited(text, charset, compression or "none", told, header_is_sure=header_is_sure)


def _whole_lines(text: str) -> str:
    """Without the line at whose middle the beginning of the file ends."""
    end = text.rfind("\n")
    return text if end < 0 else text[: end + 1]


def _json(text: str, begin: str, charset: Charset, compression: Compression, told: tuple[str, ...]) -> Sniffed:
    if begin == "[":
        format_, why = Format.JSON, "format json: it is one list, and $ is where its records are"
    else:
        format_, why = Format.JSONL, "format jsonl: its first line is a JSON object"
        try:
            json.loads(next(line for line in text.splitlines() if line.strip()))
        except json.JSONDecodeError as problem:
            raise UnreadableSample(
                "the file begins with a JSON object that does not end on its line: it is no JSON lines. "
                "If it is a document that holds a list of records, write the contract by hand: format json, recordsPath"
            ) from problem
    return Sniffed(
        Dialect(format=format_, encoding=charset.encoding, compression=compression), (why, *told, charset.seen)
    )


def _delimited(
    text: str, charset: Charset, compression: Compression, told: tuple[str, ...], *, header_is_sure: bool
) -> Sniffed:
    data = text.encode("utf-8", "surrogatepass")
    tried = [trial for one in _DELIMITERS for quote in _QUOTES if (trial := _try(data, one, quote)) is not None]
    several = sorted((one for one in tried if one.width > 1), key=lambda one: one.rank, reverse=True)
    found = several[0] if several else _single(tried)
    dialect = Dialect(delimiter=found.delimiter, quote=found.quote, encoding=charset.encoding, compression=compression)
    seen = [*told, charset.seen, _delimiter_seen(found, several), _quote_seen(found)]
    seen.append(_header_seen(data, dialect, header_is_sure=header_is_sure))
    return Sniffed(dialect, tuple(seen))


def _single(tried: list[_Trial]) -> _Trial:
    if not tried:
        raise UnreadableSample("a quote in the first line has no closing quote; correct it, or its neighbours")
    return tried[0]


def _try(data: bytes, delimiter: str, quote: str) -> _Trial | None:
    widths: list[int] = []
    wrapped = 0
    mark = quote.encode()
    for fields in _records(data, Dialect(delimiter=delimiter, quote=quote)):
        widths.append(len(fields))
        wrapped += sum(len(field) > 1 and field.startswith(mark) and field.endswith(mark) for field in fields)
    # A header that is malformed has no fields. The usual quote needs no proof, another one does.
    if not widths or not widths[0] or (quote != _QUOTES[0] and not wrapped):
        return None
    return _Trial(delimiter, quote, widths[0], widths.count(widths[0]), len(widths), wrapped)


def _records(data: bytes, dialect: Dialect) -> Iterator[tuple[bytes, ...]]:
    """The fields of the first records as they are written; none of one that is malformed. Blank lines are none."""
    grammar = Grammar(dialect.model_copy(update={"encoding": Encoding.UTF_8}), DEFAULT_LIMITS)
    at = number = 0
    while at < len(data) and number < _RECORDS:
        record = grammar.scan(data, at, final=True)
        if record is None:
            return
        if record.end > at:
            number += 1
            yield tuple(record.fields)
        at = record.next


def _delimiter_seen(found: _Trial, several: list[_Trial]) -> str:
    said = _SPOKEN.get(found.delimiter, found.delimiter)
    if not several:
        return f"delimiter: none is seen, so each line of the first {found.records:,} is one column"
    why = f"delimiter {said}: {found.fitting:,} of the first {found.records:,} lines have {found.width} fields"
    others = [one for one in several if one.delimiter != found.delimiter]
    if others:
        next_best = others[0]
        name = _SPOKEN.get(next_best.delimiter, next_best.delimiter)
        why += f"; with {name} it would be {next_best.fitting:,} with {next_best.width}"
    return why


def _quote_seen(found: _Trial) -> str:
    return f"quote {found.quote}: {found.wrapped:,} fields stand in it" + (
        "" if found.wrapped else ", so it is assumed"
    )


def _header_seen(data: bytes, dialect: Dialect, *, header_is_sure: bool) -> str:
    """Why the first line holds the names; UnreadableSample where it looks like a record."""
    quote = dialect.quote.encode()
    lines = [[field.strip(quote).decode("utf-8", "replace") for field in one] for one in _records(data, dialect)]
    names, records = lines[0], [one for one in lines[1:] if len(one) == len(lines[0])]
    if header_is_sure:
        return "header: the first line, as you said"
    doubles = [name for name, times in Counter(names).items() if times > 1]
    if "" in names or doubles:
        raise UnreadableSample(
            "the first line is no header: a name is missing, or stands there twice. "
            "Columns are found by their names: give the file a first line with a name for each"
        )
    columns = [[value for value in column if value] for column in zip(*records, strict=True)]
    typed = [at for at, column in enumerate(columns) if column and all(map(_TYPED.fullmatch, column))]
    told_apart = [at for at in typed if not _TYPED.fullmatch(names[at])]
    if typed and not told_apart:
        raise UnreadableSample(
            f"the first line looks like a record, not like names: in {len(typed)} of {len(names)} columns a number or "
            "a date stands there as below it. Columns are found by their names: give the file a first line with them, "
            "or say --has-header if these are the names"
        )
    if told_apart:
        return f"header: the first line is text in {len(told_apart)} columns that hold numbers or dates below it"
    return "header: the first line is taken for names, each there once; all is text, so nothing tells them from records"
