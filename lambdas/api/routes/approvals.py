"""Approvals: the runs that wait for a person, and what the person decides."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

from lambdas.api.caller import Steward, Viewer
from lambdas.api.operations import Reason
from lambdas.api.pages import Cursor, Limit, Page, place_of
from lambdas.api.pages import cursor as cursor_to
from lambdas.api.routing import router
from lambdas.api.runs import RunId, RunView, run_view
from medallion.steps.hold import decide

routes = router("approvals", "Approvals: runs that are held until a person decides.")
_LIST = "approvals"


class ApprovalRequest(BaseModel):
    """What is decided over a held run, and why."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"decision": "approve", "reason": "the bank confirmed the amounts"}]},
    )

    decision: Literal["approve", "reject"]
    reason: Reason


@routes.get("/approvals", operation_id="list_approvals")
def list_approvals(caller: Viewer, limit: Limit = 50, cursor: Cursor = None) -> Page[RunView]:
    """List the runs that wait for a person, the oldest first. `reason` says why each is held."""
    [after] = place_of(cursor, _LIST) or ("",)
    page = caller.platform.control.run_lists.held(limit, after)
    return Page(items=[run_view(one) for one in page.runs], next=cursor_to(_LIST, page.place))


@routes.post("/runs/{run_id}/approval", operation_id="decide_run")
def decide_run(caller: Steward, run_id: RunId, asked: ApprovalRequest) -> RunView:
    """Approve or reject a held run. Approved, it is refined again on what is published by now, and held again if that
    changes it; rejected, it ends, and its records stay in Bronze.
    """
    approved = asked.decision == "approve"
    return run_view(decide(caller.platform, run_id, approved=approved, by=caller.name, reason=asked.reason))
