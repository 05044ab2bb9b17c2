"""What the later of two versions changes: all of it, as data and as a sentence, and what of it breaks."""

from __future__ import annotations

import pytest

from medallion.contracts import parse_contract
from medallion.contracts.compare import breaking_changes, changes, says_so
from medallion.contracts.model import Contract

BEFORE = """apiVersion: v3.1.0
kind: DataContract
id: shop-orders
version: "1.0.0"
status: active
customProperties:
  - {property: lane, value: lambda}
schema:
  - name: orders
    properties:
      - name: id
        logicalType: integer
        required: true
        primaryKey: true
      - name: amount
        logicalType: number
        physicalType: decimal(9,2)
        logicalTypeOptions: {minimum: 0}
    quality:
      - name: sensible
        type: custom
        engine: medallion
        implementation: amount < 1000
"""


def read(text: str) -> Contract:
    return parse_contract(text, "a test's contract")


@pytest.mark.parametrize(
    ("old", "new", "path", "said", "breaking"),
    [
        ("amount < 1000", "amount < 10", "checks.sensible", "condition sensible is another one", False),
        ("minimum: 0", "minimum: 1", "columns.amount.rules.range", "column amount has another rule: range", False),
        (
            "        logicalTypeOptions: {minimum: 0}\n",
            "",
            "columns.amount.rules.range",
            "column amount has no rule any more: range",
            False,
        ),
        ("decimal(9,2)", "decimal(9,3)", "columns.amount.type", "columns.amount.type is ", False),
        (
            "number\n        physicalType: decimal(9,2)",
            "integer",
            "columns.amount.type",
            "column amount is integer, not decimal",
            True,
        ),
        ("value: lambda", "value: glue", "lane", "lane is glue, not lambda", False),
        ("lane, value: lambda}", "maxAttempts, value: 5}", "max_attempts", "max_attempts is 5, not 3", False),
        (
            "      - name: amount",
            "      - name: note\n        logicalType: string\n      - name: amount",
            "columns.note",
            "column note is new and must be in every header",
            True,
        ),
    ],
)
def test_a_difference_is_told_where_it_is(old: str, new: str, path: str, said: str, breaking: bool) -> None:  # noqa: FBT001  # a case of a table
    assert old in BEFORE
    found = {one.path: one for one in changes(read(BEFORE), read(BEFORE.replace(old, new)))}
    assert found[path].said.startswith(said)
    assert found[path].breaking is breaking


def test_nothing_differs_when_the_version_alone_does() -> None:
    later = read(BEFORE.replace("1.0.0", "2.0.0"))
    assert changes(read(BEFORE), later) == []
    assert says_so(read(BEFORE), later)


def test_what_breaks_is_told_first() -> None:
    later = read(BEFORE.replace("value: lambda", "value: glue").replace("        primaryKey: true\n", ""))
    assert [one.breaking for one in changes(read(BEFORE), later)] == [True, False]
    assert breaking_changes(read(BEFORE), later) == ["the key is none, not id"]
