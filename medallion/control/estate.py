"""All that a tenant has in the control table, whatever it is: for who closes it, never for a request."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from boto3.dynamodb.conditions import Attr

from medallion.control.items import GoldModel, Key, Run, Source, Tenant
from medallion.control.partitions import Extent
from medallion.control.table import PRESENT, ControlTable
from medallion.errors import UnknownTenant

NOT_FROZEN = Attr("frozen_at").not_exists() | Attr("frozen_at").eq(None)


class Estate:
    """One tenant's partitions, and whether it takes anything in."""

    def __init__(self, table: ControlTable, tenant: str) -> None:
        self._table = table
        self._tenant = tenant
        self._key = Tenant.key_of(tenant)

    def freeze(self, by: str, reason: str, at: datetime) -> None:
        """The tenant takes nothing in from now on. Said twice, the first stands."""
        changes = {"frozen_at": at.isoformat(), "frozen_by": by, "frozen_reason": reason}
        self._table.update(self._key, changes, PRESENT & NOT_FROZEN)

    def thaw(self) -> None:
        """The tenant takes things in again."""
        self._table.update(self._key, {"frozen_at": None, "frozen_by": "", "frozen_reason": ""})

    def reduce(self) -> None:
        """Of a tenant that has left its name stays: no contact, no description."""
        self._table.update(self._key, {"description": "", "contact": ""})

    def extent(self, also: Iterable[str] = ()) -> Extent:
        """What the partitions are named after; `also` are names that an object in Landing may have brought. It reads
        every run.
        """
        runs = self._table.query(Run, Run.key_of(self._tenant, "").pk, Run.SK)
        named = {*also, *(run.subject for run in runs)}
        named |= {one.name for one in self._table.query(Source, self._key.pk, Source.SK)}
        named |= {one.name for one in self._table.query(GoldModel, self._key.pk, GoldModel.SK)}
        return Extent(self._tenant, tuple(sorted(named)), tuple(run.run_id for run in runs))

    def stored(self, partition: str) -> list[dict[str, Any]]:
        """The items of one of the tenant's partitions, as they are stored."""
        return self._table.partition(self._own(partition))

    def erase(self, keys: Sequence[Key]) -> None:
        """Remove items of the tenant for ever. UnknownTenant, and nothing is removed, if one is another's."""
        for key in keys:
            self._own(key.pk)
        self._table.remove(keys)

    def _own(self, partition: str) -> str:
        if partition != self._key.pk and not partition.startswith(f"{self._key.pk}#"):
            raise UnknownTenant(f"{partition} is no partition of tenant {self._tenant}")
        return partition
