"""What a profile says, and no more, is in a draft; and what a draft says is what the profile allows."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from medallion.contracts import parse_contract
from medallion.contracts.bounds import bounds
from medallion.contracts.columns import RESERVED
from medallion.contracts.draft import Choices, chosen_key, draft_contract
from medallion.contracts.model import (
    ColumnType,
    Contract,
    DecimalType,
    Dialect,
    DoubleType,
    Encoding,
    IntegerType,
    Load,
    Range,
    StringType,
    TimestampType,
)
from medallion.contracts.naming import column_names
from medallion.contracts.profile import ColumnProfile, Profile
from medallion.layout import checked_name
from medallion.plan.compiler import compile_plan


def column(header: str, kind: ColumnType | None = None, **seen: Any) -> ColumnProfile:
    found: dict[str, Any] = {"records": 10, "values": 10, "distinct": 4, "type": kind or StringType(), **seen}
    return ColumnProfile(header=header, **found)


def profile(*columns: ColumnProfile, **seen: Any) -> Profile:
    found: dict[str, Any] = {"dialect": Dialect(), "seen": (), "records": 10, "faults": {}, "repeated": 0, "tokens": {}}
    return Profile(sample="sample.csv", columns=columns, **{**found, **seen})


def drafted(*columns: ColumnProfile, chosen: dict[str, Any] | None = None, **seen: Any) -> Contract:
    asked = {"tenant": "shop", "source": "orders", **(chosen or {})}
    text = draft_contract(profile(*columns, **seen), Choices(**asked))
    return parse_contract(text, "the draft")


@pytest.mark.parametrize(
    ("headers", "names"),
    [
        (("TransactionID", "OrderNo.", "HTTPStatus"), ("transaction_id", "order_no", "http_status")),
        (("Größe", "Prénom", "日付"), ("grosse", "prenom", "column_3")),
        (("a b", "a-b", "a_b"), ("a_b", "a_b_2", "a_b_3")),
        (("2024", "run_id", "raw", "a__b"), ("n_2024", "run_id_of_source", "raw_of_source", "a_b")),
        (("['a.b']", "items[0].sku"), ("a_b", "items_0_sku")),
    ],
)
def test_names_are_the_headers_in_the_form_of_columns(headers: tuple[str, ...], names: tuple[str, ...]) -> None:
    assert column_names(headers) == names


@given(headers=st.lists(st.text(max_size=90), max_size=12, unique=True))
def test_names_can_name_columns_whatever_a_header_says(headers: list[str]) -> None:
    names = column_names(headers)
    assert len(set(names)) == len(headers)
    for name in names:
        assert checked_name("column", name) == name
        assert "__" not in name
        assert name not in RESERVED


@settings(max_examples=40, deadline=None)
@given(header=st.text(min_size=1, max_size=20), remark=st.text(max_size=20), sample=st.text(max_size=20))
def test_a_draft_is_one_document_whatever_its_texts_are(header: str, remark: str, sample: str) -> None:
    found = profile(column(header, remarks=(remark,), domain=(header,))).model_copy(update={"sample": sample})
    contract = parse_contract(draft_contract(found, Choices(tenant="shop", source="orders")), "the draft")
    assert contract.columns[0].header == header
    assert contract.columns[0].rules[0].model_dump()["values"] == (header,)


@pytest.mark.parametrize("header", ["null", "NO", "on", "y", "true", "select", "1e5"])
def test_a_name_stays_text_when_yaml_or_sql_has_a_word_for_it(header: str) -> None:
    contract = drafted(column(header), chosen={"source": "no", "key": column_names([header])})
    assert (contract.source, contract.columns[0].header) == ("no", header)
    assert compile_plan(contract, "rules").key == contract.key


def test_a_dialect_is_written_where_it_differs_from_the_usual() -> None:
    dialect = Dialect(delimiter="\t", quote="'", encoding=Encoding.UTF_16, compression="gzip", null_values=("", "NA"))
    assert drafted(column("a"), dialect=dialect, tokens={"NA": 3}).dialect == dialect
    assert "customProperties" not in draft_contract(profile(column("a")), Choices(tenant="shop", source="orders"))


def test_a_value_is_required_when_no_null_was_seen() -> None:
    found = drafted(column("a"), column("b", values=9), column("c", records=0, values=0, distinct=0))
    assert [one.required for one in found.columns] == [True, False, False]


def test_versions_and_keys_are_as_they_were_chosen() -> None:
    kind = TimestampType(formats=("yyyy-MM-dd",))
    seen = column("seen", kind, minimum="2026-01-01 00:00:00", maximum="2026-02-01 00:00:00")
    chosen = {"key": ("b", "a"), "load": Load.UPSERT, "order_by": "seen"}
    found = drafted(column("a"), column("b"), seen, chosen=chosen)
    assert (found.key, found.load, found.order_by) == (("b", "a"), Load.UPSERT, "seen")
    [bound] = found.column("seen").rules
    assert isinstance(bound, Range)
    assert (bound.minimum, bound.maximum) == ("2026-01-01 00:00:00", None)


def test_a_key_has_no_range_for_there_will_be_more() -> None:
    ids = column("id", IntegerType(), distinct=10, minimum="1", maximum="10")
    assert drafted(ids, chosen={"key": ("id",)}).columns[0].rules == ()


@pytest.mark.parametrize(
    ("columns", "key"),
    [
        ((column("note", distinct=10), column("order_id", distinct=10)), ("order_id",)),
        ((column("number", IntegerType(), distinct=10),), ("number",)),
        ((column("first", IntegerType(), distinct=10), column("b")), ("first",)),
        ((column("text", distinct=10), column("amount", IntegerType(), distinct=10)), ()),
        ((column("id", DoubleType(), distinct=10),), ()),
        ((column("id", distinct=9),), ()),
        ((column("id", records=1, values=1, distinct=1),), ()),
    ],
)
def test_a_key_is_what_values_and_name_say(columns: tuple[ColumnProfile, ...], key: tuple[str, ...]) -> None:
    assert chosen_key(profile(*columns), column_names([one.header for one in columns])) == key


@settings(max_examples=40, deadline=None)
@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**30), max_value=10**30, places=4))
def test_bounds_take_the_extremes_when_they_are_decimals(value: Decimal) -> None:
    seen = column("a", DecimalType(precision=38, scale=4), minimum=f"{value:f}", maximum=f"{value:f}")
    for rule in drafted(seen).columns[0].rules:
        assert isinstance(rule, Range)
        assert Decimal(rule.minimum or "-Infinity") <= value <= Decimal(rule.maximum or "Infinity")


@settings(max_examples=40, deadline=None)
@given(st.floats(allow_nan=False, allow_infinity=False))
def test_bounds_are_the_extremes_when_they_are_doubles(value: float) -> None:
    [rule] = drafted(column("a", DoubleType(), minimum=repr(value), maximum=repr(value))).columns[0].rules
    assert isinstance(rule, Range)
    assert float(rule.minimum or "nan") == float(rule.maximum or "nan") == value


def test_a_bound_is_left_out_when_its_type_could_not_hold_it() -> None:
    kind = DecimalType(precision=17, scale=16)
    assert list(bounds(column("a", kind, minimum="9.1234567890123456", maximum="9.1234567890123457"))) == [
        ("minimum: 9", "beyond the least that was seen, whose digits are more than a YAML reader keeps")
    ]


def test_what_a_person_should_know_is_told_when_a_draft_begins() -> None:
    found = profile(column("a"), repeated=2, faults={"expected 3 fields, found 2": 7})
    text = draft_contract(found, Choices(tenant="shop", source="orders"))
    assert "# 7 records are malformed and would be quarantined: expected 3 fields, found 2." in text
    assert "# 2 records stand there once more, whole" in text
