"""The demo's checks: silent about what is right, a sentence about each thing that is off."""

from __future__ import annotations

import pytest

from demo import proof
from demo.report import AgainReport, GoldReport, Held, SourceReport
from demo.transactions import expected

HELD = Held(bronze=10, silver=7, quarantine=2, duplicates=1)
RIGHT = SourceReport(
    run_id="r1",
    status="promoted",
    rows_in=10,
    inserted=6,
    updated=1,
    duplicates=1,
    quarantined=2,
    quarantined_by_code={"TYPE_ERROR": 2},
    condemned=0,
    snapshots={},
    warnings=(),
    step_seconds={},
    landing_to_silver_seconds=1.0,
)
AGAIN = AgainReport(
    run_id="r2",
    status="promoted",
    before=HELD,
    after_told_again=HELD,
    after_dropped_again=Held(bronze=20, silver=7, quarantine=2, duplicates=11),
    runs_for_told_again=1,
    rows_in=10,
    duplicates=10,
)
GOLD = GoldReport(rows=2, snapshot="1", question="How many?", columns=("n",), answer=((2,),))


def test_nothing_is_said_when_all_is_right() -> None:
    assert [
        *proof.check_sum("t/s", RIGHT),
        *proof.check_tables("t/s", RIGHT, HELD, {"TYPE_ERROR": 2}),
        *proof.check_again("t/s", AGAIN),
        *proof.check_gold("t", {"m": GOLD}, {"m": GOLD}),
        *proof.check_targets(9.9, 4096, 180),
    ] == []


@pytest.mark.parametrize("change", [{"rows_in": 11}, {"inserted": 5}, {"condemned": 1}])
def test_sum_is_off_when_a_record_is_missing_or_counted_twice(change: dict[str, int]) -> None:
    [said] = proof.check_sum("t/s", RIGHT.model_copy(update=change))
    assert "t/s" in said
    assert "r1" in said


@pytest.mark.parametrize("table", ["bronze", "silver", "quarantine", "duplicates"])
def test_table_is_off_when_it_holds_another_number(table: str) -> None:
    held = HELD.model_copy(update={table: getattr(HELD, table) + 1})
    [said] = proof.check_tables("t/s", RIGHT, held, {"TYPE_ERROR": 2})
    assert table in said


def test_codes_are_off_when_entries_tell_otherwise() -> None:
    [said] = proof.check_tables("t/s", RIGHT, HELD, {"TYPE_ERROR": 1, "RANGE_ERROR": 1})
    assert "RANGE_ERROR" in said


def test_run_is_off_when_its_generator_expected_otherwise() -> None:
    [said] = proof.check_expected("t/s", RIGHT, expected(64))
    assert "64" in said


@pytest.mark.parametrize(
    "change",
    [
        {"runs_for_told_again": 2},
        {"after_told_again": HELD.model_copy(update={"bronze": 11})},
        {"after_dropped_again": HELD.model_copy(update={"silver": 8})},
        {"after_dropped_again": HELD.model_copy(update={"quarantine": 3})},
        {"duplicates": 9},
    ],
)
def test_again_is_off_when_something_is_new(change: dict[str, object]) -> None:
    assert len(list(proof.check_again("t/s", AGAIN.model_copy(update=change)))) == 1


@pytest.mark.parametrize("change", [{"rows": 3}, {"answer": ((3,),)}])
def test_gold_is_off_when_it_answers_otherwise(change: dict[str, object]) -> None:
    assert len(list(proof.check_gold("t", {"m": GOLD}, {"m": GOLD.model_copy(update=change)}))) == 1


def test_gold_is_off_when_it_is_empty() -> None:
    empty = GOLD.model_copy(update={"rows": 0})
    assert len(list(proof.check_gold("t", {"m": empty}, {"m": empty}))) == 1


@pytest.mark.parametrize("measured", [(10.1, 1, 1), (1, 4097, 1), (1, 1, 181)])
def test_target_is_missed_when_the_demo_takes_more(measured: tuple[float, int, int]) -> None:
    assert len(list(proof.check_targets(*measured))) == 1
