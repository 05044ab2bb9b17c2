"""Athena's SQL means on DuckDB what it means on Trino. Expected values are Trino's by its documentation."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import duckdb
import pytest
from sqlglot.errors import ParseError

from local import trino

TABLE = """
CREATE TABLE t (a DECIMAL(10, 2), b BIGINT, d DATE, x DOUBLE, ts TIMESTAMP, s VARCHAR);
INSERT INTO t VALUES
    (1.01, 2, '2025-01-31', 2.5, '2025-01-31 23:30:00', 'abc'),
    (1.00, 3, '2025-02-28', -3.5, '2025-02-28 00:10:00', 'zbz');
"""


@pytest.fixture
def database() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        for statement in ("SET TimeZone = 'UTC'", *trino.MACROS):
            connection.execute(statement)
        connection.execute(TABLE)
        yield connection


def rows(database: duckdb.DuckDBPyConnection, sql: str) -> list[tuple[Any, ...]]:
    return database.execute(trino.translate(trino.parse(sql), database)).fetchall()


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("7 / 2", 3),
        ("-7 / 2", -3),
        ("7 / 2e0", 3.5),
        ("7 % -3", 1),
        ("10.0 / 3", Decimal("3.3")),
        ("1.00 / 3", Decimal("0.33")),
        ("2 / 3.000", Decimal("0.667")),
        ("-1.00 / 8.00", Decimal("-0.13")),
        ("(7 / 2) / 2.0", Decimal("1.5")),
        ("1e0 / 0e0", float("inf")),
        ("try(1 / 0)", None),
        ("CAST(2.5e0 AS integer)", 3),
        ("CAST(-2.5e0 AS bigint)", -3),
        ("try_cast('x' AS integer)", None),
        ("date_add('day', 1, date '2025-01-31')", date(2025, 2, 1)),
        ("date_add('month', 1, date '2025-01-31')", date(2025, 2, 28)),
        ("date '2025-01-31' + interval '1' day", date(2025, 2, 1)),
        ("date_add('hour', 1, timestamp '2025-01-31 23:30:00')", datetime.fromisoformat("2025-02-01 00:30:00")),
        ("date_trunc('month', date '2025-01-31')", date(2025, 1, 1)),
        ("date_diff('month', date '2025-01-31', date '2025-02-27')", 0),
        ("date_diff('hour', timestamp '2025-01-01 00:50:00', timestamp '2025-01-01 01:10:00')", 0),
        ("regexp_extract('abc', 'z')", None),
        ("regexp_extract('abc', 'b')", "b"),
        ("format_datetime(timestamp '2025-01-31 23:05:09', 'yyyy-MM-dd''T''HH:mm:ss')", "2025-01-31T23:05:09"),
        ("format_datetime(at_timezone(timestamp '2025-01-31 23:30:00 UTC', 'Europe/Madrid'), 'HH:mm')", "00:30"),
        ("CAST(timestamp '2025-01-31 23:30:00 UTC' AT TIME ZONE 'Europe/Madrid' AS date)", date(2025, 2, 1)),
        ("width_bucket(5.3e0, 0, 10, 5)", 3),
        ("width_bucket(-1, 0, 10, 5)", 0),
        ("width_bucket(10, 0, 10, 5)", 6),
        ("width_bucket(7, 10, 0, 5)", 2),
        ("concat('a', NULL)", None),
    ],
)
def test_value_is_trinos_when_duckdbs_would_differ(
    database: duckdb.DuckDBPyConnection, expression: str, value: object
) -> None:
    [(found,)] = rows(database, f"SELECT {expression}")
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("SELECT avg(a), avg(b) FROM t", [(Decimal("1.01"), 2.5)]),
        ("SELECT avg(a) FILTER (WHERE b = 3), avg(DISTINCT a) FROM t", [(Decimal("1.00"), Decimal("1.01"))]),
        ("SELECT avg(a) FROM t WHERE b > 9", [(None,)]),
        ("SELECT avg(a) OVER (PARTITION BY s) FROM t ORDER BY 1", [(Decimal("1.00"),), (Decimal("1.01"),)]),
        ("SELECT sum(b) / count(*), sum(a) / count(*) FROM t", [(2, Decimal("1.01"))]),
        ("WITH c AS (SELECT a / b AS r FROM t) SELECT max(c.r / 2) FROM c", [(Decimal("0.26"),)]),
        ("SELECT (SELECT sum(a) / 3 FROM t) / 2 FROM t LIMIT 1", [(Decimal("0.34"),)]),
        ("SELECT b FROM t GROUP BY b, a HAVING sum(a) / count(a) > 1 ORDER BY sum(a) / 2", [(2,)]),
        ("SELECT 7 / 2 UNION ALL SELECT b / 2 FROM t ORDER BY 1", [(1,), (1,), (3,)]),
        ("SELECT CASE WHEN b = 2 THEN a / b END FROM t ORDER BY b", [(Decimal("0.51"),), (None,)]),
    ],
)
def test_rows_are_trinos_when_types_come_from_tables(
    database: duckdb.DuckDBPyConnection, sql: str, expected: list[tuple[object, ...]]
) -> None:
    assert rows(database, sql) == expected


@pytest.mark.parametrize("expression", ["1 / 0", "1 % 0", "1.0 / 0", "b / (b - b)", "a % 0"])
def test_query_fails_when_an_exact_number_is_divided_by_zero(
    database: duckdb.DuckDBPyConnection, expression: str
) -> None:
    with pytest.raises(duckdb.Error, match="DIVISION_BY_ZERO"):
        rows(database, f"SELECT {expression} FROM t")


def test_columns_are_numbered_when_they_have_no_name(database: duckdb.DuckDBPyConnection) -> None:
    translated = trino.translate(trino.parse("SELECT count(*), b AS n, b, 1 FROM t GROUP BY b"), database)
    described = database.execute(translated).description
    assert [name for name, *_ in described or []] == ["_col0", "n", "b", "_col3"]


@pytest.mark.parametrize(
    ("sql", "why"),
    [
        ("DELETE FROM t", "runs queries only"),
        ("SELECT 1; SELECT 2", "Only one sql statement"),
        ("SELECT at_timezone(ts, 'UTC') FROM t", "directly inside a format"),
        ("SELECT format_datetime(ts, 'yyyy-ww') FROM t", "'ww' is not supported"),
        ("SELECT format_datetime(ts, s) FROM t", "literal pattern"),
    ],
)
def test_statement_is_refused_when_it_would_be_answered_wrongly(
    database: duckdb.DuckDBPyConnection, sql: str, why: str
) -> None:
    with pytest.raises(trino.NotSupported, match=why):
        rows(database, sql)


def test_parse_error_is_raised_when_the_text_is_no_sql() -> None:
    with pytest.raises(ParseError):
        trino.parse("SELEC 1")
