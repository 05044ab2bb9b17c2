"""The writes that make, end and reopen a run: each keeps the list of the runs that are open, for the sweep, and of each
subject's, for whoever asks for those; and what ends a run counts it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from boto3.dynamodb.conditions import Attr, ConditionBase

from medallion.control.items import OpenRun, Run, RunOf, RunStatus
from medallion.control.table import ABSENT, Delete, Put, Update, Write
from medallion.control.usage import ran

STILL_OPEN = Attr("status").is_in([status for status in RunStatus if not status.ended])


def new_run(tenant: str, run: Run) -> list[Write]:
    """Keep a run that is not there yet."""
    of_subject = Put(RunOf(run_id=run.run_id), RunOf.key_of(tenant, run.subject, run.run_id))
    made: list[Write] = [Put(run, Run.key_of(tenant, run.run_id), ABSENT), of_subject]
    return [*made, ran(tenant, run) if run.status.ended else _listed(tenant, run.run_id)]


def ended_run(tenant: str, run: Run, changes: Mapping[str, Any], mb_seconds: int = 0) -> list[Write]:
    """End a run that has not ended; `run` is as it will be, but for what its last step took."""
    return [
        Update(Run.key_of(tenant, run.run_id), changes, STILL_OPEN),
        Delete(OpenRun.key_of(tenant, run.run_id), None),
        ran(tenant, run, mb_seconds),
    ]


def reopened_run(tenant: str, run_id: str, changes: Mapping[str, Any], as_read: ConditionBase) -> list[Write]:
    """Open a run that has ended."""
    return [Update(Run.key_of(tenant, run_id), changes, as_read), _listed(tenant, run_id)]


def _listed(tenant: str, run_id: str) -> Write:
    return Put(OpenRun(run_id=run_id), OpenRun.key_of(tenant, run_id))
