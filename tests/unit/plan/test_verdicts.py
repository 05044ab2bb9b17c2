"""What becomes of a record, rule by rule and record by record, through the compiled plan and the real engine."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from medallion.contracts.model import (
    Check,
    DecimalType,
    Dialect,
    Length,
    Pattern,
    Range,
    Reference,
    TimestampType,
    ValidValues,
)
from tests.unit.plan.judging import contract_of, judge, text, whole

KEYED = contract_of(whole("id", required=True), text("name"), key=("id",))


def test_every_error_is_kept_when_a_record_breaks_several_rules() -> None:
    contract = contract_of(
        text("name", required=True),
        whole("amount", type=DecimalType(precision=9, scale=2), rules=(Range(minimum="0"),)),
        text("currency", rules=(ValidValues(values=("EUR", "USD"), code="CURRENCY_ERROR"), Length(maximum=3))),
        whole("at", type=TimestampType()),
    )
    [verdict] = judge(contract, b"name,amount,currency,at\n,-1,EURO,yesterday\n")
    assert verdict.outcome == "quarantined"
    assert verdict.errors == (
        ("name", "required", "NULL_VALUE_ERROR"),
        ("amount", "range", "RANGE_ERROR"),
        ("currency", "valid_values", "CURRENCY_ERROR"),
        ("currency", "length", "RANGE_ERROR"),
        ("at", "type", "TIMESTAMP_ERROR"),
    )


def test_null_passes_every_rule_but_required_when_the_token_says_null() -> None:
    contract = contract_of(
        text(
            "code",
            rules=(Pattern(regex="[A-Z]{2}"), ValidValues(values=("AA",)), Reference(source="codes", column="code")),
        ),
        whole("n", rules=(Range(minimum="1"),)),
        checks=(Check(name="positive", expression="n > 0", message="n is positive"),),
        dialect=Dialect(null_values=("", "NA")),
    )
    [verdict] = judge(contract, b"code,n\nNA,\n", references={"codes.code": []})
    assert verdict.outcome == "inserted"


def test_type_error_stands_alone_when_a_range_cannot_be_judged() -> None:
    [verdict] = judge(contract_of(whole("n", rules=(Range(minimum="1"),))), b"n\nmany\n")
    assert verdict.codes == ("TYPE_ERROR",)


@pytest.mark.parametrize(
    ("bound", "bad", "good"),
    [("minimum", "4", "5"), ("maximum", "6", "5"), ("exclusive_minimum", "5", "6"), ("exclusive_maximum", "5", "4")],
)
def test_bound_is_kept_when_a_value_stands_on_it(bound: str, bad: str, good: str) -> None:
    contract = contract_of(whole("n", rules=(Range.model_validate({bound: "5"}),)))
    assert [one.outcome for one in judge(contract, f"n\n{bad}\n{good}\n".encode())] == ["quarantined", "inserted"]


def test_reference_fails_when_the_value_is_in_no_published_record() -> None:
    contract = contract_of(text("origin", rules=(Reference(source="airports", column="faa"),)))
    found = judge(contract, b"origin\nEWR\nXXX\n", references={"airports.faa": ["EWR", "JFK"]})
    assert [one.codes for one in found] == [(), ("REFERENCE_ERROR",)]


def test_check_fails_only_when_its_expression_is_false() -> None:
    check = Check(
        name="ends_after_start", expression="finish >= start", message="it ends after it starts", code="ORDER_ERROR"
    )
    contract = contract_of(whole("start"), whole("finish"), checks=(check,))
    assert [one.codes for one in judge(contract, b"start,finish\n1,2\n2,1\n1,\n")] == [(), ("ORDER_ERROR",), ()]


def test_malformed_record_has_that_error_alone_when_required_values_are_missing_too() -> None:
    found = judge(contract_of(text("a", required=True), text("b", required=True)), b"a,b\n1,2,3\n4,5\n")
    assert [one.codes for one in found] == [("MALFORMED_RECORD",), ()]


def test_rules_beyond_one_verdict_word_count_when_a_contract_has_many() -> None:
    contract = contract_of(*(whole(f"c{number}") for number in range(70)))
    row = ",".join(["1"] * 69 + ["x"])
    [verdict] = judge(contract, f"{','.join(f'c{number}' for number in range(70))}\n{row}\n".encode())
    assert verdict.errors == (("c69", "type", "TYPE_ERROR"),)


# --- keys


def test_first_record_wins_when_a_run_holds_a_key_twice() -> None:
    found = judge(KEYED, b"id,name\n1,a\n1,a\n1,b\n")
    assert [(one.outcome, one.held_by) for one in found] == [
        ("inserted", None),
        ("duplicate", "run"),
        ("quarantined", None),
    ]
    assert found[2].codes == ("DUPLICATE_KEY",)


def test_key_is_compared_by_its_typed_value_when_the_text_differs() -> None:
    assert judge(KEYED, b"id,name\n1,a\n01,a\n")[1].codes == ("DUPLICATE_KEY",)


def test_failing_record_takes_no_key_when_a_valid_one_follows() -> None:
    contract = contract_of(whole("id"), text("name", rules=(Length(maximum=1),)), key=("id",))
    assert [one.outcome for one in judge(contract, b"id,name\n1,long\n1,b\n")] == ["quarantined", "inserted"]


def test_record_is_a_duplicate_when_silver_holds_the_key_with_the_same_content() -> None:
    [fresh] = judge(KEYED, b"id,name\n1,a\n")
    [again, other] = judge(KEYED, b"id,name\n1,a\n1,b\n", held=[(1, fresh.row_hash)])
    assert (again.outcome, again.held_by) == ("duplicate", "silver")
    assert (other.outcome, other.codes) == ("quarantined", ("DUPLICATE_KEY",))


def test_record_has_one_outcome_when_silver_holds_its_key_more_than_once() -> None:
    [fresh] = judge(KEYED, b"id,name\n1,a\n")
    found = judge(KEYED, b"id,name\n1,a\n1,b\n", held=[(1, "another"), (1, fresh.row_hash), (1, fresh.row_hash)])
    assert [(one.outcome, one.held_by) for one in found] == [("duplicate", "silver"), ("quarantined", None)]


def test_key_is_required_when_the_contract_does_not_say_so() -> None:
    assert judge(contract_of(whole("id"), key=("id",)), b"id,x\n,1\n")[0].codes == ("NULL_VALUE_ERROR",)


def test_failing_record_is_seen_again_when_its_content_is_open_in_quarantine() -> None:
    contract = contract_of(whole("n"))
    [first, second] = judge(contract, b"n\nx\nx\n")
    assert (first.outcome, second.outcome, second.held_by) == ("quarantined", "duplicate", "quarantine")
    [later] = judge(contract, b"n\nx\n", open_failures=[first.row_hash])
    assert (later.outcome, later.held_by) == ("duplicate", "quarantine")


def test_equal_records_are_all_kept_when_there_is_no_key_and_the_source_keeps_them() -> None:
    keep, drop = contract_of(text("a")), contract_of(text("a"), duplicates="drop")
    assert [one.outcome for one in judge(keep, b"a\nx\nx\n")] == ["inserted", "inserted"]
    assert [one.outcome for one in judge(drop, b"a\nx\nx\n")] == ["inserted", "duplicate"]


# --- identity


def test_row_hash_is_the_same_when_columns_are_reordered_or_the_contract_changes() -> None:
    other = contract_of(text("b", required=True), version="2.0.0")
    [one] = judge(contract_of(text("a"), text("b")), b"a,b\nx,y\n")
    [two] = judge(contract_of(text("a"), text("b")), b"b,a\ny,x\n")
    [three] = judge(other, b"a,b\nx,y\n")
    assert one.row_hash == two.row_hash == three.row_hash


def test_row_hash_differs_when_the_same_text_is_divided_otherwise() -> None:
    contract = contract_of(text("a"), text("b"))
    found = judge(contract, b'a,b\nx,yz\nxy,z\nxyz,\nxyz,""\n')
    assert len({one.row_hash for one in found}) == 4


cells = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=6)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["1", "2", "3", "x", ""]), cells), max_size=12), st.data())
def test_outcomes_are_the_same_when_records_travel_in_one_object_or_in_two(
    rows: list[tuple[str, str]], data: st.DataObject
) -> None:
    cut = data.draw(st.integers(0, len(rows)))
    together = judge(KEYED, _written(rows))
    apart = judge(KEYED, _written(rows[:cut]), _written(rows[cut:]))
    assert len(together) == len(rows)
    assert [(one.outcome, one.errors, one.row_hash) for one in together] == [
        (one.outcome, one.errors, one.row_hash) for one in apart
    ]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["1", "2", "3", "x", ""]), st.sampled_from("ab")), min_size=1, max_size=10))
def test_nothing_is_new_when_the_same_records_come_again(rows: list[tuple[str, str]]) -> None:
    first = judge(KEYED, _written(rows))
    held = [(int(rows[n][0]), one.row_hash) for n, one in enumerate(first) if one.outcome == "inserted"]
    failed = [one.row_hash for one in first if one.outcome == "quarantined"]
    again = judge(KEYED, _written(rows), held=held, open_failures=failed)
    assert {one.outcome for one in again} == {"duplicate"}


def _written(rows: list[tuple[str, str]]) -> bytes:
    written = io.StringIO(newline="")
    csv.writer(written).writerows([("id", "name"), *rows])
    return written.getvalue().encode()
