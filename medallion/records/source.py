"""An object's bytes, decompressed as the contract declares, and counted."""

from __future__ import annotations

import gzip
import zlib
from io import RawIOBase
from typing import Protocol

import pyarrow as pa

from medallion.contracts.model import Compression
from medallion.errors import UnreadableObject
from medallion.records.limits import Limits

_MAGIC = {
    b"\x1f\x8b": "the object is compressed with gzip; declare compression gzip in the contract",
    b"\x28\xb5\x2f\xfd": "the object is compressed with zstd; declare compression zstd in the contract",
    b"PAR1\x15": "the object is Parquet; declare format parquet in the contract",
}
"""What an object begins with that is something else than the contract declares."""


_LONGEST_MAGIC = max(map(len, _MAGIC))


def recognised(head: bytes) -> str | None:
    """What an object that begins with `head` must be, with the remedy; None where it may be anything."""
    return next((remedy for magic, remedy in _MAGIC.items() if head.startswith(magic)), None)


class Readable(Protocol):
    """What the parser needs of a stream: S3's response bodies, files and buffers all have it."""

    def read(self, size: int, /) -> bytes: ...


class _Counted(RawIOBase):
    """A stream that counts what was read of it, and remembers how it began and whether it broke."""

    def __init__(self, stream: Readable) -> None:
        self._stream = stream
        self.bytes_read = 0
        self.head = b""
        self.broke = False

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1, /) -> bytes:
        self.broke = True
        piece = self._stream.read(size)
        self.broke = False
        self.bytes_read += len(piece)
        if len(self.head) < _LONGEST_MAGIC:
            self.head += piece[:_LONGEST_MAGIC]
        return piece


class ByteSource:
    """Reads a stream once, front to back. What is wrong with the object is an UnreadableObject."""

    def __init__(self, stream: Readable, compression: Compression, limits: Limits, *, text: bool = True) -> None:
        """`text` says that what comes out should be text: what is known to be something else is refused."""
        self._text = text
        self._counted = _Counted(stream)
        self._compression = compression
        self._limits = limits
        self._bytes_out = 0
        self._reader = self._unpacked()

    def _unpacked(self) -> Readable:
        match self._compression:
            case "none":
                return self._counted
            case "gzip":
                return gzip.GzipFile(fileobj=self._counted, mode="rb")
            case "zstd":
                unpacked: Readable = pa.CompressedInputStream(pa.PythonFile(self._counted, mode="r"), "zstd")
                return unpacked

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
            raise self._truncated() from error
        except (gzip.BadGzipFile, zlib.error) as error:
            raise self._corrupt() from error
        except OSError as error:
            if self._compression != "zstd" or self._counted.broke:
                raise
            raise (self._truncated() if "Truncated" in str(error) else self._corrupt()) from error
        unpacked = self._compression != "none"
        if self._text and not self._bytes_out and not unpacked and (otherwise := recognised(piece)):
            raise UnreadableObject(otherwise)
        self._bytes_out += len(piece)
        self._refuse_excess()
        return piece

    def _truncated(self) -> UnreadableObject:
        return UnreadableObject(f"the {self._compression} object ends before its end; upload it again, whole")

    def _corrupt(self) -> UnreadableObject:
        self._counted.read(_LONGEST_MAGIC)  # gzip judges by two bytes
        otherwise = None if self._is_as_declared else recognised(self._counted.head)
        return UnreadableObject(
            otherwise
            or f"the object is not valid {self._compression}; upload it again, or declare compression none in the "
            "contract"
        )

    @property
    def _is_as_declared(self) -> bool:
        """Whether the object at least begins as the contract declares."""
        return f"compression {self._compression} " in (recognised(self._counted.head) or "")

    def _refuse_excess(self) -> None:
        limits = self._limits
        if self._bytes_out > limits.object_bytes:
            raise UnreadableObject(
                f"the object holds more than {limits.object_bytes} bytes of text; deliver it as several objects"
            )
        judged = self._compression != "none" and self._bytes_out > limits.ratio_from_bytes
        if judged and self._bytes_out > self.bytes_read * limits.ratio:
            raise UnreadableObject(
                f"the object unpacks to more than {limits.ratio} times its size, as a decompression bomb does; "
                "deliver it uncompressed if it is genuine"
            )
