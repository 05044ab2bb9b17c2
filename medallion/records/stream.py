"""An object as a stream of numbered records, whatever its format."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Self

import pyarrow as pa

from medallion.errors import UnreadableObject
from medallion.records.limits import Limits


class RecordStream(ABC):
    """The records of one object, to be iterated once, and to be closed: it may hold a temporary file.

    Batches have `source_row` (1-based, without a header), `raw` (the record's bytes as they stand in the object,
    without a line end; null where the format has none), `malformed` (null, or a reason that holds nothing of the
    record), and `value_0` … in the header's order, null where there is no value and everywhere in a malformed record.

    `header` holds the names. `readings` are those of them, and of names that the object lacks, that the contract reads
    out of a member that is a name of its own, each with that member: they are no part of the record's identity, and
    their member is known though no column has its name. `rows` counts the records read so far: after iteration, the
    object's.

    Construction reads the header. Both construction and iteration raise UnreadableObject; when iteration does, what it
    yielded before must be discarded, because the object counts as one that cannot be read.
    """

    header: tuple[str, ...]
    schema: pa.Schema
    readings: Mapping[str, str] = MappingProxyType({})
    rows: int = 0

    @property
    @abstractmethod
    def bytes_read(self) -> int:
        """The bytes read so far, as the object is stored: after iteration, its size."""

    @abstractmethod
    def __iter__(self) -> Iterator[pa.RecordBatch]:
        """The batches."""

    def close(self) -> None:  # noqa: B027  # most streams hold nothing
        """Give back what the stream holds. The object itself stays the caller's to close."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def checked_header(names: Sequence[str], limits: Limits) -> tuple[str, ...]:
    """The names of columns, each there and each once; UnreadableObject where they are not."""
    if len(names) > limits.columns:
        raise UnreadableObject(
            f"the header has {len(names)} columns, more than {limits.columns}; is the delimiter the contract's?"
        )
    positions: dict[str, list[int]] = {}
    for position, name in enumerate(names, start=1):
        positions.setdefault(name, []).append(position)
    faults = [f"column {position} has no name" for position in positions.pop("", [])]
    faults += [f"columns {', '.join(map(str, found))} have one name" for found in positions.values() if len(found) > 1]
    if faults:
        raise UnreadableObject(f"the header is ambiguous: {'; '.join(faults)}; give every column a name of its own")
    return tuple(names)
