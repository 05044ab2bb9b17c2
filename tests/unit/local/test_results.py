"""Values and types as Athena writes them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from local.results import athena_type, quoted, text


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (None, None),
        (True, "true"),
        (1, "1"),
        (1.0, "1.0"),
        (0.1, "0.1"),
        (12345678.9, "1.23456789E7"),
        (-1e22, "-1.0E22"),
        (0.00025, "2.5E-4"),
        (0.0, "0.0"),
        (float("nan"), "NaN"),
        (float("-inf"), "-Infinity"),
        (Decimal("1.50"), "1.50"),
        (Decimal("1E+3"), "1000"),
        (date(2025, 1, 2), "2025-01-02"),
        (datetime.fromisoformat("2025-01-02T03:04:05.000006"), "2025-01-02 03:04:05.000006"),
        (datetime(2025, 1, 2, tzinfo=UTC), "2025-01-02 00:00:00.000000 UTC"),
        (b"ab", "61 62"),
        ([1, None, "x"], "[1, null, x]"),
        ({"a": 1, "b": None}, "{a=1, b=null}"),
    ],
)
def test_value_is_written_as_athena_writes_it(value: object, written: str | None) -> None:
    assert text(value) == written


@pytest.mark.parametrize(
    ("duckdb_type", "name"),
    [
        ("DECIMAL(10,2)", "decimal"),
        ("INTEGER[]", "array"),
        ("TIMESTAMP WITH TIME ZONE", "timestamp with time zone"),
        ("STRUCT(a INTEGER)", "row"),
        ("HUGEINT", "bigint"),
        ("UUID", "varchar"),
    ],
)
def test_type_has_athenas_name(duckdb_type: str, name: str) -> None:
    assert athena_type(duckdb_type) == name


def test_quotes_are_doubled_when_a_value_holds_them() -> None:
    assert quoted('a "b"') == '"a ""b"""'
