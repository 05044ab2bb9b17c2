"""A model goes to Spark where every part of it is known to mean the same there, and is refused with the part else."""

from __future__ import annotations

import pytest

from medallion.errors import InvalidModel
from medallion.plan.gold import parse_model
from medallion.plan.gold_spark import spark_query

HEADER = "/* medallion\ndescription: One sentence.\n*/\n"
COLUMNS = {
    "n": "BIGINT", "d": "DECIMAL(18, 2)", "x": "DOUBLE", "t": "VARCHAR", "yes": "BOOLEAN", "day": "DATE",
    "moment": "TIMESTAMPTZ", "clock": "TIMESTAMP", "many": "VARCHAR[]",
}  # fmt: skip


def said(query: str) -> str:
    return spark_query(parse_model("m", HEADER + query, "m"), {"silver__s": COLUMNS})


@pytest.mark.parametrize(
    "part",
    [
        "CAST(x AS BIGINT)", "CAST(d AS INTEGER)", "CAST(x AS DECIMAL(10, 2))", "CAST(t AS DATE)", "CAST(x AS VARCHAR)",
        "TRY_CAST(t AS BIGINT)", "n // 2", "UPPER(t)", "FLOOR(x)", "CAST(d + x AS DECIMAL(9, 2))",
        "CAST(d / 2 AS DECIMAL(9, 2))", "ROUND(x, n)", "day - DATE '2020-01-01'", "t > 1",
        "day = '2020-01-01'", "COALESCE(t, 0)", "CASE WHEN yes THEN 1 ELSE t END", "t LIKE 'a\\b'", "NOW()", "RANDOM()",
        "clock AT TIME ZONE 'Europe/Zurich'", "FIRST(n)", "MAX(n, 2)", "SUM(DISTINCT n)", "COUNT(DISTINCT (n, t))",
        "RANK() OVER (ORDER BY n RANGE BETWEEN 1 PRECEDING AND CURRENT ROW)", "many[1]", "day + n",
        "CAST(t AS TIMESTAMP)",
    ],
)  # fmt: skip
def test_model_is_refused_with_the_part_when_engines_may_differ_over_it(part: str) -> None:
    with pytest.raises(InvalidModel, match=r"model m: .* is not known to mean the same on Spark"):
        said(f"SELECT {part} AS value FROM silver.s")


@pytest.mark.parametrize(
    "query",
    [
        "SELECT n FROM silver.s LIMIT 5",
        "SELECT DISTINCT ON (t) t, n FROM silver.s",
        "SELECT n FROM silver.s QUALIFY ROW_NUMBER() OVER (ORDER BY n) = 1",
        "SELECT a.n FROM silver.s AS a ASOF JOIN silver.s AS b ON a.clock >= b.clock",
        "SELECT UNNEST(many) AS one FROM silver.s",
        "SELECT UNNEST(RANGE(1, 5)) AS one FROM silver.s",
        "SELECT UNNEST(GENERATE_SERIES(5, 1, -1)) AS one FROM silver.s",
        "SELECT t, SUM(n) AS n FROM silver.s GROUP BY ROLLUP (t)",
        "SELECT n FROM silver.s UNION ALL BY NAME SELECT n FROM silver.s",
        "WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r WHERE n < 5) SELECT r.n FROM r, silver.s",
        "SELECT n FROM silver.s UNION SELECT t FROM silver.s",
    ],
)
def test_model_is_refused_when_its_shape_may_be_taken_otherwise(query: str) -> None:
    with pytest.raises(InvalidModel, match="only DuckDB can build it"):
        said(query)


def test_model_is_refused_when_a_column_is_not_there() -> None:
    with pytest.raises(InvalidModel, match=r"model m: .*missing"):
        said("SELECT missing FROM silver.s")


def test_rounding_a_double_is_spelt_out_when_spark_would_round_what_it_prints() -> None:
    assert "(ROUND((`s`.`x`) * 1e2, 0) / 1e2) AS `r`" in said("SELECT ROUND(x, 2) AS r FROM silver.s")
    assert "ROUND(`s`.`d`, 1) AS `r`" in said("SELECT ROUND(d, 1) AS r FROM silver.s")


def test_grouping_by_all_is_by_number_when_aggregates_stand_between() -> None:
    query = "SELECT t, SUM(n) AS n, day, COUNT(*) + 1 AS c, yes FROM silver.s GROUP BY ALL"
    assert said(query).endswith("GROUP BY 1, 3, 5")


def test_whole_numbers_are_summed_as_decimals_when_a_bigint_could_overflow() -> None:
    assert "SUM(CAST(`s`.`n` AS DECIMAL(38, 0)))" in said("SELECT SUM(n) AS n FROM silver.s")


def test_division_by_zero_is_infinite_when_nothing_rules_it_out() -> None:
    assert "'Infinity'" in said("SELECT n / d AS q FROM silver.s")
    assert "'Infinity'" not in said("SELECT n / NULLIF(d, 0) AS q, n / 3 AS r FROM silver.s")


def test_series_is_empty_when_it_would_run_backwards() -> None:
    found = said("SELECT UNNEST(GENERATE_SERIES(MIN(n), MAX(n))) AS one FROM silver.s")
    assert "CASE WHEN MIN(`s`.`n`) > MAX(`s`.`n`) THEN NULL ELSE SEQUENCE(" in found
