"""Objects as they were received, read by a reader of our own: records, numbered, each with its hash.

RFC 4180 under a dialect. It shares no line with the platform's parser, so that the two can disagree. What it cannot
read it says (CannotRead); it never skips.
"""

from __future__ import annotations

import codecs
import re
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from hashlib import sha256
from itertools import chain
from typing import Any

_CODECS = {"iso-8859-1": "latin-1", "windows-1252": "cp1252"}
_CHUNK = 1 << 20
_CELL_BYTES = 16 << 20
"""A record with a longer field is malformed."""
_KNOWN = {"format", "delimiter", "quote", "encoding", "compression", "null_values", "records_path"}


class CannotRead(Exception):
    """This reader does not know the format, or the object is not what it is said to be."""


@dataclass(frozen=True)
class Reading:
    """How an object's bytes spell records."""

    delimiter: str
    quote: str
    encoding: str
    compression: str

    @classmethod
    def of(cls, dialect: Mapping[str, Any]) -> Reading:
        """A pinned plan's dialect; CannotRead if there is anything in it that this reader does not know."""
        if dialect.get("format") != "csv":
            raise CannotRead(f"the format {dialect.get('format')} is not read by the verifier")
        given = {name for name, value in dialect.items() if value not in (None, "", [], {}, False)}
        if surplus := sorted(given - _KNOWN):
            raise CannotRead(f"the verifier does not know the setting {', '.join(surplus)}")
        if dialect["compression"] not in ("none", "gzip"):
            raise CannotRead(f"the compression {dialect['compression']} is not read by the verifier")
        return cls(dialect["delimiter"], dialect["quote"], dialect["encoding"], dialect["compression"])


def records(read: Callable[[int], bytes], reading: Reading) -> Iterator[tuple[int, str]]:
    """The number from 1 and the row hash of each record of the object that `read` gives the bytes of."""
    chunks = _unpacked(read, reading.compression)
    if reading.encoding == "utf-16":
        first = next(chunks, b"")
        order = "utf-16-be" if first.startswith(codecs.BOM_UTF16_BE) else "utf-16-le"
        chunks, reading = chain((first,), chunks), replace(reading, encoding=order)
    lines = _records(_text(chunks, reading), reading)
    header = next((fields for _, fields in lines if fields != [None]), None)
    if header is None:
        raise CannotRead("the object has no header")
    names = [name or "" for name in header]
    ordered = sorted(range(len(names)), key=lambda position: names[position])
    prefixes = [(position, f"{len(names[position].encode())}:{names[position]}") for position in ordered]
    number = 0
    for raw, fields in lines:
        if fields == [None] and len(names) > 1 and not raw:
            continue
        number += 1
        if fields is None or len(fields) != len(names) or (len(raw) > _CELL_BYTES // 4 and _too_long(fields)):
            yield number, sha256(_original(raw, reading)).hexdigest()
            continue
        parts = [
            f"{prefix}{len(value.encode())}:{value}" if not value.isascii() else f"{prefix}{len(value)}:{value}"
            for position, prefix in prefixes
            if (value := fields[position]) is not None
        ]
        yield number, sha256("".join(parts).encode()).hexdigest()


def _unpacked(read: Callable[[int], bytes], compression: str) -> Iterator[bytes]:
    inflate = zlib.decompressobj(wbits=31) if compression == "gzip" else None
    while data := read(_CHUNK):
        while inflate is not None:
            yield inflate.decompress(data)
            if not inflate.eof:
                break
            data = inflate.unused_data.lstrip(b"\0")
            if not data:
                break
            inflate = zlib.decompressobj(wbits=31)
        else:
            yield data


def _text(chunks: Iterator[bytes], reading: Reading) -> Iterator[str]:
    """The object's characters. A byte that is none travels as a lone surrogate, and comes back as itself."""
    encoding = reading.encoding
    if encoding.startswith("utf-16"):
        decoder = codecs.getincrementaldecoder(encoding)("surrogatepass")
    else:
        decoder = codecs.getincrementaldecoder(_CODECS.get(encoding, "utf-8"))("surrogateescape")
    first = True
    for chunk in chunks:
        text = decoder.decode(chunk)
        if first and text:
            text, first = text.removeprefix("\ufeff") if encoding.startswith("utf") else text, False
        yield text
    yield decoder.decode(b"", final=True)


def _original(raw: str, reading: Reading) -> bytes:
    """The object's own bytes of a record's text."""
    if reading.encoding.startswith("utf-16"):
        return raw.encode(reading.encoding, "surrogatepass")
    return raw.encode(_CODECS.get(reading.encoding, "utf-8"), "surrogateescape")


_SURROGATE = re.compile("[\ud800-\udfff]")


def _records(chunks: Iterator[str], reading: Reading) -> Iterator[tuple[str, list[str | None] | None]]:
    """Each record's text and fields; None for fields that cannot be told. An unquoted empty field is None."""
    quote, delimiter = reading.quote, reading.delimiter
    stop = re.compile(re.escape(delimiter) + r"|\r\n|\r|\n")
    line_end = re.compile(r"\r\n|\r|\n")
    buffer, at, final = "", 0, False
    while True:
        record = None
        if at < len(buffer):
            record = _one(buffer, at, quote, delimiter, stop, line_end, final=final)
        if record is not None:
            end, following, fields = record
            raw = buffer[at:end]
            yield raw, None if fields is not None and _SURROGATE.search(raw) else fields
            at = following
            continue
        if final:
            return
        wanted = max(_CHUNK, len(buffer) - at)
        taken: list[str] = []
        size = 0
        while size < wanted and (chunk := next(chunks, None)) is not None:
            taken.append(chunk)
            size += len(chunk)
        final = size < wanted
        buffer, at = buffer[at:] + "".join(taken), 0


def _one(
    text: str,
    begin: int,
    quote: str,
    delimiter: str,
    stop: re.Pattern[str],
    line_end: re.Pattern[str],
    *,
    final: bool,
) -> tuple[int, int, list[str | None] | None] | None:
    """The record at `begin`: where it ends, where the next begins, its fields. None where the text ends too early."""
    line = line_end.search(text, begin)
    if line is None and not final:
        return None
    end, following = line.span() if line else (len(text), len(text))
    if following == len(text) and not final:
        return None  # a CR at the end may be half a CRLF
    if text.find(quote, begin, end) < 0:
        return end, following, [field or None for field in text[begin:end].split(delimiter)]
    fields: list[str | None] = []
    at, sound = begin, True
    while True:
        if text.startswith(quote, at):
            close = _closing(text, at + 1, quote)
            if close is None:
                return (len(text), len(text), None) if final else None
            value: str | None = text[at + 1 : close].replace(quote * 2, quote)
            at = close + 1
            mark = stop.search(text, at)
            sound = sound and (mark.start() if mark else len(text)) == at
        else:
            mark = stop.search(text, at)
            value = text[at : mark.start() if mark else len(text)] or None
        fields.append(value)
        if mark is None:
            return (len(text), len(text), fields if sound else None) if final else None
        if mark.group() != delimiter:
            if mark.end() == len(text) and not final:
                return None
            return mark.start(), mark.end(), fields if sound else None
        at = mark.end()


def _too_long(fields: list[str | None]) -> bool:
    return any(len(field.encode()) > _CELL_BYTES for field in fields if field is not None)


def _closing(text: str, at: int, quote: str) -> int | None:
    """Where the quoted field closes: at a quote that is not doubled."""
    while (found := text.find(quote, at)) >= 0:
        if not text.startswith(quote, found + 1):
            return found
        at = found + 2
    return None
