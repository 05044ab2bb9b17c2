"""Which columns a model's columns are made of, as far as its SQL tells."""

from __future__ import annotations

import pytest

from medallion.plan.lineage import Origin, origins_of_columns

RELATIONS = {"silver__orders": ("id", "customer_id", "amount", "note"), "silver__customers": ("id", "name")}
ID, CUSTOMER, AMOUNT = (("silver__orders", name) for name in ("id", "customer_id", "amount"))
NAME = ("silver__customers", "name")


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("SELECT id AS number, amount * 2 AS twice FROM silver__orders", {"number": (ID,), "twice": (AMOUNT,)}),
        ("SELECT COUNT(*) AS n, 'x' AS always FROM silver__orders", {"n": (), "always": ()}),
        (
            (
                "SELECT c.name, SUM(o.amount) AS spent FROM silver__orders AS o JOIN silver__customers AS c "
                "ON c.id = o.customer_id WHERE o.note IS NULL GROUP BY c.name"
            ),
            {"name": (NAME,), "spent": (AMOUNT,)},
        ),
        (
            (
                "WITH big AS (SELECT *, RANK() OVER (PARTITION BY customer_id ORDER BY amount) AS place "
                "FROM silver__orders) SELECT id, place FROM big"
            ),
            {"id": (ID,), "place": (AMOUNT, CUSTOMER)},
        ),
        (
            "SELECT id FROM silver__orders UNION ALL SELECT id FROM silver__customers",
            {"id": (("silver__customers", "id"), ID)},
        ),
        ("SELECT COALESCE(name, 'none') AS name FROM silver__customers", {"name": (NAME,)}),
    ],
)
def test_columns_are_told_when_the_sql_names_them(query: str, expected: dict[str, tuple[Origin, ...]]) -> None:
    assert origins_of_columns(query, RELATIONS) == expected


@pytest.mark.parametrize("query", ["SELECT nope FROM silver__orders", "SELECT (", "SELECT x FROM silver__gone"])
def test_nothing_is_made_up_when_the_sql_cannot_be_understood(query: str) -> None:
    found = origins_of_columns(query, RELATIONS)
    assert not any(found.values())
