"""A tenant's foundation: where its data lies, and the key that encrypts it."""

from __future__ import annotations

from typing import Any

from aws_cdk import Stack
from constructs import Construct

from medallion.layout import TABLE_ZONES, TenantLayout, Zone
from stacks.constructs.log_bucket import LogBucket
from stacks.constructs.table_database import TableDatabase
from stacks.constructs.tenant_key import TenantKey
from stacks.constructs.zone_bucket import ZoneBucket
from stacks.settings import EnvironmentSettings


class FoundationStack(Stack):
    """Key, buckets and Glue databases of one tenant."""

    def __init__(
        self, scope: Construct, construct_id: str, *, layout: TenantLayout, settings: EnvironmentSettings, **stack: Any
    ) -> None:
        super().__init__(scope, construct_id, **stack)
        self.key = TenantKey(self, "TenantKey", layout=layout, settings=settings).key
        logs = LogBucket(self, "Logs", name=layout.bucket(Zone.LOGS), settings=settings)
        for zone in Zone:
            if zone is Zone.LOGS:
                continue
            ZoneBucket(
                self,
                zone.capitalize(),
                zone=zone,
                layout=layout,
                settings=settings,
                key=self.key,
                logs=logs.bucket,
            )
        for zone in TABLE_ZONES:
            TableDatabase(self, f"{zone.capitalize()}Database", zone=zone, layout=layout, settings=settings)
