"""The DynamoDB table that holds the items, reached by key and by conditional writes only: no scan."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

import boto3
from boto3.dynamodb.conditions import Attr, ConditionBase, ConditionExpressionBuilder
from boto3.dynamodb.conditions import Key as KeyCondition
from botocore.exceptions import ClientError

from medallion.control.items import Item, Key

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table

ItemT = TypeVar("ItemT", bound=Item)

_CONFLICT_PAUSES = (0.05, 0.1, 0.2, 0.4, 0.8)
"""Seconds between the tries of a transaction that meets another one."""

_LARGEST_READ = 100

ABSENT = Attr("pk").not_exists()
PRESENT = Attr("pk").exists()


@dataclass(frozen=True)
class Put:
    """Write an item, if `condition` holds."""

    verb: ClassVar[str] = "Put"
    item: Item
    key: Key
    condition: ConditionBase | None = None

    def request(self) -> dict[str, Any]:
        attributes = {**self.key._asdict(), **_attributes(self.item.model_dump(mode="json"))}
        return {"Item": attributes, **_condition(self.condition)}


@dataclass(frozen=True)
class Update:
    """Set attributes of an item to JSON values, if `condition` holds."""

    verb: ClassVar[str] = "Update"
    key: Key
    changes: Mapping[str, Any]
    condition: ConditionBase = field(default_factory=lambda: PRESENT)

    def request(self) -> dict[str, Any]:
        values = _attributes(dict(self.changes))
        return {
            "Key": self.key._asdict(),
            "UpdateExpression": f"SET {', '.join(f'#{number} = :{number}' for number in range(len(values)))}",
            "ExpressionAttributeNames": {f"#{number}": name for number, name in enumerate(values)},
            "ExpressionAttributeValues": {f":{number}": value for number, value in enumerate(values.values())},
            **_condition(self.condition),
        }


@dataclass(frozen=True)
class Delete:
    """Remove an item, if `condition` holds."""

    verb: ClassVar[str] = "Delete"
    key: Key
    condition: ConditionBase | None = field(default_factory=lambda: PRESENT)

    def request(self) -> dict[str, Any]:
        return {"Key": self.key._asdict(), **_condition(self.condition)}


@dataclass(frozen=True)
class Add:
    """Add to numbers of an item, and set what it is called by: made where there is none, whoever else adds meanwhile.

    With `condition`, only where that holds.
    """

    verb: ClassVar[str] = "Update"
    key: Key
    amounts: Mapping[str, int]
    named: Mapping[str, Any] = field(default_factory=dict)
    condition: ConditionBase | None = None

    def request(self) -> dict[str, Any]:
        values = {**self.amounts, **_attributes(dict(self.named))}
        places = {name: number for number, name in enumerate(values)}
        clauses = [f"ADD {', '.join(f'#{places[name]} :{places[name]}' for name in self.amounts)}"]
        if self.named:
            clauses.append(f"SET {', '.join(f'#{places[name]} = :{places[name]}' for name in self.named)}")
        return {
            "Key": self.key._asdict(),
            "UpdateExpression": " ".join(clauses),
            "ExpressionAttributeNames": {f"#{number}": name for name, number in places.items()},
            "ExpressionAttributeValues": {f":{number}": values[name] for name, number in places.items()},
            **_condition(self.condition),
        }


Write = Put | Update | Delete | Add


class ControlTable:
    """Typed items in the table of that name."""

    def __init__(self, table: Table) -> None:
        self._table = table

    @classmethod
    def named(cls, name: str, region: str, session: boto3.Session | None = None) -> ControlTable:
        return cls((session or boto3.Session()).resource("dynamodb", region_name=region).Table(name))

    def get(self, kind: type[ItemT], key: Key) -> ItemT | None:
        """The item, read consistently; None if there is none."""
        found = self._table.get_item(Key=key._asdict(), ConsistentRead=True).get("Item")
        return None if found is None else kind.model_validate(found)

    def get_many(self, kind: type[ItemT], keys: Sequence[Key]) -> list[ItemT]:
        """Those of the items that there are, read consistently, in no order."""
        found: list[ItemT] = []
        left: list[Any] = [key._asdict() for key in dict.fromkeys(keys)]
        while left:
            asked, left = left[:_LARGEST_READ], left[_LARGEST_READ:]
            request: dict[str, Any] = {self._table.name: {"Keys": asked, "ConsistentRead": True}}
            answer: dict[str, Any] = dict(self._table.meta.client.batch_get_item(RequestItems=request))
            found += [kind.model_validate(item) for item in answer["Responses"].get(self._table.name, [])]
            unprocessed = answer.get("UnprocessedKeys", {}).get(self._table.name)
            left += unprocessed["Keys"] if unprocessed else []
        return found

    def put(self, item: Item, key: Key, condition: ConditionBase | None = None) -> bool:
        """Write the item; False if `condition` did not hold for what stands there."""
        return self._conditionally(self._table.put_item, Put(item, key, condition).request())

    def update(self, key: Key, changes: Mapping[str, Any], condition: ConditionBase = PRESENT) -> bool:
        """Set these attributes; False if `condition` did not hold. `changes` hold JSON values."""
        return self._conditionally(self._table.update_item, Update(key, changes, condition).request())

    def add(self, one: Add) -> bool:
        """Add to an item's numbers; False if its condition did not hold."""
        return self._conditionally(self._table.update_item, one.request())

    def delete(self, key: Key, condition: ConditionBase | None = None) -> bool:
        """Remove the item; False if `condition` did not hold."""
        return self._conditionally(self._table.delete_item, {"Key": key._asdict(), **_condition(condition)})

    def transact(self, writes: Sequence[Write]) -> bool:
        """All the writes or none, 100 at most; False if a condition did not hold.

        Where another transaction touches the same items at that moment, it is tried again.
        """
        name = self._table.name
        items: list[Any] = [{one.verb: {"TableName": name, **_plain(one.request())}} for one in writes]
        for pause in (*_CONFLICT_PAUSES, None):
            try:
                self._table.meta.client.transact_write_items(TransactItems=items)
            except ClientError as refused:
                codes = {reason.get("Code") for reason in refused.response.get("CancellationReasons", [])}
                if "ConditionalCheckFailed" in codes:
                    return False
                if "TransactionConflict" not in codes or pause is None:
                    raise
                time.sleep(pause)
            else:
                break
        return True

    def query(
        self,
        kind: type[ItemT],
        pk: str,
        prefix: str,
        *,
        limit: int | None = None,
        newest_first: bool = False,
        after: str = "",
        until: str = "",
        beyond: str = "",
    ) -> list[ItemT]:
        """The items under `pk` whose sort key begins with `prefix`, in its order, `limit` at most.

        With `after` and `until`, sort keys of that prefix, those from there on and up to there; with `beyond`, those
        that come next in the order asked for.
        """
        found: list[ItemT] = []
        sorted_by = KeyCondition("sk")
        bounded = sorted_by.between(after or prefix, until or f"{prefix}\uffff")
        chosen = bounded if after or until else sorted_by.begins_with(prefix)
        request: dict[str, Any] = {
            "KeyConditionExpression": KeyCondition("pk").eq(pk) & chosen,
            "ScanIndexForward": not newest_first,
            "ConsistentRead": True,
        }
        if limit is not None:
            request["Limit"] = limit
        if beyond:
            request["ExclusiveStartKey"] = Key(pk, beyond)._asdict()
        while True:
            page = self._table.query(**request)
            found += [kind.model_validate(item) for item in page["Items"]]
            if "LastEvaluatedKey" not in page or (limit is not None and len(found) >= limit):
                return found if limit is None else found[:limit]
            request["ExclusiveStartKey"] = page["LastEvaluatedKey"]

    def partition(self, pk: str) -> list[dict[str, Any]]:
        """Every item under `pk` as it is stored, its numbers as JSON has them, in the order of the sort keys."""
        request: dict[str, Any] = {"KeyConditionExpression": KeyCondition("pk").eq(pk), "ConsistentRead": True}
        found: list[dict[str, Any]] = []
        while True:
            page = self._table.query(**request)
            found += [_stored(item) for item in page["Items"]]
            if "LastEvaluatedKey" not in page:
                return found
            request["ExclusiveStartKey"] = page["LastEvaluatedKey"]

    def remove(self, keys: Iterable[Key]) -> None:
        """Remove the items, those that are not there being gone already."""
        with self._table.batch_writer() as batch:
            for key in keys:
                batch.delete_item(Key=key._asdict())

    @staticmethod
    def _conditionally(operation: Callable[..., Any], request: dict[str, Any]) -> bool:
        try:
            operation(**request)
        except ClientError as refused:
            if refused.response["Error"]["Code"] == "ConditionalCheckFailedException":
                return False
            raise
        return True


