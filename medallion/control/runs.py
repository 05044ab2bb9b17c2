"""The writes that make, end, reopen and take back a run: each keeps the lists of the runs that are open, for the
sweep, and of each subject's and those that ended so, for whoever asks for them; and what ends a run counts it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from boto3.dynamodb.conditions import Attr, ConditionBase

from medallion.control.items import EndedRun, EndedRunOf, Key, OpenRun, Run, RunOf, RunStatus
from medallion.control.table import ABSENT, Delete, Put, Update, Write
from medallion.control.usage import ran

STILL_OPEN = Attr("status").is_in([status for status in RunStatus if not status.ended])


def new_run(tenant: str, run: Run) -> list[Write]:
    """Keep a run that is not there yet."""
    of_subject = Put(RunOf(run_id=run.run_id), RunOf.key_of(tenant, run.subject, run.run_id))
    made: list[Write] = [Put(run, Run.key_of(tenant, run.run_id), ABSENT), of_subject]
    if run.status.ended:
        return [*made, ran(tenant, run), *_listed_as_ended(tenant, run)]
    return [*made, _listed_as_open(tenant, run)]


def ended_run(tenant: str, run: Run, changes: Mapping[str, Any], mb_seconds: int = 0) -> list[Write]:
    """End a run that has not ended; `run` is as it will be, but for what its last step took."""
    return [
        Update(Run.key_of(tenant, run.run_id), changes, STILL_OPEN),
        Delete(OpenRun.key_of(tenant, run.run_id), None),
        *_listed_as_ended(tenant, run),
        ran(tenant, run, mb_seconds),
    ]


def reopened_run(tenant: str, run: Run, changes: Mapping[str, Any]) -> list[Write]:
    """Open a run that has ended, if it is still as `run` says."""
    return [
        Update(Run.key_of(tenant, run.run_id), changes, _as_read(run)),
        *_unlisted(tenant, run),
        _listed_as_open(tenant, run),
    ]


def taken_back_run(tenant: str, run: Run, changes: Mapping[str, Any]) -> list[Write]:
    """Have a run be rolled back that was published, if it is still as `run` says."""
    taken_back = run.model_copy(update={"status": RunStatus.ROLLED_BACK})
    return [
        Update(Run.key_of(tenant, run.run_id), {**changes, "status": taken_back.status}, _as_read(run)),
        *_unlisted(tenant, run),
        *_listed_as_ended(tenant, taken_back),
    ]


def _as_read(run: Run) -> ConditionBase:
    return Attr("status").eq(run.status) & Attr("attempt").eq(run.attempt)


def _listed_as_open(tenant: str, run: Run) -> Write:
    return Put(OpenRun(run_id=run.run_id), OpenRun.key_of(tenant, run.run_id))


def _listed_as_ended(tenant: str, run: Run) -> list[Write]:
    of_all, of_subject = _ended_places(tenant, run)
    return [Put(EndedRun(run_id=run.run_id), of_all), Put(EndedRunOf(run_id=run.run_id), of_subject)]


def _unlisted(tenant: str, run: Run) -> list[Write]:
    places = _ended_places(tenant, run) if run.status.ended else (OpenRun.key_of(tenant, run.run_id),)
    return [Delete(place, None) for place in places]


def _ended_places(tenant: str, run: Run) -> tuple[Key, Key]:
    of_subject = EndedRunOf.key_of(tenant, run.subject, run.status, run.run_id)
    return EndedRun.key_of(tenant, run.status, run.run_id), of_subject
