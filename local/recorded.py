"""CloudFormation types that the emulator lacks: recorded, never emulated.

A stack that uses one deploys: the resource gets a physical id and its attributes, and nothing else happens. Wherever a
deployment is reported these are told apart from what really runs. The table is generated from the CloudFormation
resource
schemas (`python -m local.spec`).
"""

from __future__ import annotations

import functools
import json
import logging
import uuid
from importlib import resources
from typing import Any

from local.seams import seam
from local.settings import Settings

logger = logging.getLogger("local.recorded")

_HANDLERS = seam("services.cloudformation.provisioners", "_RESOURCE_HANDLERS")
_ACCOUNT = seam("core.responses", "get_account_id")
_REGION = seam("core.responses", "get_region")


@functools.cache
def table() -> dict[str, dict[str, list[str]]]:
    """Type → {"attributes": names that Fn::GetAtt may ask for, "identifier": properties that make up the physical
    id}."""
    text = resources.files("local").joinpath("recorded_types.json").read_text()
    loaded: dict[str, dict[str, list[str]]] = json.loads(text)
    return loaded


def is_recorded(resource_type: str) -> bool:
    """Whether a resource of the type is recorded only on the embedded AWS."""
    return resource_type in table()


def install(settings: Settings) -> None:
    """Register a handler for each type of the table. A type that neither knows is refused by its name at deploy."""
    handlers = _HANDLERS.get()
    for resource_type in table():
        handlers.setdefault(resource_type, _handler(resource_type))


def _handler(resource_type: str) -> dict[str, Any]:
    def create(logical_id: str, properties: dict[str, Any], stack_name: str) -> tuple[str, dict[str, Any]]:
        physical_id = _physical_id(resource_type, logical_id, properties, stack_name)
        logger.info("%s %s of stack %s is recorded only", resource_type, logical_id, stack_name)
        return physical_id, attributes(resource_type, physical_id, properties)

    def update(
        physical_id: str, old: dict[str, Any], new: dict[str, Any], stack_name: str
    ) -> tuple[str, dict[str, Any]]:
        return physical_id, attributes(resource_type, physical_id, new)

    def delete(physical_id: str, properties: dict[str, Any]) -> None:
        logger.info("%s %s is forgotten", resource_type, physical_id)

    return {"create": create, "update": update, "delete": delete, "recorded": True}


def _physical_id(resource_type: str, logical_id: str, properties: dict[str, Any], stack_name: str) -> str:
    identifier = table()[resource_type]["identifier"]
    given = properties.get(identifier[0]) if len(identifier) == 1 else None
    return given if isinstance(given, str) else f"{stack_name}-{logical_id}-{uuid.uuid4().hex[:8]}"[-120:]


def attributes(resource_type: str, physical_id: str, properties: dict[str, Any]) -> dict[str, Any]:
    """A value for each attribute: the property of that name, an ARN where the name says so, else the physical id."""
    _, service, kind = resource_type.split("::", 2)
    arn = f"arn:aws:{service.lower()}:{_REGION.get()()}:{_ACCOUNT.get()()}:{kind.lower()}/{physical_id}"
    found = {}
    for name in table()[resource_type]["attributes"]:
        given = properties.get(name)
        found[name] = given if isinstance(given, str) else arn if name.lower().endswith("arn") else physical_id
    return found