def _condition(condition: ConditionBase | None) -> dict[str, Any]:
    return {} if condition is None else {"ConditionExpression": condition}


def _plain(request: dict[str, Any]) -> dict[str, Any]:
    """A request whose condition is spelt out: transactions take no condition objects."""
    condition = request.pop("ConditionExpression", None)
    if condition is None:
        return request
    built = ConditionExpressionBuilder().build_expression(condition)
    request["ConditionExpression"] = built.condition_expression
    for part, placeholders in (
        ("ExpressionAttributeNames", built.attribute_name_placeholders),
        ("ExpressionAttributeValues", built.attribute_value_placeholders),
    ):
        if placeholders:
            request[part] = {**request.get(part, {}), **placeholders}
    return request


def _attributes(values: dict[str, Any]) -> dict[str, Any]:
    """JSON values as DynamoDB takes them: a number with a fraction is a Decimal."""
    converted: dict[str, Any] = json.loads(json.dumps(values), parse_float=Decimal)
    return converted


def _stored(item: dict[str, Any]) -> dict[str, Any]:
    """An item's JSON values: the other way round than `_attributes`."""
    found: dict[str, Any] = json.loads(json.dumps(item, default=_number))
    return found


def _number(value: object) -> int | float:
    if not isinstance(value, Decimal):
        raise TypeError(f"the control table holds JSON values only, not {type(value).__name__}")
    return int(value) if value == value.to_integral_value() else float(value)
