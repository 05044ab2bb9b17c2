"""Operate: what a person asked for is done, once, and what came of it is written down."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from medallion.control.items import Run, RunStatus
from medallion.control.operations import Operation, OperationStatus
from medallion.errors import MedallionError, OperationBroken, OperationTooLarge
from medallion.layout import execution
from medallion.plan.gold import Input
from medallion.steps import changing, entries, forecast, replay
from medallion.steps.asked import BackfillAsked, EntriesAsked, ExplainAsked, RerunAsked, RollbackAsked
from medallion.steps.cancel import cancel
from medallion.steps.explain import explain
from medallion.steps.operations import LARGEST, TRIES, OperationKind, asked_by, is_left
from medallion.steps.platform import Platform
from medallion.steps.rerun import rerun
from medallion.steps.rollback import rollback

Result = dict[str, Any]
Doing = Callable[[Platform, Operation], Result]


def operate(
    platform: Platform, operation_id: str, beside: Mapping[OperationKind, Doing] = MappingProxyType({})
) -> Operation:
    """Do what was asked for, and keep what came of it. The operation as it stands then. `beside` is how those kinds
    are done that this package may know nothing of.

    One that has ended, or that another works on, is left alone. What the platform refuses ends it as failed, with the
    error's class and sentence; anything else does, too, and is raised. One that breaks off without a word is begun
    again after its term, TRIES times at most: each kind finds what an earlier try did.
    """
    operations, found = platform.control.operations, platform.control.operations.operation(operation_id)
    if found.status.ended or (found.status is OperationStatus.RUNNING and not is_left(found, platform.clock())):
        return found
    if not operations.begin(found, platform.clock()):
        return operations.operation(operation_id)
    try:
        result = _do(platform, operations.operation(operation_id), {**DOING, **beside})
    except MedallionError as refused:
        operations.fail(operation_id, type(refused).__name__, str(refused), platform.clock())
    except Exception:
        problem = "something went wrong that the platform knows no name for; its log names the operation"
        operations.fail(operation_id, "Unexpected", problem, platform.clock())
        raise
    else:
        operations.succeed(operation_id, result, platform.clock())
    return operations.operation(operation_id)


def _do(platform: Platform, operation: Operation, doing: Mapping[OperationKind, Doing]) -> Result:
    if operation.tries > TRIES:
        raise OperationBroken(
            f"it was begun {TRIES} times and broke off each time, as one does that takes over fifteen minutes or too "
            "much memory; ask for less at a time"
        )
    result = doing[OperationKind(operation.kind)](platform, operation)
    if len(json.dumps(result).encode()) > LARGEST:
        raise OperationTooLarge(
            f"what came of it is larger than {LARGEST // 1024} KB; ask for less at a time, such as a smaller limit"
        )
    return result


# --- runs


def _rerun(platform: Platform, operation: Operation) -> Result:
    asked = RerunAsked.model_validate(operation.asked)
    run = platform.control.run(operation.subject)
    begun = run.attempt > asked.attempt and (run.status is not RunStatus.PENDING or _started(platform, run))
    return _told(run if begun else rerun(platform, run.run_id))


def _started(platform: Platform, run: Run) -> bool:
    """Whether the execution of the run's attempt was started."""
    arn = platform.layout.execution_arn(run.kind.machine, execution(run.run_id, run.attempt))
    return platform.execution_status(arn) is not None


def _cancel(platform: Platform, operation: Operation) -> Result:
    return _told(cancel(platform, operation.subject, asked_by(operation)))


def _rollback(platform: Platform, operation: Operation) -> Result:
    asked = RollbackAsked.model_validate(operation.asked)
    by, reason = operation.requested_by, operation.reason
    done = rollback(platform, asked.zone, asked.name, asked.run_id, by=by, reason=reason)
    return {
        "to_run_id": done.to_run_id,
        "from_snapshot": done.from_snapshot,
        "to_snapshot": done.to_snapshot,
        "undone": [one.run_id for one in done.runs],
    }


# --- quarantine


def _correct(platform: Platform, operation: Operation) -> Result:
    asked = EntriesAsked.model_validate(operation.asked)
    return {"entries": _corrected(platform, operation, asked)}


def _corrected(platform: Platform, operation: Operation, asked: EntriesAsked) -> int:
    return entries.correct(
        platform, operation.subject, asked.chosen, asked.expressions, asked_by(operation), asked.texts
    )


def _foresee_correction(platform: Platform, operation: Operation) -> Result:
    asked = EntriesAsked.model_validate(operation.asked)
    return entries.foresee_correction(
        platform, operation.subject, asked.chosen, asked.expressions, asked.texts
    ).model_dump(mode="json")


