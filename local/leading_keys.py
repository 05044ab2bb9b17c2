"""`dynamodb:LeadingKeys`: the partition keys that a request touches, for the policies that keep tenants apart.

The emulator does not supply the key, so that a `ForAllValues` condition on it would allow everything.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

from local.seams import seam
from local.settings import Settings

_CONTEXT = seam("core.iam_actions", "dynamodb_service_context", "body")
_TABLES = seam("services.dynamodb", "_tables")

_EQUALS = re.compile(r"([#\w.-]+)\s*=\s*(:\w+)")
_TRANSACTED = ("Put", "Update", "Delete", "ConditionCheck", "Get")


def install(settings: Settings) -> None:
    """Supply the key, where IAM is enforced."""
    if settings.enforce_iam:
        _CONTEXT.replace(_with_leading_keys)


def _with_leading_keys(original: Callable[[bytes], dict[str, Any]]) -> Callable[[bytes], dict[str, Any]]:
    def context(body: bytes) -> dict[str, Any]:
        found = dict(original(body))
        try:
            request = json.loads(body or b"{}")
        except ValueError:
            return found
        keys = leading_keys(request, _partition_key) if isinstance(request, dict) else []
        # Absent, as on AWS, where a request names no partition key: a scan.
        return {**found, "dynamodb:LeadingKeys": keys} if keys else found

    return context


def leading_keys(request: dict[str, Any], partition_key: Callable[[str, str | None], str | None]) -> list[str]:
    """The partition keys that a request names. `partition_key` tells a table's, or its index's, key attribute."""
    keys: list[str] = []
    for table, index, part in _parts(request):
        attribute = partition_key(table, index)
        if attribute is not None:
            keys += _values(part, attribute)
    return sorted(set(keys))


def _parts(request: dict[str, Any]) -> Iterator[tuple[str, str | None, dict[str, Any]]]:
    """Each single operation within the request, with its table and index."""
    if "TableName" in request:
        yield request["TableName"], request.get("IndexName"), request
    for item in request.get("TransactItems") or []:
        for kind in _TRANSACTED:
            if kind in item:
                yield item[kind]["TableName"], None, item[kind]
    for table, batch in (request.get("RequestItems") or {}).items():
        for key in batch.get("Keys", []) if isinstance(batch, dict) else []:
            yield table, None, {"Key": key}
        for write in batch if isinstance(batch, list) else []:
            yield table, None, write.get("PutRequest") or write.get("DeleteRequest") or {}


def _values(part: dict[str, Any], attribute: str) -> list[str]:
    """What the operation gives for the attribute: in its item or key, or by an equality in its key condition."""
    given = [part.get("Item", {}).get(attribute), part.get("Key", {}).get(attribute)]
    names, values = part.get("ExpressionAttributeNames") or {}, part.get("ExpressionAttributeValues") or {}
    for name, placeholder in _EQUALS.findall(part.get("KeyConditionExpression") or ""):
        if names.get(name, name) == attribute:
            given.append(values.get(placeholder))
    legacy = (part.get("KeyConditions") or {}).get(attribute) or {}
    given += legacy.get("AttributeValueList", [])
    return [str(next(iter(value.values()))) for value in given if value]


def _partition_key(table: str, index: str | None) -> str | None:
    described = _TABLES.get().get(table.rpartition("/")[2])
    if described is None:
        return None
    schemas = {
        each["IndexName"]: each["KeySchema"]
        for kind in ("GlobalSecondaryIndexes", "LocalSecondaryIndexes")
        for each in described.get(kind) or []
    }
    schema = schemas.get(index or "") or described["KeySchema"]
    return next((str(part["AttributeName"]) for part in schema if part["KeyType"] == "HASH"), None)
