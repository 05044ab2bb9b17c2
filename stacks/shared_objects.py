"""Shared objects without what only a debugger reads."""

from __future__ import annotations

import struct
from pathlib import Path

_MAGIC_64_LITTLE = b"\x7fELF\x02\x01"
_SECTION_TABLE = 40
_SECTION_COUNT = 60


def strip(file: Path) -> int:
    """Cut a 64-bit ELF file after its last loaded byte, and return how many bytes that saved; 0 for any other file.

    A loader reads segments only; symbol tables, debug information and the table of sections follow them.
    """
    content = file.read_bytes()
    if not content.startswith(_MAGIC_64_LITTLE):
        return 0
    (table,) = struct.unpack_from("<Q", content, 32)
    entry_size, count = struct.unpack_from("<HH", content, 54)
    ends = [table + entry_size * count]
    for number in range(count):
        offset, _, _, size = struct.unpack_from("<4Q", content, table + number * entry_size + 8)
        ends.append(offset + size)
    kept = bytearray(content[: max(ends)])
    struct.pack_into("<Q", kept, _SECTION_TABLE, 0)
    struct.pack_into("<HH", kept, _SECTION_COUNT, 0, 0)
    file.write_bytes(kept)
    return len(content) - len(kept)
