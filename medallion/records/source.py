"""An object's bytes, decompressed as the contract declares, and counted."""

from __future__ import annotations

import gzip
import zlib
from io import RawIOBase
from typing import Literal, Protocol

from medallion.errors import UnreadableObject
from medallion.records.limits import Limits

_GZIP_MAGIC = b"\x1f\x8b"


class Readable(Protocol):
    """What the parser needs of a stream: S3's response bodies, files and buffers all have it."""

    def read(self, size: int, /) -> bytes: ...


class _Counted(RawIOBase):
    """A stream that counts what was read of it."""

    def __init__(self, stream: Readable) -> None:
        self._stream = stream
        self.bytes_read = 0

    def read(self, size: int = -1, /) -> bytes:
        piece = self._stream.read(size)
        self.bytes_read += len(piece)
        return piece


class ByteSource:
    """Reads a stream once, front to back. Every error on the way is an UnreadableObject."""

    def __init__(self, stream: Readable, compression: Literal["none", "gzip"], limits: Limits) -> None:
        self._counted = _Counted(stream)
        self._compressed = compression == "gzip"
        self._limits = limits
        self._bytes_out = 0
        self._reader = gzip.GzipFile(fileobj=self._counted, mode="rb") if self._compressed else self._counted

    @property
    def bytes_read(self) -> int:
        """The object's own bytes read so far, compressed if it is."""
        return self._counted.bytes_read

    def read(self, size: int) -> bytes:
        """The next `size` bytes of text; fewer only at the object's end, and then b"" for ever."""
        pieces = []
        missing = size
        while missing and (piece := self._piece(missing)):
            pieces.append(piece)
            missing -= len(piece)
        return b"".join(pieces)

    def _piece(self, size: int) -> bytes:
        try:
            piece = self._reader.read(size)
        except EOFError as error:
            raise UnreadableObject("the gzip object ends before its end; upload it again, whole") from error
        except (gzip.BadGzipFile, zlib.error) as error:
            raise UnreadableObject(
                "the object is not valid gzip; upload it again, or declare compression none in the contract"
            ) from error
        if not self._compressed and not self._bytes_out and piece.startswith(_GZIP_MAGIC):
            raise UnreadableObject("the object is compressed with gzip; declare compression gzip in the contract")
        self._bytes_out += len(piece)
        self._refuse_excess()
        return piece

    def _refuse_excess(self) -> None:
        limits = self._limits
        if self._bytes_out > limits.object_bytes:
            raise UnreadableObject(
                f"the object holds more than {limits.object_bytes} bytes of text; deliver it as several objects"
            )
        judged = self._compressed and self._bytes_out > limits.ratio_from_bytes
        if judged and self._bytes_out > self.bytes_read * limits.ratio:
            raise UnreadableObject(
                f"the object unpacks to more than {limits.ratio} times its size, as a decompression bomb does; "
                "deliver it uncompressed if it is genuine"
            )
