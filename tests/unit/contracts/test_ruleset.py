"""The hash that names what a contract demands."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from medallion.contracts import parse_contract
from medallion.contracts.ruleset import ruleset_hash
from tests.unit.contracts.writing import document, parsed

VALUES = [{"metric": "invalidValues", "arguments": {"validValues": ["1", "2"]}, "mustBe": 0}]


def _reversed(content: Any) -> Any:
    """The same document with every mapping's names in the other order."""
    match content:
        case dict():
            return {name: _reversed(content[name]) for name in reversed(content)}
        case list():
            return [_reversed(one) for one in content]
        case _:
            return content


def test_the_hash_is_the_same_when_only_the_writing_differs() -> None:
    content = document(items={"quality": VALUES, "logicalTypeOptions": {"minimum": 1}, "required": True})
    written = yaml.safe_dump(_reversed(content), sort_keys=False, indent=4, default_flow_style=True)
    assert ruleset_hash(parse_contract(written, "other.yaml")) == ruleset_hash(parsed(content))


def test_the_hash_is_the_same_when_nothing_that_judges_differs() -> None:
    plain = document(items={"quality": VALUES})
    other = document(
        id="other",
        version="9.9.9",
        description={"purpose": "Something else."},
        customProperties=[{"property": "lane", "value": "glue"}, {"property": "approval", "value": "manual"}],
        items={
            "description": "How many.",
            "quality": [{**VALUES[0], "arguments": {"validValues": ["2", "1"]}, "name": "known"}],
        },
    )
    other["schema"][0]["properties"].reverse()
    assert ruleset_hash(parsed(other)) == ruleset_hash(parsed(plain))


@pytest.mark.parametrize(
    "change",
    [
        {"items": {"required": True}},
        {"items": {"logicalType": "number"}},
        {"items": {"physicalName": "Items"}},
        {"items": {"quality": VALUES}},
        {"items": {"logicalTypeOptions": {"minimum": 1}}},
        {"items": {"relationships": [{"to": "goods.number"}]}},
        {"items": {"customProperties": [{"property": "optionalInHeader", "value": True}]}},
        {"order_id": {"primaryKey": False}},
        {"customProperties": [{"property": "duplicates", "value": "drop"}]},
        {"customProperties": [{"property": "nullValues", "value": ["NA"]}]},
        {"customProperties": [{"property": "csvDelimiter", "value": ";"}]},
    ],
)
def test_the_hash_differs_when_a_rule_differs(change: dict[str, Any]) -> None:
    assert ruleset_hash(parsed(document(**change))) != ruleset_hash(parsed(document()))
