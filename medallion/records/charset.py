"""How a file's bytes spell characters: every byte is looked at once."""

from __future__ import annotations

import codecs
from typing import NamedTuple

from medallion.contracts.model import Compression, Encoding
from medallion.errors import UnreadableObject, UnreadableSample
from medallion.records.limits import DEFAULT_LIMITS, MIB
from medallion.records.source import ByteSource, Readable

_CODECS = {Encoding.WINDOWS_1252: "cp1252"}
_UNDEFINED = {0x81, 0x8D, 0x8F, 0x90, 0x9D}
"""The bytes that windows-1252 leaves open."""
_PRINTED_THERE = set(range(0x80, 0xA0)) - _UNDEFINED
"""Where windows-1252 has characters and ISO 8859-1 controls."""
_CHUNK = 4 * MIB


class Charset(NamedTuple):
    """An encoding, why it is that, and the text that the file begins with: the `whole` file, or some of it."""

    encoding: Encoding
    seen: str
    head: str
    whole: bool


def charset_of(stream: Readable, compression: Compression, head_bytes: int) -> Charset:
    """The encoding under which every byte of the file is a character; UnreadableSample if it cannot be unpacked."""
    source = ByteSource(stream, compression, DEFAULT_LIMITS)
    strict = codecs.getincrementaldecoder("utf-8")()
    head, size, broken_at, values = b"", 0, None, set[int]()
    try:
        while chunk := source.read(_CHUNK):
            head += chunk[: max(head_bytes - len(head), 0)]
            values.update(chunk)
            if broken_at is None:
                broken_at = _broken(strict, chunk, size)
            size += len(chunk)
    except UnreadableObject as problem:
        raise UnreadableSample(f"the file cannot be read: {problem}") from problem
    if broken_at is None and (pending := strict.getstate()[0]):
        broken_at = size - len(pending)
    encoding, seen = _told(head, values, broken_at)
    text = head.decode(_CODECS.get(encoding, encoding), "replace").removeprefix("\ufeff")
    return Charset(encoding, f"encoding {encoding}: {seen}", text, size <= head_bytes)


def _broken(strict: codecs.IncrementalDecoder, chunk: bytes, before: int) -> int | None:
    """Where the chunk stops being UTF-8; None if it does not."""
    held = len(strict.getstate()[0])
    try:
        strict.decode(chunk)
    except UnicodeDecodeError as problem:
        return before - held + problem.start
    return None


def _told(head: bytes, values: set[int], broken_at: int | None) -> tuple[Encoding, str]:
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return Encoding.UTF_16, "it begins with the byte order mark of UTF-16"
    if order := _two_byte_order(head):
        return order, "every other byte is 0, and no byte order mark says which"
    if broken_at is None:
        marked = ", after a byte order mark" if head.startswith(codecs.BOM_UTF8) else ""
        beyond = "with characters beyond ASCII" if max(values, default=0) > 0x7F else "and ASCII"
        return Encoding.UTF_8, f"every byte is UTF-8, {beyond}{marked}"
    why = f"byte {broken_at + 1:,} is not UTF-8"
    if values & _PRINTED_THERE and not values & _UNDEFINED:
        return Encoding.WINDOWS_1252, f"{why}, and there are bytes from 80 to 9F, which are characters there"
    return Encoding.ISO_8859_1, f"{why}; every byte is a character of this encoding, so look at names with accents"


def _two_byte_order(head: bytes) -> Encoding | None:
    even, odd = head[::2], head[1::2]
    if not odd or 0 not in head:
        return None
    zeros = (even.count(0) / len(even), odd.count(0) / len(odd))
    if zeros[1] > 0.5 and zeros[0] < 0.1:
        return Encoding.UTF_16_LE
    if zeros[0] > 0.5 and zeros[1] < 0.1:
        return Encoding.UTF_16_BE
    return None
