"""Every encoding as one: bytes of text become UTF-8, reversibly, so that one scanner serves all and raw bytes survive.

What a declared encoding cannot decode becomes bytes that are not valid UTF-8 either: the scanner finds them by the one
test that it makes anyway, and `restore` gives back exactly what was read.
"""

from __future__ import annotations

import codecs
from typing import Protocol

from medallion.contracts.model import Encoding
from medallion.errors import UnreadableObject

_UTF_16_MARKS = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}


class Transcoder(Protocol):
    """One object's way from its encoding to UTF-8 and back. `identity` says that there is no way to go."""

    identity: bool

    def feed(self, data: bytes) -> bytes:
        """The next bytes as UTF-8. A character that is not whole yet is held back."""

    def finish(self) -> bytes:
        """What is held back at the object's end."""

    def restore(self, text: bytes) -> bytes:
        """The object's own bytes of a record that `feed` gave out."""


class Utf8:
    """UTF-8 itself, with or without a byte order mark."""

    identity = True

    def __init__(self) -> None:
        self._begun = False

    def feed(self, data: bytes) -> bytes:
        if not self._begun:
            self._begun = True
            if data.startswith(tuple(_UTF_16_MARKS)):
                raise UnreadableObject(
                    "the object begins with a UTF-16 byte order mark; declare encoding utf-16 in the contract"
                )
            return data.removeprefix(codecs.BOM_UTF8)
        return data

    def finish(self) -> bytes:
        return b""

    def restore(self, text: bytes) -> bytes:
        return text


class SingleByte:
    """One byte for each character. A byte that the encoding does not define travels as a lone surrogate."""

    identity = False

    def __init__(self, codec: str) -> None:
        self._codec = codec

    def feed(self, data: bytes) -> bytes:
        return data.decode(self._codec, "surrogateescape").encode("utf-8", "surrogatepass")

    def finish(self) -> bytes:
        return b""

    def restore(self, text: bytes) -> bytes:
        return text.decode("utf-8", "surrogatepass").encode(self._codec, "surrogateescape")


class Utf16:
    """Two-byte units. A lone surrogate travels as itself; an odd last byte as 0xFF, which UTF-8 never contains."""

    identity = False
    _ODD_BYTE = b"\xff"

    def __init__(self, byte_order: str | None) -> None:
        """`byte_order` is "utf-16-le" or "utf-16-be"; None lets the object's byte order mark decide."""
        self._codec = byte_order
        self._begun = False
        self._held = b""
        self._odd = b""

    def feed(self, data: bytes) -> bytes:
        data = self._held + data
        if not self._begun:
            data = self._begin(data)
        keep = len(data) - len(data) % 2
        if keep and self._is_high_surrogate(data[keep - 2 : keep]):
            keep -= 2
        self._held = data[keep:]
        return self._utf_8(data[:keep])

    def finish(self) -> bytes:
        whole = len(self._held) - len(self._held) % 2
        self._odd = self._held[whole:]
        return self._utf_8(self._held[:whole]) + (self._ODD_BYTE if self._odd else b"")

    def _utf_8(self, data: bytes) -> bytes:
        return data.decode(self._known_codec, "surrogatepass").encode("utf-8", "surrogatepass")

    def restore(self, text: bytes) -> bytes:
        odd = text.endswith(self._ODD_BYTE)
        whole = text.removesuffix(self._ODD_BYTE).decode("utf-8", "surrogatepass")
        return whole.encode(self._known_codec, "surrogatepass") + (self._odd if odd else b"")

    def _begin(self, data: bytes) -> bytes:
        self._begun = True
        mark = data[:2]
        if self._codec is None:
            if data and mark not in _UTF_16_MARKS:
                raise UnreadableObject(
                    "the object has no UTF-16 byte order mark; declare encoding utf-16-le or utf-16-be in the contract"
                )
            self._codec = _UTF_16_MARKS.get(mark, "utf-16-le")
        return data[2:] if _UTF_16_MARKS.get(mark) == self._codec else data

    @property
    def _known_codec(self) -> str:
        return self._codec or "utf-16-le"

    def _is_high_surrogate(self, unit: bytes) -> bool:
        """Whether the unit is the first of a pair."""
        return "\ud800" <= unit.decode(self._known_codec, "surrogatepass") <= "\udbff"


def transcoder(encoding: Encoding) -> Transcoder:
    """A fresh transcoder for one object."""
    match encoding:
        case Encoding.UTF_8:
            return Utf8()
        case Encoding.UTF_16:
            return Utf16(None)
        case Encoding.UTF_16_LE | Encoding.UTF_16_BE:
            return Utf16(encoding)
        case Encoding.ISO_8859_1:
            return SingleByte("iso-8859-1")
        case Encoding.WINDOWS_1252:
            return SingleByte("cp1252")
