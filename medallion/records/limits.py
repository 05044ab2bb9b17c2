"""How much of an object the parser takes before it refuses."""

from __future__ import annotations

from dataclasses import dataclass

KIB = 1024
MIB = 1024 * KIB
GIB = 1024 * MIB


@dataclass(frozen=True)
class Limits:
    """Bounds on one object, all in bytes of text after decompression unless said otherwise.

    A field over `cell_bytes` makes its record malformed. A record over `record_bytes` cannot be kept whole in memory,
    nor can what follows be told apart from it: the object is refused. `ratio` is bytes out for each byte in of a
    compressed object, and counts only once an object yields more than `ratio_from_bytes`. `columns` bounds a header, a
    JSON record's members, and the different members of all records. JSON nests at most `depth` levels, the record's own
    included.
    """

    cell_bytes: int = 16 * MIB
    record_bytes: int = 64 * MIB
    object_bytes: int = 8 * GIB
    ratio: int = 300
    ratio_from_bytes: int = 16 * MIB
    columns: int = 2000
    depth: int = 64


DEFAULT_LIMITS = Limits()
