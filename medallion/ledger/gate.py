"""The gate: committed evidence in, a decision with its reasons out. The only place where its rules stand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from decimal import Decimal
from enum import StrEnum
from statistics import median

from medallion.contracts.model import ErrorCode, Frozen, Guard
from medallion.ledger.outcomes import Audit, ObjectRead

HOLD_AT = Decimal("0.05")
"""A run is held where at least this share of its records is quarantined."""
WARN_ABOVE = Decimal("0.01")
"""A run is promoted with a warning where more than this share of its records is quarantined."""


SHIFTED_FROM = 10
"""From how many records on a column's values can be said to have stopped having their type."""
COMPARED_FROM = 3
"""From how many published runs on a run's rows are compared with theirs."""


class Decision(StrEnum):
    """What becomes of a run. `skip`: there is nothing new to publish."""

    PROMOTE = "promote"
    HOLD = "hold"
    REJECT = "reject"
    SKIP = "skip"


class Seen(Frozen):
    """What the gate saw of an earlier run: its records, and those that failed by code."""

    rows: int
    by_code: dict[str, int]


class Recent(Frozen):
    """The source's other runs: what was `seen` within the breaker's time, the `rows` of those last published, and why
    its breaker is open, if it is.
    """

    seen: tuple[Seen, ...] = ()
    rows: tuple[int, ...] = ()
    breaker: str = ""


USUAL, NOTHING = Guard(), Recent()


class Tripped(Frozen):
    """Why a breaker opens: so many records of those seen failed with one code."""

    code: str
    failures: int
    rows: int


class Judgement(Frozen):
    """A decision, the reasons that led to it, and what a person should know though it did not stop the run.

    `tripped` says that the source's breaker opens.
    """

    decision: Decision
    reasons: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    tripped: Tripped | None = None


def judge_run(
    audit: Audit,
    read: Iterable[ObjectRead],
    silver_base: int,
    *,
    manual: bool,
    guard: Guard = USUAL,
    recent: Recent = NOTHING,
) -> Judgement:
    """Judge a source's run; `silver_base` is Silver's main as the run's records were resolved against it."""
    broken = [
        f"{one.source_file_id}: read {one.rows_in}, in Bronze {one.bronze}, accounted for {one.accounted}"
        for one in audit.objects
        if not one.balanced
    ]
    if audit.lost or audit.doubled:
        broken.append(f"{audit.lost} records have no outcome, {audit.doubled} have more than one")
    if audit.silver_main != silver_base:
        broken.append("Silver's main changed during the run: something wrote to it outside the run's branch")
    if broken:
        return Judgement(decision=Decision.REJECT, reasons=tuple(broken))
    warnings = [f"{one.source_file_id}: quarantined as a whole: {one.unreadable}" for one in read if one.unreadable]
    warnings += [
        f"{one.source_file_id}: new columns {', '.join(one.new_columns)}; they are kept in Bronze"
        for one in read
        if one.new_columns
    ]
    rows = sum(one.rows_in for one in audit.objects)
    if not rows:
        warnings.append("the run holds no record")
    share = Decimal(sum(one.quarantined for one in audit.objects)) / rows if rows else Decimal(0)
    said = f"{share:.2%} of the records are quarantined"
    tripped = trips(audit, guard, recent)
    reasons = _stopped(recent.breaker, tripped) + _shifted(audit)
    reasons += [f"{said}, at least {HOLD_AT:.0%}"] if share >= HOLD_AT else []
    if manual:
        reasons.append("the source asks for approval of every run")
    (reasons if guard.row_count == "hold" else warnings).extend(_unusual(rows, guard, recent))
    if reasons:
        return Judgement(decision=Decision.HOLD, reasons=tuple(reasons), warnings=tuple(warnings), tripped=tripped)
    if share > WARN_ABOVE:
        warnings.append(f"{said}, more than {WARN_ABOVE:.0%}")
    return Judgement(decision=Decision.PROMOTE, warnings=tuple(warnings))


def trips(audit: Audit, guard: Guard, recent: Recent) -> Tripped | None:
    """Whether the source's breaker opens: for the code that most records failed with, if those are too many."""
    failed = Counter(audit.quarantined_by_code)
    for seen in recent.seen:
        failed.update(seen.by_code)
    rows = audit.totals["rows_in"] + sum(seen.rows for seen in recent.seen)
    for code, failures in failed.most_common(1):
        if failures > guard.breaker_failures and failures * 100 > guard.breaker_percent * rows:
            return Tripped(code=code, failures=failures, rows=rows)
    return None


def _stopped(breaker: str, tripped: Tripped | None) -> list[str]:
    if breaker:
        return [f"the source's breaker is open: {breaker}"]
    if tripped is None:
        return []
    return [f"the source's breaker opens: {tripped.failures} of {tripped.rows} records failed with {tripped.code}"]


def _shifted(audit: Audit) -> list[str]:
    """The columns whose values mostly stopped having their type, object by object."""
    rows = {one.source_file_id: one.rows_in for one in audit.objects}
    return [
        f"{ErrorCode.SCHEMA_ERROR}: {one.source_file_id}: {one.records} of {rows[one.source_file_id]} values of column "
        f"{one.column} have not its type"
        for one in audit.type_failures
        if one.records >= SHIFTED_FROM and one.records * 2 > rows.get(one.source_file_id, one.records * 2)
    ]


def _unusual(rows: int, guard: Guard, recent: Recent) -> list[str]:
    """That the run has far more or fewer rows than the source's last runs, where there are enough to tell."""
    if len(recent.rows) < COMPARED_FROM:
        return []
    usual = median(recent.rows)
    if usual <= rows * guard.row_count_factor and rows <= usual * guard.row_count_factor:
        return []
    return [f"{rows} records, where the source's last runs had {usual:g} in the middle"]


def judge_build(rows: int, null_keys: int, repeated_keys: int, *, unchanged: bool) -> Judgement:
    """Judge a Gold model's build: its keys must be there and be unique."""
    if unchanged:
        return Judgement(decision=Decision.SKIP, reasons=("the inputs and the model are those already published",))
    reasons = [f"{null_keys} rows lack a key"] * bool(null_keys)
    reasons += [f"{repeated_keys} rows repeat a key"] * bool(repeated_keys)
    if reasons:
        return Judgement(decision=Decision.REJECT, reasons=tuple(reasons))
    return Judgement(decision=Decision.PROMOTE, warnings=() if rows else ("the result is empty",))
