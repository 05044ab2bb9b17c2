"""Where a Gold value comes from: told by its rewritten query, held against taking rows away one by one."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from medallion.errors import InvalidModel
from medallion.plan.gold import parse_model
from medallion.plan.provenance import ORIGINS, with_origins

TENANTS = Path(__file__).resolve().parents[3] / "tenants"


def origins(query: str, key: str, **relations: str) -> set[int]:
    """The numbers of the rows behind the result's rows of which `key` is true; a relation is a list of VALUES."""
    with duckdb.connect() as connection:
        for name, rows in relations.items():
            connection.execute(f"CREATE TABLE raw_{name} AS {rows}")
            connection.execute(f"CREATE VIEW {name} AS SELECT *, [n] AS {ORIGINS} FROM raw_{name}")
        found = connection.execute(
            f"SELECT DISTINCT UNNEST({ORIGINS}) FROM ({with_origins(query)}) WHERE {key}"
        ).fetchall()
    return {row[0] for row in found}


SALES = "SELECT * FROM (VALUES (1, 'a', 10), (2, 'a', 20), (3, 'b', 5), (4, 'b', 1)) AS t(n, shop, sold)"
SHOPS = "SELECT * FROM (VALUES (11, 'a', 'Alma'), (12, 'b', 'Bern')) AS t(n, shop, town)"


@pytest.mark.parametrize(
    ("query", "key", "behind"),
    [
        ("SELECT shop, SUM(sold) AS s FROM sales GROUP BY shop", "shop = 'a'", {1, 2}),
        ("SELECT shop, SUM(sold) AS s FROM sales WHERE sold > 5 GROUP BY ALL", "shop = 'b'", set()),
        ("SELECT town, sold FROM sales JOIN shops USING (shop)", "town = 'Bern'", {3, 4, 12}),
        ("SELECT town, sold FROM shops LEFT JOIN sales ON sales.shop = shops.shop AND sold > 9", "town = 'Bern'", {12}),
        ("SELECT DISTINCT shop FROM sales", "shop = 'b'", {3, 4}),
        ("SELECT * FROM sales", "sold = 20", {2}),
        ("WITH m AS (SELECT shop, MAX(sold) AS most FROM sales GROUP BY 1) SELECT * FROM m", "most = 20", {1, 2}),
        ("SELECT sold, SUM(sold) OVER (PARTITION BY shop ORDER BY sold) AS s FROM sales", "sold = 10", {1}),
        ("SELECT sold, SUM(sold) OVER (PARTITION BY shop ORDER BY sold) AS s FROM sales", "sold = 20", {1, 2}),
        ("SELECT shop FROM sales UNION ALL SELECT shop FROM shops", "shop = 'a'", {1, 2, 11}),
        ("SELECT shop, sold FROM sales WHERE sold = (SELECT MAX(sold) FROM sales)", "shop = 'a'", {2}),
        ("SELECT COUNT(*) AS c FROM sales", "c = 4", {1, 2, 3, 4}),
    ],
)
def test_rows_behind_a_value_are_named_when_a_query_is_rewritten(query: str, key: str, behind: set[int]) -> None:
    assert origins(query, key, sales=SALES, shops=SHOPS) == behind


@settings(max_examples=25)
@given(rows=st.lists(st.tuples(st.sampled_from("abc"), st.integers(-5, 5)), min_size=1, max_size=8))
def test_value_is_the_same_when_only_its_origins_are_left(rows: list[tuple[str, int]]) -> None:
    query = (
        "WITH m AS (SELECT shop, sold FROM sales WHERE sold <> 0) "
        "SELECT shop, SUM(sold) AS total, MIN(sold) AS least FROM m GROUP BY shop"
    )
    values = ", ".join(f"({n}, '{shop}', {sold})" for n, (shop, sold) in enumerate(rows))
    table = f"SELECT * FROM (VALUES {values}) AS t(n, shop, sold)"
    with duckdb.connect() as connection:
        connection.execute(f"CREATE TABLE sales AS {table}")
        for shop, total, least in connection.execute(query).fetchall():
            behind = origins(query, f"shop = '{shop}'", sales=table)
            kept = ", ".join(map(str, behind))
            only = query.replace("FROM sales", f"FROM (SELECT * FROM sales WHERE n IN ({kept}))")
            assert connection.execute(only).fetchall() == [(shop, total, least)]


@pytest.mark.parametrize("file", sorted(TENANTS.glob("*/gold/*.sql")), ids=lambda file: file.stem)
def test_models_that_ship_can_be_explained(file: Path) -> None:
    model = parse_model(file.stem, file.read_text(encoding="utf-8"), file.name)
    assert with_origins(model.query).count(ORIGINS) > len(model.inputs)


def test_subtracting_model_is_refused_when_it_is_to_be_explained() -> None:
    with pytest.raises(InvalidModel, match="EXCEPT"):
        with_origins("SELECT a FROM x EXCEPT SELECT a FROM y")
