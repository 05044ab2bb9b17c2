"""The partitions in which a tenant's items stand: found from what the tenant has, never by a scan."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import product
from string import Formatter

from medallion.control.items import Item, Key
from medallion.layout import Zone


@dataclass(frozen=True)
class Extent:
    """What a tenant's partitions are named after: `names` of sources and models (those of refused runs, too), ids of
    `runs`.
    """

    tenant: str
    names: tuple[str, ...]
    runs: tuple[str, ...]

    def values(self, part: str) -> Iterable[str]:
        """What stands in place of a part of Item.PARTITION."""
        if part == "subject":
            return [f"{zone}#{name}" for zone in (Zone.SILVER, Zone.GOLD) for name in self.names]
        return {"tenant": (self.tenant,), "name": self.names, "run_id": self.runs}[part]


def kinds(kind: type[Item] = Item) -> Iterator[type[Item]]:
    """Every class of items that has a key."""
    for one in kind.__subclasses__():
        yield from kinds(one)
    if "key_of" in vars(kind):
        yield kind


def partitions(extent: Extent, *, evidence: bool = False) -> list[str]:
    """The partition keys, those that others are found from at the end. With `evidence` only those that say who decided
    what.
    """
    found: dict[str, None] = {}
    for kind in kinds():
        if evidence and not kind.EVIDENCE:
            continue
        parts = [part for _, part, _, _ in Formatter().parse(kind.PARTITION) if part]
        for values in product(*(extent.values(part) for part in parts)):
            found[kind.PARTITION.format(**dict(zip(parts, values, strict=True)))] = None
    last = roots(extent.tenant)
    return [*(one for one in found if one not in last), *(one for one in last if one in found)]


def roots(tenant: str) -> tuple[str, ...]:
    """The partitions that an extent is read from, the one that says most last."""
    return (f"TENANT#{tenant}#RUNS", f"TENANT#{tenant}")


def key_of(item: dict[str, object]) -> Key:
    """Where an item stands that was read as it is."""
    return Key(str(item["pk"]), str(item["sk"]))
