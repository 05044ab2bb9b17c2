"""The Glue database of one zone."""

from __future__ import annotations

from aws_cdk import Stack
from aws_cdk import aws_glue as glue
from constructs import Construct

from medallion.layout import TenantLayout, Zone
from stacks.settings import EnvironmentSettings


class TableDatabase(Construct):
    """The database that holds a zone's Iceberg tables, located in the zone's bucket."""

    def __init__(
        self, scope: Construct, construct_id: str, *, zone: Zone, layout: TenantLayout, settings: EnvironmentSettings
    ) -> None:
        super().__init__(scope, construct_id)
        self.database = glue.CfnDatabase(
            self,
            "Database",
            catalog_id=Stack.of(self).account,
            database_input=glue.CfnDatabase.DatabaseInputProperty(
                name=layout.database(zone),
                description=f"{zone.capitalize()} tables of tenant {layout.tenant} in {layout.environment}",
                location_uri=f"s3://{layout.bucket(zone)}/",
            ),
        )
        self.database.apply_removal_policy(settings.removal_policy)
