"""Operations: what was asked for that an answer cannot wait for."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path

from lambdas.api.caller import Viewer
from lambdas.api.operations import OperationSummary, OperationView, Wait, ended, summary, view
from lambdas.api.pages import Cursor, Limit, Page, place_of
from lambdas.api.pages import cursor as cursor_to
from lambdas.api.routing import router

routes = router("operations", "Operations: what was asked for that takes longer than an answer may.")
_LIST = "operations"

OperationId = Annotated[str, Path(max_length=100, pattern=r"^[0-9a-z-]+$")]


@routes.get("/operations", operation_id="list_operations")
def list_operations(caller: Viewer, limit: Limit = 50, cursor: Cursor = None) -> Page[OperationSummary]:
    """List the tenant's operations, newest first. They are kept for 90 days."""
    [before] = place_of(cursor, _LIST) or ("",)
    page = caller.platform.control.operations.page(limit, before)
    return Page(items=[summary(one) for one in page.operations], next=cursor_to(_LIST, page.before))


@routes.get("/operations/{operation_id}", operation_id="get_operation")
def get_operation(caller: Viewer, operation_id: OperationId, wait: Wait) -> OperationView:
    """Show an operation, and what came of it."""
    found = caller.platform.control.operations.operation(operation_id)
    return view(ended(caller, found, wait))
