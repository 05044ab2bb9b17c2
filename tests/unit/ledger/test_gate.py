"""The gate refuses what does not add up, holds what a person should see, and says why."""

from __future__ import annotations

import pytest

from medallion.ledger.gate import Decision, Judgement, judge_build, judge_run
from medallion.ledger.outcomes import Audit, ObjectOutcomes, ObjectRead

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
