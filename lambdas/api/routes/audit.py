"""The audit trail."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, Field

from lambdas.api.caller import Decider
from lambdas.api.pages import Cursor, Limit, Page, place_of
from lambdas.api.pages import cursor as cursor_to
from lambdas.api.routing import router

routes = router("audit", "Who changed what.")
_LIST = "audit"


class AuditView(BaseModel):
    """One request that was to change something. Its body is not kept: it may hold records."""

    at: datetime
    by: Annotated[str, Field(description="The key, or who signed.", examples=["key 1f2e3d4c5b6a (loader)"])]
    role: str
    action: Annotated[str, Field(description="The operation's id in this document.", examples=["create_key"])]
    subject: Annotated[dict[str, str], Field(description="What the path named.", examples=[{"run_id": "…"}])]
    status: Annotated[int, Field(description="How it was answered, refusals too.", examples=[201])]
    request_id: str


@routes.get("/audit", operation_id="list_audit_entries")
def list_audit_entries(caller: Decider, limit: Limit = 50, cursor: Cursor = None) -> Page[AuditView]:
    """List what was to change something, newest first."""
    [before] = place_of(cursor, _LIST) or ("",)
    page = caller.platform.control.audit.page(limit, before)
    items = [AuditView.model_validate(one.model_dump()) for one in page.entries]
    return Page(items=items, next=cursor_to(_LIST, page.before))
