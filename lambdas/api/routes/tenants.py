"""Who asks, and which tenants there are."""

from __future__ import annotations

from typing import Annotated

from fastapi import Request
from pydantic import BaseModel, Field

from lambdas.api.caller import EnvironmentOperator, Viewer
from lambdas.api.pages import Cursor, Limit, Page, place_of
from lambdas.api.pages import cursor as cursor_to
from lambdas.api.routing import router
from medallion.control.keys import Role

routes = router("tenants", "Tenants, and who asks.")
_LIST = "tenants"


class TenantView(BaseModel):
    """A tenant as its settings describe it."""

    id: Annotated[str, Field(description="By which it is named everywhere.", examples=["acme"])]
    name: str
    description: str
    contact: Annotated[str, Field(description="Whom to ask about it.")]


class TenantName(BaseModel):
    """That a tenant is there."""

    id: Annotated[str, Field(examples=["acme"])]


class Me(BaseModel):
    """Who asks."""

    tenant: Annotated[str, Field(description="Whose data this caller reaches.", examples=["acme"])]
    role: Role
    name: Annotated[str, Field(description="What is recorded of who it was.", examples=["key 1f2e3d4c5b6a (loader)"])]


@routes.get("/me", operation_id="get_me")
def get_me(caller: Viewer) -> Me:
    """Say whose key this is, and what it may do."""
    return Me(tenant=caller.tenant, role=caller.role, name=caller.name)


@routes.get("/tenant", operation_id="get_tenant")
def get_tenant(caller: Viewer) -> TenantView:
    """Show the tenant."""
    return TenantView.model_validate(caller.platform.control.tenant().model_dump())


@routes.get("/tenants", operation_id="list_tenants")
def list_tenants(
    request: Request, operator: EnvironmentOperator, limit: Limit = 50, cursor: Cursor = None
) -> Page[TenantName]:
    """List the environment's tenants, by id. For operators; no tenant is named."""
    [after] = place_of(cursor, _LIST) or ("",)
    found = [one for one in request.app.state.tenancy.tenants() if one > after]
    more = found[limit - 1] if len(found) > limit else ""
    return Page(items=[TenantName(id=one) for one in found[:limit]], next=cursor_to(_LIST, more))