def _release(platform: Platform, operation: Operation) -> Result:
    asked = EntriesAsked.model_validate(operation.asked)
    return {"entries": entries.release(platform, operation.subject, asked.chosen, asked_by(operation))}


def _foresee_release(platform: Platform, operation: Operation) -> Result:
    asked = EntriesAsked.model_validate(operation.asked)
    return {"entries": entries.condemned(platform, operation.subject, asked.chosen)}


def _reprocess(platform: Platform, operation: Operation) -> Result:
    asked = EntriesAsked.model_validate(operation.asked)
    if (earlier := _of_earlier_try(platform, operation)) is not None:
        return _told(earlier)
    if asked.corrects:
        _corrected(platform, operation, asked)
    person = asked_by(operation)
    return _told(replay.reprocess(platform, operation.subject, asked.chosen, person, _noting(platform, operation)))


def _foresee_reprocess(platform: Platform, operation: Operation) -> Result:
    asked = EntriesAsked.model_validate(operation.asked)
    told = forecast.foresee_reprocess(platform, operation.subject, asked.chosen, asked.expressions, asked.texts)
    return {"records": told.records, **told.model_dump(mode="json")}


# --- backfills


def _backfill(platform: Platform, operation: Operation) -> Result:
    if (earlier := _of_earlier_try(platform, operation)) is not None:
        return _told(earlier)
    objects = _objects(platform, operation)
    person = asked_by(operation)
    return _told(replay.backfill(platform, operation.subject, objects, person, _noting(platform, operation)))


def _foresee_backfill(platform: Platform, operation: Operation) -> Result:
    objects = _objects(platform, operation)
    told = forecast.foresee_backfill(platform, operation.subject, objects)
    return {"objects": len(objects), "records": told.records, **told.model_dump(mode="json")}


def _objects(platform: Platform, operation: Operation) -> list[str]:
    asked = BackfillAsked.model_validate(operation.asked)
    return list(asked.objects) or replay.published_objects(platform, operation.subject, asked.since, asked.until)


# ---


def _explain(platform: Platform, operation: Operation) -> Result:
    asked = ExplainAsked.model_validate(operation.asked)
    table = Input(zone=asked.zone, name=asked.name)
    return explain(platform, table, asked.key, limit=asked.limit).model_dump(mode="json")


def _noting(platform: Platform, operation: Operation) -> Callable[[str], None]:
    def note(run_id: str) -> None:
        platform.control.operations.note_run(operation.operation_id, run_id)

    return note


def _of_earlier_try(platform: Platform, operation: Operation) -> Run | None:
    """The run that an earlier try of the operation made, started by now."""
    made = platform.control.find_run(operation.run_id) if operation.run_id else None
    return None if made is None else replay.begin(platform, made)


def _told(run: Run | None) -> Result:
    """A run as a result names it; nothing of it where there was nothing to do."""
    if run is None:
        return {"run_id": None}
    return {"run_id": run.run_id, "attempt": run.attempt, "status": run.status}


DOING: Mapping[OperationKind, Doing] = MappingProxyType(
    {
        OperationKind.RERUN: _rerun,
        OperationKind.CANCEL: _cancel,
        OperationKind.ROLLBACK: _rollback,
        OperationKind.CORRECT: _correct,
        OperationKind.FORESEE_CORRECTION: _foresee_correction,
        OperationKind.RELEASE: _release,
        OperationKind.FORESEE_RELEASE: _foresee_release,
        OperationKind.REPROCESS: _reprocess,
        OperationKind.FORESEE_REPROCESS: _foresee_reprocess,
        OperationKind.BACKFILL: _backfill,
        OperationKind.FORESEE_BACKFILL: _foresee_backfill,
        OperationKind.EXPLAIN: _explain,
        OperationKind.ACTIVATE_CONTRACT: changing.activate_contract,
        OperationKind.FORESEE_CONTRACT: changing.foresee_contract,
        OperationKind.APPLY_SCHEDULE: changing.apply_schedule,
        OperationKind.RESUME_SOURCE: changing.start_waiting,
        OperationKind.BUILD_MODEL: changing.build_model,
    }
)
"""How each kind is done. A second try after one that broke off is safe, since each finds what the first did: a rerun by
the run's attempt, a cancelled run by its mark, a rollback by what it wrote down, a correction and a release by their
commit, a reprocess and a backfill by the run that the operation names, a contract by its proposal, a schedule by who
set it when, runs and builds by what waits no more.
"""

BESIDE = frozenset({OperationKind.VERIFY_LEDGER})
"""The kinds that whoever calls `operate` brings: the verifier knows nothing of this package, nor this package of it."""
