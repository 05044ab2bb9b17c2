"""The gate refuses what does not add up, holds what a person should see, and says why."""

from __future__ import annotations

from decimal import Decimal

import pytest

from medallion.contracts.model import Guard
from medallion.ledger.gate import Decision, Judgement, Recent, Seen, Tripped, judge_build, judge_run
from medallion.ledger.outcomes import Audit, ObjectOutcomes, ObjectRead, TypeFailures

BASE = 7


def judged(
    outcomes: ObjectOutcomes,
    *,
    manual: bool = False,
    read: ObjectRead | None = None,
    audit: dict[str, int] | None = None,
) -> Judgement:
    found = Audit.model_validate(
        {
            "objects": (outcomes,),
            "quarantined_by_code": {},
            "lost": 0,
            "doubled": 0,
            "silver_main": BASE,
            **(audit or {}),
        }
    )
    return judge_run(found, [read] if read else [], BASE, manual=manual)


def counts(rows_in: int, *, bronze: int | None = None, **outcomes: int) -> ObjectOutcomes:
    return ObjectOutcomes.model_validate(
        {"source_file_id": "o", "rows_in": rows_in, "bronze": rows_in if bronze is None else bronze, **outcomes}
    )


def test_run_is_promoted_when_every_record_is_accounted_for() -> None:
    assert judged(counts(100, inserted=90, duplicates=9, quarantined=1)) == Judgement(decision=Decision.PROMOTE)


@pytest.mark.parametrize(
    "outcomes",
    [
        counts(100, inserted=99),
        counts(100, inserted=101),
        counts(100, bronze=99, inserted=100),
    ],
)
def test_run_is_rejected_when_the_sum_is_off(outcomes: ObjectOutcomes) -> None:
    assert judged(outcomes).decision is Decision.REJECT


@pytest.mark.parametrize("finding", [{"lost": 1}, {"doubled": 1}, {"silver_main": BASE + 1}])
def test_run_is_rejected_when_the_sum_holds_but_the_scan_does_not(finding: dict[str, int]) -> None:
    assert judged(counts(1, inserted=1), audit=finding).decision is Decision.REJECT


@pytest.mark.parametrize(
    ("quarantined", "decision", "warned"),
    [
        (10, Decision.PROMOTE, False),
        (11, Decision.PROMOTE, True),
        (49, Decision.PROMOTE, True),
        (50, Decision.HOLD, False),
    ],
)
def test_share_in_quarantine_decides_when_the_sum_holds(quarantined: int, decision: Decision, *, warned: bool) -> None:
    judgement = judged(counts(1000, inserted=1000 - quarantined, quarantined=quarantined))
    assert (judgement.decision, bool(judgement.warnings)) == (decision, warned)


def test_run_is_held_when_the_source_asks_for_approval() -> None:
    assert judged(counts(1, inserted=1), manual=True).decision is Decision.HOLD


def test_person_is_told_when_an_object_could_not_be_read_or_has_new_columns() -> None:
    unreadable = ObjectRead(source_file_id="o", unreadable="the gzip data ends early")
    assert "the gzip data ends early" in " ".join(judged(counts(0), read=unreadable).warnings)
    drifted = ObjectRead(source_file_id="o", new_columns=("colour",))
    assert "colour" in " ".join(judged(counts(1, inserted=1), read=drifted).warnings)


def test_build_is_judged_by_its_keys() -> None:
    assert judge_build(10, 0, 0, unchanged=False).decision is Decision.PROMOTE
    assert judge_build(10, 1, 0, unchanged=False).decision is Decision.REJECT
    assert judge_build(10, 0, 1, unchanged=False).decision is Decision.REJECT
    assert judge_build(0, 0, 0, unchanged=True).decision is Decision.SKIP


# --- the breaker, drift, and how much came


