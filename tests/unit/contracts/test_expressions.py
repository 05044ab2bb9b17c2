"""What a custom rule's SQL may be."""

from __future__ import annotations

import duckdb
import pytest

from medallion.contracts.expressions import NotAllowed, check_expression, check_rounding

COLUMNS = ("a", "b", "day")


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("a>b", "a > b"),
        (" ( a > 1 AND not b in (1,2) ) ", "(a > 1 AND NOT b IN (1, 2))"),
        ("a BETWEEN 1 AND 2 /* said */", "a BETWEEN 1 AND 2"),
        ("a IS NOT DISTINCT FROM b", "a IS NOT DISTINCT FROM b"),
        ("starts_with(lower(a), 'x')", "STARTS_WITH(LOWER(a), 'x')"),
        (
            "case when a > 1 then b else 2 end = coalesce(b, 3) % 2",
            "CASE WHEN a > 1 THEN b ELSE 2 END = COALESCE(b, 3) % 2",
        ),
        ("day >= DATE '2026-01-31'", "day >= CAST('2026-01-31' AS DATE)"),
        ("try_cast(a as integer) > 1", "TRY_CAST(a AS INT) > 1"),
        ("a || b <> 'it''s; --'", "a || b <> 'it''s; --'"),
    ],
)
def test_an_expression_is_canonical_when_it_is_allowed(text: str, canonical: str) -> None:
    assert check_expression(text, COLUMNS) == canonical


@pytest.mark.parametrize(
    "text",
    [
        "now() < day",
        "current_date > day",
        "CURRENT_TIMESTAMP > day",
        "random() > 0.5",
        "a = (SELECT 1)",
        "a IN (SELECT 1)",
        "EXISTS(SELECT 1)",
        "a > ALL(SELECT 1)",
        "read_csv('x') = a",
        "getenv('HOME') = a",
        "nextval('s') = 1",
        "count(*) > 1",
        "row_number() OVER () = 1",
        "$1 = a",
        "? = a",
        "regexp_matches(a, 'x')",
        "a::INTEGER > 1",
        "CAST(a AS INTEGER) > 1",
        "day > DATE '2026-02-30'",
        "t.a > 1",
        "c > 1",
        "A > 1",
        "SELECT 1",
        "DELETE FROM t",
        "DROP TABLE t",
        "a > 1; b > 1",
        "a + 1",
        "a",
        "lower(a)",
        "",
        "a >",
        "a > 1)",
        "COLUMNS(*) > 1",
        "list_filter([a], x -> x > 1) = a",
        "getvariable('x') = a",
    ],
)
def test_an_expression_is_refused_when_it_is_not_a_condition_on_the_record(text: str) -> None:
    with pytest.raises(NotAllowed):
        check_expression(text, COLUMNS)


def test_it_runs_when_it_is_allowed() -> None:
    expression = check_expression(
        "length(trim(upper(a))) > 1 AND round(abs(b / 2), 1) >= floor(b) - 5"
        " AND date_diff('day', day, day + INTERVAL 2 DAY) = 2 AND year(day) = extract(year FROM day)"
        " AND substring(a, 1, 1) LIKE 'x%' AND nullif(b, 0) <= greatest(b, least(b, 1))"
        " AND concat(a, 'y') <> a AND ceil(b) >= b AND month(day) < 13 AND day(day) < 32 AND ends_with(a, 'z')",
        COLUMNS,
    )
    query = f"SELECT {expression} FROM (SELECT 'xyz' AS a, 3 AS b, DATE '2026-01-31' AS day)"
    assert duckdb.execute(query).fetchone() == (True,)


@pytest.mark.parametrize("text", ["round(b, 1) = b", "floor(a / 2) = 1", "ceil(try_cast(a AS DOUBLE)) = 1"])
def test_rounding_is_refused_when_its_value_is_a_double(text: str) -> None:
    with pytest.raises(NotAllowed, match="rounds a double"):
        check_rounding(text, {"b"})


@pytest.mark.parametrize("text", ["round(a, 1) = b", "b / 2 > floor(a)", "round(try_cast(a AS DECIMAL(9, 2)), 1) = 1"])
def test_rounding_is_taken_when_its_value_is_exact(text: str) -> None:
    check_rounding(text, {"b"})
