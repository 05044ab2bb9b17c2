"""A text has a type only if it has the type's form: nothing is rounded, trimmed or guessed."""

from __future__ import annotations

import duckdb
import pytest

from medallion.contracts.model import (
    BooleanType,
    ColumnType,
    DateType,
    DecimalType,
    DoubleType,
    IntegerType,
    TimestampType,
)
from medallion.errors import InvalidContract
from medallion.plan.sql import transpile
from medallion.plan.timestamps import parse_format
from medallion.plan.types import cast_expression, iceberg_type

MONEY = DecimalType(precision=18, scale=2)
DAY_FIRST = TimestampType(formats=("dd/MM/yyyy HH:mm:ss.SSS",))
TWO_FORMATS = DateType(formats=("yyyy-MM-dd", "yyyyMMdd"))


def typed(column_type: ColumnType, text: str) -> str | None:
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        found = connection.execute(
            f"SELECT CAST({cast_expression(column_type, 'said')} AS VARCHAR) FROM (SELECT ? AS said)", [text]
        ).fetchone()
    assert found is not None
    value: str | None = found[0]
    return value


@pytest.mark.parametrize(
    ("column_type", "text", "value"),
    [
        (IntegerType(), "9223372036854775807", "9223372036854775807"),
        (IntegerType(), "-0012", "-12"),
        (MONEY, "1.5", "1.50"),
        (MONEY, "-1234567890123456.78", "-1234567890123456.78"),
        (MONEY, ".5", "0.50"),
        (MONEY, "0.50", "0.50"),
        (MONEY, "+0.50", "0.50"),
        (DoubleType(), "1e308", "1e+308"),
        (DoubleType(), "-.5E-3", "-0.0005"),
        (BooleanType(), "TRUE", "true"),
        (DateType(), "2024-02-29", "2024-02-29"),
        (TWO_FORMATS, "20240229", "2024-02-29"),
        (TimestampType(), "2013-01-01T10:00:00Z", "2013-01-01 10:00:00+00"),
        (TimestampType(), "2013-01-01T10:00:00-0530", "2013-01-01 15:30:00+00"),
        (DAY_FIRST, "28/02/2013 23:59:59.123", "2013-02-28 23:59:59.123"),
    ],
)
def test_value_is_read_exactly_when_text_has_the_form(column_type: ColumnType, text: str, value: str) -> None:
    assert typed(column_type, text) == value


@pytest.mark.parametrize(
    ("column_type", "text"),
    [
        *(
            (IntegerType(), text)
            for text in ("9223372036854775808", " 7", "7 ", "7\n", "1_000", "0x10", "1.0", "1e3", "٣", "")
        ),
        *((MONEY, text) for text in ("1.005", "1,5", "NaN", "1e400", "1e2", "12345678901234567", "$5", "--1", ".", "")),
        *((DoubleType(), text) for text in ("1e400", "-1e999", "NaN", "inf", "Infinity", "1,5", "1 ", "e5", "0x1p3")),
        *((BooleanType(), text) for text in ("yes", "2", "tru", "")),
        *(
            (DateType(), text)
            for text in ("2023-02-29", "2023-02-31", "2023-13-01", "0000-01-01", "2023-1-1", "20230101")
        ),
        *(
            (TimestampType(), text)
            for text in (
                "2013-02-31T10:00:00Z",
                "2013-01-01T24:00:00Z",
                "2013-01-01T23:59:60Z",
                "2013-01-01T10:00:00",
                "2013-01-01 10:00:00Z",
                "2013-01-01T10:00:00+19",
                "2013-01-01T10:00:00Z\n",
            )
        ),
    ],
)
def test_no_value_when_text_lacks_the_form(column_type: ColumnType, text: str) -> None:
    assert typed(column_type, text) is None


def test_spark_looks_for_no_pattern_where_a_text_is_cast_to_a_date() -> None:
    # What it looks at in its place is held to the pattern record by record, in tests/parity.
    cast = cast_expression(DateType(), "said")
    assert "RLIKE" not in transpile(cast)["spark"]
    assert "RLIKE" in transpile(cast.replace("DATE", "VARCHAR"))["spark"]


def test_timestamp_is_an_instant_when_its_pattern_has_a_zone() -> None:
    assert iceberg_type(TimestampType()) == "timestamptz"
    assert iceberg_type(TimestampType(formats=("yyyy-MM-dd HH:mm:ss'Z'",))) == "timestamptz"
    assert iceberg_type(DAY_FIRST) == "timestamp"


def test_formats_are_refused_when_only_some_have_a_zone() -> None:
    with pytest.raises(InvalidContract, match="an instant or a local time"):
        iceberg_type(TimestampType(formats=("yyyy-MM-dd'T'HH:mm:ssX", "yyyy-MM-dd HH:mm:ss")))


@pytest.mark.parametrize(
    "pattern", ["yyyy-MMM-dd", "EEE yyyy-MM-dd", "yyyy-MM-dd'T'HH:mm:ssXXX zz", "HH:mm:ss", "yyyy-MM-ddX HH"]
)
def test_pattern_is_refused_with_what_is_supported_when_it_is_not(pattern: str) -> None:
    with pytest.raises(InvalidContract, match="yyyy MM dd"):
        parse_format(pattern)
