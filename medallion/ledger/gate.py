"""The gate: committed evidence in, a decision with its reasons out. The only place where its rules stand."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from enum import StrEnum

from medallion.contracts.model import Frozen
from medallion.ledger.outcomes import Audit, ObjectRead

HOLD_AT = Decimal("0.05")
"""A run is held where at least this share of its records is quarantined."""
WARN_ABOVE = Decimal("0.01")
"""A run is promoted with a warning where more than this share of its records is quarantined."""


class Decision(StrEnum):
    """What becomes of a run. `skip`: there is nothing new to publish."""

    PROMOTE = "promote"
    HOLD = "hold"
    REJECT = "reject"
    SKIP = "skip"


class Judgement(Frozen):
    """A decision, the reasons that led to it, and what a person should know though it did not stop the run."""

    decision: Decision
    reasons: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def judge_run(audit: Audit, read: Iterable[ObjectRead], silver_base: int, *, manual: bool) -> Judgement:
    """Judge an ingest run; `silver_base` is Silver's main as it was when the run's records were resolved against it."""
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
    reasons = [f"{said}, at least {HOLD_AT:.0%}"] if share >= HOLD_AT else []
    if manual:
        reasons.append("the source asks for approval of every run")
    if reasons:
        return Judgement(decision=Decision.HOLD, reasons=tuple(reasons), warnings=tuple(warnings))
    if share > WARN_ABOVE:
        warnings.append(f"{said}, more than {WARN_ABOVE:.0%}")
    return Judgement(decision=Decision.PROMOTE, warnings=tuple(warnings))


def judge_build(rows: int, null_keys: int, repeated_keys: int, *, unchanged: bool) -> Judgement:
    """Judge a Gold model's build: its keys must be there and be unique."""
    if unchanged:
        return Judgement(decision=Decision.SKIP, reasons=("the inputs and the model are those already published",))
    reasons = [f"{null_keys} rows lack a key"] * bool(null_keys)
    reasons += [f"{repeated_keys} rows repeat a key"] * bool(repeated_keys)
    if reasons:
        return Judgement(decision=Decision.REJECT, reasons=tuple(reasons))
    return Judgement(decision=Decision.PROMOTE, warnings=() if rows else ("the result is empty",))
