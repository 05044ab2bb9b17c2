"""Digests of what tables hold: each row's SHA-256 as four 64-bit numbers, and the sum of each over the rows.

A sum does not depend on the rows' order and is right for a multiset: a row that stands twice counts twice.
docs/ledger.md defines the text that is hashed; `verifier` computes the same without this engine.
"""

from __future__ import annotations

from collections.abc import Sequence

from pyiceberg.schema import Schema
from pyiceberg.types import (
    BinaryType,
    BooleanType,
    DateType,
    DoubleType,
    IcebergType,
    ListType,
    MapType,
    StringType,
    StructType,
    TimestampType,
    TimestamptzType,
)

from medallion.engines.duckdb.session import Session
from medallion.plan.sql import quoted

_LIMB = 16
"""Hexadecimal digits of a 64-bit number."""
_ALL = "0:0:0:0:0"


def row_text(columns: Sequence[tuple[str, IcebergType]]) -> str:
    """SQL for a row's text: its values in order, each told apart from the next by its own length or by `;`."""
    return f"concat({', '.join(part for name, kind in columns for part in _parts(quoted(name), kind))})"


def digest_columns() -> str:
    """SQL for the count and the four sums over rows whose hash is `hashed`, as one text."""
    limbs = (f"sum(CAST('0x' || substr(hashed, {begin}, {_LIMB}) AS UBIGINT))" for begin in (1, 17, 33, 49))
    return f"concat_ws(':', count(*), {', '.join(limbs)})"


def digests(
    session: Session,
    relation: str,
    columns: Sequence[tuple[str, IcebergType]],
    *,
    where: str = "TRUE",
    groups: Sequence[str] = (),
) -> dict[tuple[str | None, ...], str]:
    """The digest of the relation's rows for each combination of the groups' values, in one pass.

    Without groups there is one, also where there is no row.
    """
    named = [f"{expression} AS group_{number}" for number, expression in enumerate(groups)]
    keys = [f"group_{number}" for number in range(len(groups))]
    hashed = f"sha256({row_text(columns)}) AS hashed"
    query = (
        f"SELECT {', '.join([*keys, digest_columns()])} "
        f"FROM (SELECT {', '.join([*named, hashed])} FROM {relation} WHERE {where}) {'GROUP BY ALL' if keys else ''}"
    )
    found = session.connection.execute(query).fetchall()
    return {tuple(row[:-1]): row[-1] if row[-1] != "0" else _ALL for row in found}


def chosen(schema: Schema, without: Sequence[str] = ()) -> list[tuple[str, IcebergType]]:
    """A table's columns that a digest is made of: all but those by which its rows are chosen, in the table's order."""
    return [(one.name, one.field_type) for one in schema.fields if one.name not in without]


def _parts(value: str, kind: IcebergType) -> tuple[str, ...]:
    """A value's text as arguments of concat, which leaves a null out."""
    match kind:
        case StringType():
            return (f"strlen({value})", "':'", value, "';'")
        case BinaryType():
            return (f"2 * octet_length({value})", "':'", f"lower(hex({value}))", "';'")
        case DoubleType():
            return (f"CASE WHEN isnan({value}) THEN 'nan' ELSE printf('%.17g', {value}) END", "';'")
        case BooleanType():
            return (f"CAST({value} AS VARCHAR)", "';'")
        case DateType():
            return (f"date_diff('day', DATE '1970-01-01', {value})", "';'")
        case TimestampType() | TimestamptzType():
            return (f"epoch_us({value})", "';'")
        case ListType(element_type=element):
            return (_listed(value, element), "';'")
        case MapType(key_type=key, value_type=held):
            entry = f"concat({', '.join((*_parts('entry.key', key), *_parts('entry.value', held)))})"
            return (_joined(f"list_sort(map_entries({value}))", "entry", entry), "';'")
        case StructType(fields=fields):
            inner = [part for one in fields for part in _parts(f"({value}).{quoted(one.name)}", one.field_type)]
            return (f"CASE WHEN {value} IS NOT NULL THEN concat('{{', {', '.join(inner)}, '}}') END", "';'")
    # Whole numbers and decimals: as they are written, a decimal at its scale.
    return (f"CAST({value} AS VARCHAR)", "';'")


def _listed(value: str, element: IcebergType) -> str:
    return _joined(value, "item", f"concat({', '.join(_parts('item', element))})")


def _joined(values: str, name: str, text: str) -> str:
    """`count[…]`. A null list is as an empty one: readers of Parquet do not all tell them apart."""
    inner = f"array_to_string(list_transform({values}, lambda {name}: {text}), '')"
    return f"coalesce(len({values}), 0) || '[' || coalesce({inner}, '') || ']'"
