"""The digest of rows as docs/ledger.md defines it, from Arrow batches."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import sha256
from struct import Struct
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

_LIMBS = Struct(">4Q")
_TEXT = pa.large_string()


class Digest:
    """Count and four sums: the digests of two sets of rows add up to that of both together."""

    __slots__ = ("count", "limbs")

    def __init__(self, count: int = 0, limbs: tuple[int, int, int, int] = (0, 0, 0, 0)) -> None:
        self.count = count
        self.limbs = limbs

    @classmethod
    def read(cls, text: str) -> Digest:
        count, *limbs = (int(part) for part in text.split(":"))
        first, second, third, fourth = limbs
        return cls(count, (first, second, third, fourth))

    def add_texts(self, texts: Iterable[bytes]) -> None:
        """Add rows by their texts."""
        a, b, c, d = self.limbs
        unpack = _LIMBS.unpack
        for text in texts:
            first, second, third, fourth = unpack(sha256(text).digest())
            a, b, c, d = a + first, b + second, c + third, d + fourth
            self.count += 1
        self.limbs = (a, b, c, d)

    def __add__(self, other: Digest) -> Digest:
        a, b, c, d = (mine + theirs for mine, theirs in zip(self.limbs, other.limbs, strict=True))
        return Digest(self.count + other.count, (a, b, c, d))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Digest) and (self.count, self.limbs) == (other.count, other.limbs)

    def __hash__(self) -> int:
        return hash((self.count, self.limbs))

    def __str__(self) -> str:
        return ":".join(map(str, (self.count, *self.limbs)))


def row_texts(batch: pa.Table | pa.RecordBatch, columns: Sequence[str]) -> list[bytes]:
    """The text of each row, made of these columns in this order; one that the batch lacks is null throughout."""
    parts = [column_text(_column(batch, name), batch.num_rows) for name in columns]
    if not parts:
        return [b""] * int(batch.num_rows)
    joined = pc.binary_join_element_wise(*parts, pa.scalar("", _TEXT))
    texts: list[bytes] = joined.cast(pa.large_binary()).to_pylist()
    return texts


def column_text(values: pa.Array | None, rows: int) -> pa.Array:
    """The text of each of a column's values, the mark that ends it included."""
    if values is None or pa.types.is_null(values.type):
        return pa.array([";"] * rows, _TEXT)
    kind = values.type
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        text = values.cast(_TEXT)
        length = pc.binary_length(text).cast(_TEXT)
        return _joined(pc.fill_null(length, ""), pa.scalar(":", _TEXT), pc.fill_null(text, ""), pa.scalar(";", _TEXT))
    if pa.types.is_integer(kind) or pa.types.is_boolean(kind):
        return _ended(values.cast(_TEXT))
    if pa.types.is_date32(kind):
        return _ended(values.cast(pa.int32()).cast(_TEXT))
    if pa.types.is_timestamp(kind):
        return _ended(values.cast(pa.timestamp("us", kind.tz)).cast(pa.int64()).cast(_TEXT))
    if values.null_count == len(values):
        return pa.array([value_text(None, kind)] * rows, _TEXT)
    return pa.array([value_text(value, kind) for value in values.to_pylist()], _TEXT)


def value_text(value: Any, kind: pa.DataType) -> str:
    """One value's text, the mark that ends it included: for the types that Arrow has no exact text of."""
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return ":;" if value is None else f"{len(value.encode())}:{value};"
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
        return ":;" if value is None else f"{2 * len(value)}:{value.hex()};"
    if value is None and (pa.types.is_map(kind) or pa.types.is_list(kind) or pa.types.is_large_list(kind)):
        return "0[];"  # pyiceberg gives an empty list for a null one
    if value is None:
        return ";"
    if pa.types.is_map(kind):
        entries = sorted(value, key=lambda entry: str(entry[0]).encode())
        inner = "".join(value_text(key, kind.key_type) + value_text(held, kind.item_type) for key, held in entries)
        return f"{len(entries)}[{inner}];"
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        return f"{len(value)}[{''.join(value_text(one, kind.value_type) for one in value)}];"
    if pa.types.is_struct(kind):
        parts = (kind.field(position) for position in range(kind.num_fields))
        return "{" + "".join(value_text(value[one.name], one.type) for one in parts) + "};"
    if pa.types.is_floating(kind):
        return f"{value:.17g};"
    if pa.types.is_decimal(kind):
        return f"{value:f};"
    return f"{value};"


def _ended(text: pa.Array) -> pa.Array:
    return _joined(pc.fill_null(text, ""), pa.scalar(";", _TEXT))


def _joined(*parts: pa.Array | pa.Scalar) -> pa.Array:
    return pc.binary_join_element_wise(*parts, pa.scalar("", _TEXT))


def _column(batch: pa.Table | pa.RecordBatch, name: str) -> pa.Array | None:
    if name not in batch.schema.names:
        return None
    found = batch.column(name)
    return found.combine_chunks() if isinstance(found, pa.ChunkedArray) else found
