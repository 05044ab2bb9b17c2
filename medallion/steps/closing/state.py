"""What a tenant's data is at a moment, by digests: whether anything moved since it was exported."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import Any

from medallion.control.closings import Closing, PastClosing
from medallion.control.items import Tenant
from medallion.control.partitions import key_of, partitions
from medallion.engines.leaving import contents
from medallion.layout import TableLayout, Zone
from medallion.steps.closing.survey import landing_names
from medallion.steps.platform import Platform


def tables_of(platform: Platform) -> list[TableLayout]:
    """The tenant's tables that there are."""
    control = platform.control
    named = platform.layout.tables([one.name for one in control.sources()], [one.name for one in control.models()])
    return [table for table in named if platform.lake.exists(table)]


def partitions_of(platform: Platform, *, evidence: bool = False) -> list[str]:
    """The tenant's partitions in the control table, those that others are found from at the end."""
    return partitions(platform.control.estate.extent(landing_names(platform)), evidence=evidence)


def items_of(platform: Platform, partition: str) -> list[dict[str, Any]]:
    """The partition's items but those that say that the tenant was there and how it left."""
    tenant = platform.layout.tenant
    stay = (Tenant.key_of(tenant), Closing.key_of(tenant))
    found = [item for item in platform.control.estate.stored(partition) if key_of(item) not in stay]
    return [item for item in found if partition != stay[0].pk or not key_of(item).sk.startswith(PastClosing.SK)]


def state_of(platform: Platform) -> dict[str, str]:
    """A digest for each table, each partition, Landing and the receipts."""
    found = {table.qualified: str(contents(platform.lake, table).snapshot) for table in tables_of(platform)}
    for zone in (Zone.LANDING, Zone.LEDGER):
        found[zone] = _digest(sorted(f"{key}@{version}" for key, version, _ in versions(platform, zone)))
    found |= {one: _digest(items_of(platform, one)) for one in partitions_of(platform)}
    return found


def versions(platform: Platform, zone: Zone) -> list[tuple[str, str, int]]:
    """Key, version and size of every object in a bucket of the tenant."""
    pages = platform.s3.get_paginator("list_object_versions").paginate(Bucket=platform.layout.bucket(zone))
    return [(one["Key"], one["VersionId"], one["Size"]) for page in pages for one in page.get("Versions", [])]


def _digest(value: object) -> str:
    return sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()
