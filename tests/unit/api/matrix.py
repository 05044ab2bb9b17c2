"""Every route of the app beside its row in docs/api.md: who may ask for what."""

from __future__ import annotations

import re
from pathlib import Path

from fastapi.routing import APIRoute

from lambdas.api.document import routes
from medallion.control.keys import Role

PAGE = (Path(__file__).parents[3] / "docs" / "api.md").read_text(encoding="utf-8")
ROLES = (Role.VIEWER, Role.STEWARD, Role.ENGINEER, Role.OPERATOR)
ROWS = {
    (method, path): dict(zip(ROLES, (cell.strip() for cell in cells.split("|")), strict=True))
    for method, path, cells in re.findall(r"^\| `(\w+) (/\S*)` \|((?:[^|]*\|){3}[^|]*)\|", PAGE, re.MULTILINE)
}
CALLS = [(method, route) for route in routes() for method in sorted(route.methods or ())]
GIVEN = {
    "run_id": "r1",
    "source": "orders",
    "zone": "silver",
    "name": "orders",
    "version": "1.0.0",
    "revision": "1",
    "sequence": "1",
}
"""What a path names, where it has a form of its own."""


def filled(route: APIRoute, **named: str) -> str:
    """The route's path with something in each place."""
    return re.sub(r"\{(\w+)\}", lambda found: {**GIVEN, **named}.get(found[1], "0123456789ab"), route.path)


def opened(method: str, route: APIRoute) -> bool:
    """Whether the page says that the route asks for no key."""
    return set(ROWS[method, route.path].values()) == {"open"}