def failing(quarantined: int, rows: int, seen: tuple[Seen, ...] = (), *, breaker: str = "") -> Judgement:
    """A run of that many rows, of which so many failed with one code."""
    outcomes = counts(rows, inserted=rows - quarantined, quarantined=quarantined)
    found = Audit(
        objects=(outcomes,), quarantined_by_code={"TYPE_ERROR": quarantined}, lost=0, doubled=0, silver_main=BASE
    )
    return judge_run(found, [], BASE, manual=False, recent=Recent(seen=seen, breaker=breaker))


def test_breaker_opens_when_more_than_a_hundred_records_failed_alike_within_the_hour() -> None:
    earlier = (Seen(rows=500, by_code={"TYPE_ERROR": 52}), Seen(rows=100, by_code={"TYPE_ERROR": 30}))
    judgement = failing(19, 1000, earlier)
    assert judgement.decision is Decision.HOLD
    assert judgement.tripped == Tripped(code="TYPE_ERROR", failures=101, rows=1600)
    assert failing(18, 1000, earlier).tripped is None, "a hundred are not more than a hundred"


def test_breaker_stays_closed_when_the_failures_are_few_among_what_was_seen() -> None:
    seen = (Seen(rows=10_000, by_code={"TYPE_ERROR": 450}),)
    assert failing(100, 1000, seen).tripped is None, "550 of 11,000 are not more than 5 %"
    assert failing(101, 1000, seen).tripped is not None


def test_codes_are_counted_apart_when_they_differ() -> None:
    assert failing(90, 1000, (Seen(rows=100, by_code={"RANGE_ERROR": 90}),)).tripped is None


def test_run_is_held_when_its_sources_breaker_is_open() -> None:
    judgement = failing(0, 10, breaker="120 of 900 records failed with TYPE_ERROR")
    assert judgement.decision is Decision.HOLD
    assert "breaker is open: 120 of 900" in judgement.reasons[0]


def test_limits_are_the_contracts_own_when_it_sets_them() -> None:
    found = Audit(
        objects=(counts(100, inserted=98, quarantined=2),),
        quarantined_by_code={"TYPE_ERROR": 2},
        lost=0,
        doubled=0,
        silver_main=BASE,
    )
    guard = Guard(breaker_failures=1, breaker_percent=Decimal("1.5"))
    assert judge_run(found, [], BASE, manual=False, guard=guard).tripped is not None


@pytest.mark.parametrize(("failures", "held"), [(51, True), (50, False)])
def test_run_is_held_when_a_column_of_one_object_mostly_stops_parsing(failures: int, *, held: bool) -> None:
    other = ObjectOutcomes(source_file_id="p", rows_in=10_000, bronze=10_000, inserted=10_000)
    found = Audit(
        objects=(counts(100, inserted=100 - failures, quarantined=failures), other),
        quarantined_by_code={"TYPE_ERROR": failures},
        lost=0,
        doubled=0,
        silver_main=BASE,
        type_failures=(TypeFailures(source_file_id="o", column="amount", records=failures),),
    )
    judgement = judge_run(found, [], BASE, manual=False)
    assert (judgement.decision is Decision.HOLD) is held
    assert ("SCHEMA_ERROR" in " ".join(judgement.reasons)) is held


@pytest.mark.parametrize(("rows", "far"), [(9, True), (10, False), (1000, False), (1001, True)])
def test_person_is_told_when_a_run_has_far_more_or_fewer_rows_than_the_last(rows: int, *, far: bool) -> None:
    found = Audit(objects=(counts(rows, inserted=rows),), quarantined_by_code={}, lost=0, doubled=0, silver_main=BASE)
    usual = Recent(rows=(90, 100, 110))
    judgement = judge_run(found, [], BASE, manual=False, recent=usual)
    assert (judgement.decision, bool(judgement.warnings)) == (Decision.PROMOTE, far)
    strict = judge_run(found, [], BASE, manual=False, recent=usual, guard=Guard(row_count="hold"))
    assert (strict.decision is Decision.HOLD) is far
    assert not judge_run(found, [], BASE, manual=False, recent=Recent(rows=(1, 1))).warnings
