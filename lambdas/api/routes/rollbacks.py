"""Rollbacks: a table's readers see again what they saw after an earlier run."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from fastapi import Path, Response
from pydantic import BaseModel, ConfigDict, Field

from lambdas.api.caller import Engineer, Viewer
from lambdas.api.operations import ASKED, OperationView, Reason, Wait, asked_for
from lambdas.api.pages import Cursor, Limit, Page, place_of
from lambdas.api.pages import cursor as cursor_to
from lambdas.api.routing import router
from medallion.control.rollbacks import Rollback
from medallion.layout import Zone
from medallion.steps.asked import RollbackAsked
from medallion.steps.operations import OperationKind

routes = router("rollbacks", "Rollbacks: a table goes back to what an earlier run published.")
_LIST = "rollbacks"

Published = Annotated[Literal[Zone.SILVER, Zone.GOLD], Path(description="Where the table stands.")]
TableName = Annotated[str, Path(max_length=63, pattern=r"^[a-z][a-z0-9_]*$", description="The source, or the model.")]


class RollbackRequest(BaseModel):
    """Back to what which run published, and why."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"run_id": "20260301t120000250-0123456789ab", "reason": "a wrong file came after"}]
        },
    )

    run_id: Annotated[str, Field(max_length=100, pattern=r"^[0-9A-Za-z-]+$")]
    reason: Reason


class RollbackView(BaseModel):
    """One rollback of a table."""

    to_run_id: Annotated[str, Field(description="The run whose rows readers see again.")]
    from_snapshot: str
    to_snapshot: str
    undone: Annotated[list[str], Field(description="The runs that were taken back, the newest first.")]
    by: str
    reason: str
    begun_at: datetime
    ended_at: Annotated[datetime | None, Field(description="Null while something of it is left to do.")]


@routes.post("/tables/{zone}/{name}/rollback", operation_id="roll_back_table", status_code=202, responses=ASKED)
def roll_back_table(
    caller: Engineer, zone: Published, name: TableName, asked: RollbackRequest, wait: Wait, response: Response
) -> OperationView:
    """Take a table back to what that run published. The runs after it are rolled back, and can be done again; their
    records stay in Bronze.
    """
    caller.platform.control.run(asked.run_id)
    back = RollbackAsked(zone=zone, name=name, run_id=asked.run_id).model_dump(mode="json")
    return asked_for(caller, OperationKind.ROLLBACK, f"{zone}.{name}", back, asked.reason, wait, response)


@routes.get("/tables/{zone}/{name}/rollbacks", operation_id="list_rollbacks")
def list_rollbacks(
    caller: Viewer, zone: Published, name: TableName, limit: Limit = 50, cursor: Cursor = None
) -> Page[RollbackView]:
    """List a table's rollbacks, newest first."""
    [before] = place_of(cursor, _LIST) or ("",)
    page = caller.platform.control.rollbacks.page(f"{zone}#{name}", limit, before)
    return Page(items=[_view(one) for one in page.rollbacks], next=cursor_to(_LIST, page.before))


def _view(rollback: Rollback) -> RollbackView:
    undone = [one.run_id for one in rollback.runs]
    return RollbackView(**rollback.model_dump(include=set(RollbackView.model_fields)), undone=undone)
