"""The OpenAPI document: `python -m lambdas.api.document` writes docs/openapi.json, from which API Gateway is built."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from fastapi.routing import APIRoute

from lambdas.api.app import make_app
from lambdas.api.caller import Tenancy
from lambdas.api.problems import MEDIA_TYPE, TOLD
from lambdas.api.routes import ROUTERS
from medallion.control.keys import Role
from medallion.steps.platform import Platform

FILE = Path(__file__).resolve().parents[2] / "docs" / "openapi.json"


class _Nobody(Tenancy):
    """For the document alone: no tenant is there."""

    def platform(self, tenant: str, role: Role) -> Platform:
        raise LookupError(tenant)

    def tenants(self) -> list[str]:
        return []


def document() -> dict[str, Any]:
    """What the app says of itself, with the way that callers show who they are, and who may call what."""
    app = make_app(_Nobody())
    told: dict[str, Any] = app.openapi()
    told["components"]["responses"] = {name: _response(said) for name, said in _PROBLEMS.values()}
    told["components"]["securitySchemes"] = {"key": {"type": "http", "scheme": "bearer", "bearerFormat": "mdl_…"}}
    for route in routes():
        for method in route.methods or ():
            _describe(told["paths"][route.path][method.lower()], route)
    return told


def routes() -> list[APIRoute]:
    """Every route, in the document's order."""
    return [one for router in ROUTERS for one in router.routes if isinstance(one, APIRoute)]


def admitted(route: APIRoute) -> frozenset[Role]:
    """The roles that the route admits; none where it asks for no key."""
    found = [getattr(one.call, "roles", None) for one in route.dependant.dependencies]
    return next((frozenset(roles) for roles in found if roles is not None), frozenset())


def _describe(operation: dict[str, Any], route: APIRoute) -> None:
    """Who is admitted, its problems by reference, and its docstring's first sentence as what it is called."""
    roles = admitted(route)
    for status, (name, _) in _PROBLEMS.items():
        operation["responses"][status] = {"$ref": f"#/components/responses/{name}"}
    summary, _, rest = operation.get("description", "").partition(". ")
    operation["summary"], operation["description"] = summary.removesuffix("."), rest
    if not rest:
        operation.pop("description")
    if not roles:
        for status in ("400", "401", "403", "404", "409", "422"):
            operation["responses"].pop(status, None)
        return
    operation["security"] = [{"key": []}]
    operation["x-roles"] = sorted(roles)


def _response(said: str) -> dict[str, Any]:
    return {"description": said, "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}}


_PROBLEMS = {str(status.value): (status.phrase.title().replace(" ", ""), said) for status, said in TOLD}
"""Each problem's status, and what it is called in the document."""


if __name__ == "__main__":
    FILE.write_text(json.dumps(document(), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
