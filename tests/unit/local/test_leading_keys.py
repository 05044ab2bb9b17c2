"""The partition keys that a DynamoDB request names."""

from __future__ import annotations

from typing import Any

import pytest

from local.leading_keys import leading_keys


def named(table: str, index: str | None) -> str | None:
    return {("t", None): "pk", ("t", "by_state"): "state"}.get((table, index))


def item(pk: str) -> dict[str, Any]:
    return {"pk": {"S": pk}, "sk": {"S": "x"}}


@pytest.mark.parametrize(
    ("request_body", "keys"),
    [
        ({"TableName": "t", "Item": item("a")}, ["a"]),
        ({"TableName": "t", "Key": item("a")}, ["a"]),
        (
            {
                "TableName": "t",
                "KeyConditionExpression": "(#n0 = :v0 AND begins_with(#n1, :v1))",
                "ExpressionAttributeNames": {"#n0": "pk", "#n1": "sk"},
                "ExpressionAttributeValues": {":v0": {"S": "a"}, ":v1": {"S": "b"}},
            },
            ["a"],
        ),
        (
            {
                "TableName": "t",
                "IndexName": "by_state",
                "KeyConditionExpression": "state = :s",
                "ExpressionAttributeValues": {":s": {"S": "open"}},
            },
            ["open"],
        ),
        (
            {
                "TransactItems": [
                    {"Put": {"TableName": "t", "Item": item("a")}},
                    {"Get": {"TableName": "t", "Key": item("b")}},
                ]
            },
            ["a", "b"],
        ),
        ({"RequestItems": {"t": {"Keys": [item("a"), item("b")]}}}, ["a", "b"]),
        (
            {"RequestItems": {"t": [{"PutRequest": {"Item": item("a")}}, {"DeleteRequest": {"Key": item("b")}}]}},
            ["a", "b"],
        ),
        ({"TableName": "t", "FilterExpression": "pk = :v", "ExpressionAttributeValues": {":v": {"S": "a"}}}, []),
        ({"TableName": "unknown", "Key": item("a")}, []),
    ],
)
def test_keys_are_those_that_the_request_names(request_body: dict[str, Any], keys: list[str]) -> None:
    assert leading_keys(request_body, named) == keys
