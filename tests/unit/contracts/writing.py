"""Writes contracts for tests: a valid one, changed in one place."""

from __future__ import annotations

import copy
from typing import Any

import pytest
import yaml

from medallion.contracts import parse_contract
from medallion.contracts.model import Contract
from medallion.errors import InvalidContract

Document = dict[str, Any]

VALID: Document = {
    "apiVersion": "v3.1.0",
    "kind": "DataContract",
    "id": "shop-orders",
    "version": "1.0.0",
    "status": "active",
    "schema": [
        {
            "name": "orders",
            "properties": [
                {"name": "order_id", "physicalName": "Order", "logicalType": "string", "primaryKey": True},
                {"name": "price", "logicalType": "number", "physicalType": "decimal(10,2)"},
                {"name": "items", "logicalType": "integer"},
                {"name": "ordered_on", "logicalType": "date"},
            ],
        }
    ],
}


def document(**properties: Any) -> Document:
    """The valid document; `items={...}` and the like change the property of that name, `schema={...}` its object."""
    changed = copy.deepcopy(VALID)
    schema = changed["schema"][0]
    schema.update(properties.pop("schema", {}))
    for one in schema["properties"]:
        one.update(properties.pop(one["name"], {}))
    changed.update(properties)
    return changed


def parsed(content: Document) -> Contract:
    """The contract in the document."""
    return parse_contract(yaml.safe_dump(content), "orders.odcs.yaml")


def findings(content: Document | str) -> list[str]:
    """What is wrong with the document: each finding's line, without the file, which every line must name."""
    text = content if isinstance(content, str) else yaml.safe_dump(content)
    with pytest.raises(InvalidContract) as raised:
        parse_contract(text, "orders.odcs.yaml")
    title, *lines = str(raised.value).splitlines()
    assert title.startswith(f"orders.odcs.yaml is not a valid contract: {len(lines)} finding")
    assert all(line.startswith("orders.odcs.yaml: ") for line in lines)
    assert all("; " in line for line in lines)  # the remedy
    return [line.removeprefix("orders.odcs.yaml: ") for line in lines]
