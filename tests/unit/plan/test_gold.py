"""A Gold model's inputs and order come from its SQL; what cannot be built is refused where it stands."""

from __future__ import annotations

import pytest

from medallion.errors import InvalidModel
from medallion.plan.gold import Model, in_order, parse_model

HEADER = "/* medallion\ndescription: One sentence.\nkeys: [k]\n*/\n"


def model(name: str, sql: str) -> Model:
    return parse_model(name, HEADER + sql, f"{name}.sql")


def test_inputs_are_found_when_they_stand_in_ctes_subqueries_and_joins() -> None:
    found = model(
        "m",
        "WITH f AS (SELECT * FROM silver.flights) SELECT f.k FROM f JOIN silver.planes AS p ON p.k = f.k "
        "WHERE EXISTS (SELECT 1 FROM gold.other WHERE other.k = f.k)",
    )
    assert [(one.zone.value, one.name) for one in found.inputs] == [
        ("gold", "other"),
        ("silver", "flights"),
        ("silver", "planes"),
    ]


def test_column_references_still_resolve_when_an_input_had_no_alias() -> None:
    assert "FROM silver__flights AS flights" in model("m", "SELECT flights.k FROM silver.flights").query


def test_models_come_after_their_inputs_when_they_read_each_other() -> None:
    last, first = model("last", "SELECT k FROM gold.first"), model("first", "SELECT k FROM silver.s")
    assert [one.name for one in in_order([last, first])] == ["first", "last"]


def test_circle_is_named_when_models_read_each_other() -> None:
    with pytest.raises(InvalidModel, match="circle"):
        in_order([model("a", "SELECT k FROM gold.b"), model("b", "SELECT k FROM gold.a")])


@pytest.mark.parametrize(
    ("text", "finding"),
    [
        ("SELECT 1", "no header"),
        ("/* medallion\nkeys: [k]\n*/ SELECT k FROM silver.s", "description"),
        ("/* medallion\ndescription: d\nkyes: [k]\n*/ SELECT k FROM silver.s", "kyes"),
        (HEADER + "SELECT k FROM s", "silver.<source>"),
        (HEADER + "SELECT k FROM other.silver.s", "silver.<source>"),
        (HEADER + "SELECT 1 AS k", "reads no table"),
        (HEADER + "DELETE FROM silver.s", "one SELECT"),
        (HEADER + "SELECT k FROM silver.s; SELECT k FROM silver.s", "one SELECT"),
        (HEADER + "SELEC k FROM silver.s", "model.sql"),
    ],
)
def test_model_is_refused_with_its_place_when_it_cannot_be_built(text: str, finding: str) -> None:
    with pytest.raises(InvalidModel, match=finding):
        parse_model("model", text, "model.sql")
