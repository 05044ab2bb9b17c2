"""The control table in memory: the same conditional writes, so that many orders of them can be tried."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from boto3.dynamodb.conditions import AttributeBase, ConditionBase

from medallion.control.items import Key
from medallion.control.table import Add, ControlTable, Delete, ItemT, Put, Write

Stored = dict[str, Any]
_MISSING = object()


def _value(item: Stored | None, operand: Any) -> Any:
    if not isinstance(operand, AttributeBase):
        return operand
    found: Any = item or {}
    for part in operand.name.split("."):
        found = found.get(part, _MISSING) if isinstance(found, Mapping) else _MISSING
    return found


_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "=": lambda left, right: left is not _MISSING and left == right,
    "<>": lambda left, right: left is _MISSING or left != right,
    "<": lambda left, right: left is not _MISSING and left < right,
    "<=": lambda left, right: left is not _MISSING and left <= right,
    ">": lambda left, right: left is not _MISSING and left > right,
    ">=": lambda left, right: left is not _MISSING and left >= right,
    "IN": lambda left, right: left in right,
}


def holds(condition: ConditionBase, item: Stored | None) -> bool:
    """Whether DynamoDB would let a write with that condition through, of the item as it stands."""
    said = condition.get_expression()
    operator, operands = said["operator"], said["values"]
    match operator:
        case "AND":
            return all(holds(one, item) for one in operands)
        case "OR":
            return any(holds(one, item) for one in operands)
        case "NOT":
            return not holds(operands[0], item)
        case "attribute_exists":
            return _value(item, operands[0]) is not _MISSING
        case "attribute_not_exists":
            return _value(item, operands[0]) is _MISSING
        case _:
            return _COMPARISONS[operator](_value(item, operands[0]), _value(item, operands[1]))


class MemoryTable(ControlTable):
    """Items by key. `before` is called ahead of each read and each write, and may raise: the process dies there."""

    def __init__(self, before: Callable[[], None] = lambda: None) -> None:
        self.items: dict[Key, Stored] = {}
        self.before = before

    def get(self, kind: type[ItemT], key: Key) -> ItemT | None:
        self.before()
        found = self.items.get(key)
        return None if found is None else kind.model_validate(found)

    def get_many(self, kind: type[ItemT], keys: Sequence[Key]) -> list[ItemT]:
        return [found for key in keys if (found := self.get(kind, key)) is not None]

    def put(self, item: Any, key: Key, condition: ConditionBase | None = None) -> bool:
        return self.transact([Put(item, key, condition)])

    def update(self, key: Key, changes: Mapping[str, Any], condition: ConditionBase | None = None) -> bool:
        self.before()
        return self._write([(key, condition, lambda item: {**item, **changes})], present=condition is None)

    def add(self, one: Add) -> bool:
        return self.transact([one])

    def delete(self, key: Key, condition: ConditionBase | None = None) -> bool:
        self.before()
        return self._write([(key, condition, lambda item: None)])

    def transact(self, writes: Sequence[Write]) -> bool:
        self.before()
        return self._write([(one.key, one.condition, _effect(one)) for one in writes])

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
        self.before()
        last = until or f"{prefix}\uffff"
        chosen = (key for key in self.items if key.pk == pk and key.sk.startswith(prefix) and after <= key.sk <= last)
        keys = sorted(chosen, reverse=newest_first)
        if beyond:
            keys = [key for key in keys if (key.sk < beyond if newest_first else key.sk > beyond)]
        return [kind.model_validate(self.items[key]) for key in keys[:limit]]

    def partition(self, pk: str) -> list[Stored]:
        self.before()
        return [self.items[key] for key in sorted(key for key in self.items if key.pk == pk)]

    def remove(self, keys: Iterable[Key]) -> None:
        self.before()
        for key in keys:
            self.items.pop(key, None)

    def _write(
        self,
        writes: Sequence[tuple[Key, ConditionBase | None, Callable[[Stored], Stored | None]]],
        *,
        present: bool = False,
    ) -> bool:
        for key, condition, _ in writes:
            standing = self.items.get(key)
            if (present and standing is None) or (condition is not None and not holds(condition, standing)):
                return False
        for key, _, effect in writes:
            after = effect(self.items.get(key, {**key._asdict()}))
            if after is None:
                self.items.pop(key, None)
            else:
                self.items[key] = after
        return True


def _effect(write: Write) -> Callable[[Stored], Stored | None]:
    if isinstance(write, Delete):
        return lambda item: None
    if isinstance(write, Put):
        attributes = {**write.key._asdict(), **write.item.model_dump(mode="json")}
        return lambda item: attributes
    if isinstance(write, Add):
        return lambda item: {
            **item,
            **write.named,
            **{name: item.get(name, 0) + n for name, n in write.amounts.items()},
        }
    changes = dict(write.changes)
    return lambda item: {**item, **changes}
