"""Plain objects: every line a record, every delimiter the end of a field. Whoever splits one gets the parser's records.

Such an object holds no quote, no blank line, one kind of line end and valid UTF-8, so that RFC 4180 has nothing to
decide in all of it. What it takes to know that is a look at its bytes, a twentieth of what parsing them takes.
"""

from __future__ import annotations

import codecs
from typing import NamedTuple

from medallion.contracts.model import Dialect, Encoding, Format
from medallion.errors import UnreadableObject
from medallion.records.limits import DEFAULT_LIMITS, MIB, Limits
from medallion.records.source import ByteSource, Readable
from medallion.records.stream import checked_header

_CHUNK = 4 * MIB


class Plain(NamedTuple):
    """What is known of a plain object: `size` in bytes, `rows` its records, `carriage` that its lines end in CRLF.

    A reader that takes blocks of bytes as Hadoop does reads in each the lines that begin after its first byte, up to
    the one that begins with the next block; in the first, from the beginning. `before` says of each block how many
    lines begin before those: the number of its first record, where the header is 0.
    """

    header: tuple[str, ...]
    carriage: bool
    rows: int
    size: int
    before: tuple[int, ...]


def survey(
    stream: Readable, dialect: Dialect, block: int, limits: Limits = DEFAULT_LIMITS, chunk: int = _CHUNK
) -> Plain | None:
    """What a reader of `block` bytes at a time must know of the object; None unless it is provably plain.

    None, too, where there is no object that could be read, so that the parser says why. A line of more than `chunk`
    bytes may count as not plain, one that a limit refuses always does.
    """
    marks = dialect.delimiter.encode(), dialect.quote.encode()
    if dialect.format is not Format.CSV or dialect.encoding is not Encoding.UTF_8 or dialect.compression != "none":
        return None
    if max(map(len, marks)) > 1:
        return None
    chunk = min(chunk, limits.cell_bytes // 2, limits.record_bytes // 2)
    look = _Look(dialect, block)
    try:
        source = ByteSource(stream, "none", limits)
        while look.plain and (data := source.read(chunk)):
            look.at(data, last=len(data) < chunk)
        return look.found(limits) if look.plain else None
    except (UnreadableObject, UnicodeDecodeError):
        return None


class _Look:
    """Goes over an object's bytes, piece by piece, for as long as it is `plain`."""

    def __init__(self, dialect: Dialect, block: int) -> None:
        self._delimiter, self._quote = dialect.delimiter, dialect.quote.encode()
        self._block = block
        self._decoder = codecs.getincrementaldecoder("utf-8")("strict")
        self._header = ""
        self._tail = b"\n"
        """The last bytes that were seen: at the beginning, a line end, so that a blank first line is one."""
        self._carriage = False
        self._lines, self._size = 0, 0
        self._before = [0]
        self.plain = True

    def at(self, data: bytes, *, last: bool) -> None:
        """The next bytes. All but the last of them must hold a line end: so no line is longer than two such pieces."""
        first_end = data.find(b"\n")
        if not self._size:
            self._carriage = first_end > 0 and data[first_end - 1] == ord("\r")
            self._header = data[: first_end if first_end >= 0 else len(data)].decode()
        blank = b"\n\r\n" if self._carriage else b"\n\n"
        self.plain = (
            (last or first_end >= 0)
            and self._quote not in data
            and blank not in data
            and blank not in self._tail + data[:2]
            and self._ends_alike(data)
        )
        self._decoder.decode(data)
        self._count(data)
        self._tail = (self._tail + data)[-2:]

    def _ends_alike(self, data: bytes) -> bool:
        if not self._carriage:
            return b"\r" not in data
        # A CR that ends a piece belongs to the line feed that begins the next.
        opened, closing = self._tail.endswith(b"\r"), data.endswith(b"\r")
        within = data.count(b"\r\n")
        return (
            opened <= data.startswith(b"\n")
            and data.count(b"\r") == within + closing
            and data.count(b"\n") == within + opened
        )

    def _count(self, data: bytes) -> None:
        begin = 0
        while (boundary := len(self._before) * self._block - self._size) < len(data):
            self._lines += data.count(b"\n", begin, boundary)
            self._before.append(self._lines + 1)
            begin = boundary
        self._lines += data.count(b"\n", begin)
        self._size += len(data)

    def found(self, limits: Limits) -> Plain | None:
        self._decoder.decode(b"", final=True)
        header = self._header.removesuffix("\r").removeprefix("\ufeff").split(self._delimiter)
        if not self._size or len(header) == 1 or self._tail.endswith(b"\r"):
            return None
        lines = self._lines + (not self._tail.endswith(b"\n"))
        return Plain(checked_header(header, limits), self._carriage, lines - 1, self._size, tuple(self._before))
