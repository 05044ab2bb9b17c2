"""How Athena writes a value and names a type."""

from __future__ import annotations

import math
import re
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

_TYPES = {
    "BOOLEAN": "boolean",
    "TINYINT": "tinyint",
    "SMALLINT": "smallint",
    "INTEGER": "integer",
    "BIGINT": "bigint",
    "HUGEINT": "bigint",
    "FLOAT": "float",
    "DOUBLE": "double",
    "DECIMAL": "decimal",
    "VARCHAR": "varchar",
    "BLOB": "varbinary",
    "DATE": "date",
    "TIME": "time",
    "TIMESTAMP": "timestamp",
    "TIMESTAMP WITH TIME ZONE": "timestamp with time zone",
    "STRUCT": "row",
    "MAP": "map",
}


def athena_type(duckdb_type: str) -> str:
    """The Athena API's name for a DuckDB type."""
    if duckdb_type.endswith("]"):
        return "array"
    return _TYPES.get(re.split(r"[(]", duckdb_type, maxsplit=1)[0].strip(), "varchar")


def text(value: Any) -> str | None:
    """A value as Athena's API and result files have it; None for null."""
    if value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return _double(value)
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, datetime):
        zoned = value.tzinfo is not None
        moment = value.astimezone(UTC) if zoned else value
        return moment.strftime("%Y-%m-%d %H:%M:%S.%f") + (" UTC" if zoned else "")
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.hex(" ")
    if isinstance(value, list | tuple):
        return "[" + ", ".join(text(item) or "null" for item in value) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}={text(item) or 'null'}" for key, item in value.items()) + "}"
    return str(value)


def quoted(value: str) -> str:
    """A value as the result file has it."""
    return '"' + value.replace('"', '""') + '"'


def _double(value: float) -> str:
    """A double as Java writes it, which Athena's results show."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    if value == 0 or 1e-3 <= abs(value) < 1e7:
        return repr(value) if "e" not in repr(value) else format(Decimal(repr(value)), "f")
    sign, digits, exponent = Decimal(repr(value)).normalize().as_tuple()
    whole, fraction = digits[0], "".join(map(str, digits[1:])) or "0"
    return f"{'-' if sign else ''}{whole}.{fraction}E{int(exponent) + len(digits) - 1}"
