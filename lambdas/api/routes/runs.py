"""Runs: what was done with which objects."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query, Response
from pydantic import BaseModel, ConfigDict

from lambdas.api.caller import Engineer, Viewer
from lambdas.api.operations import ASKED, OperationView, Reason, Wait, asked_for
from lambdas.api.pages import Cursor, Limit, Page, place_of
from lambdas.api.pages import cursor as cursor_to
from lambdas.api.routing import router
from lambdas.api.runs import RunDetail, RunId, RunView, run_detail, run_view
from medallion.control.items import RunStatus
from medallion.steps.asked import RerunAsked
from medallion.steps.history import steps_of
from medallion.steps.operations import OperationKind

routes = router("runs", "Runs: what was done with which objects, and what became of their records.")
_LIST = "runs"


class RunAction(BaseModel):
    """Why something is done with a run."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"reason": "the file was a test"}]})

    reason: Reason


@routes.get("/runs", operation_id="list_runs")
def list_runs(
    caller: Viewer,
    limit: Limit = 50,
    cursor: Cursor = None,
    source: Annotated[str | None, Query(max_length=63, description="Only this source's, or this model's.")] = None,
    status: Annotated[RunStatus | None, Query(description="Only those that stand so.")] = None,
) -> Page[RunView]:
    """List runs, newest first. Those that are pending, running or held are found among all that have not ended: a page
    looks at 1,000 of them at most, and may be short or empty though more follow: `next` says so.
    """
    [before] = place_of(cursor, _LIST) or ("",)
    page = caller.platform.control.run_lists.page(limit, subject=source, status=status, before=before)
    return Page(items=[run_view(one) for one in page.runs], next=cursor_to(_LIST, page.place))


@routes.get("/runs/{run_id}", operation_id="get_run")
def get_run(caller: Viewer, run_id: RunId) -> RunDetail:
    """Show a run. What became of each object's records, why, and how long each step took."""
    run = caller.platform.control.run(run_id)
    return run_detail(run, steps_of(caller.platform.session, run.execution_arn))


@routes.post("/runs/{run_id}/cancellation", operation_id="cancel_run", status_code=202, responses=ASKED)
def cancel_run(caller: Engineer, run_id: RunId, asked: RunAction, wait: Wait, response: Response) -> OperationView:
    """Cancel a run. It is stopped and ends as failed, nothing of it is published, and it can be done again. A run that
    is being published is left to it, and the operation fails and says so.
    """
    run = caller.platform.control.run(run_id)
    return asked_for(caller, OperationKind.CANCEL, run.run_id, {}, asked.reason, wait, response)


@routes.post("/runs/{run_id}/rerun", operation_id="rerun_run", status_code=202, responses=ASKED)
def rerun_run(caller: Engineer, run_id: RunId, asked: RunAction, wait: Wait, response: Response) -> OperationView:
    """Do a failed, rejected, cancelled or rolled-back run again. It is the run's next attempt; no record is taken
    twice.
    """
    run = caller.platform.control.run(run_id)
    again = RerunAsked(attempt=run.attempt).model_dump(mode="json")
    return asked_for(caller, OperationKind.RERUN, run.run_id, again, asked.reason, wait, response)
