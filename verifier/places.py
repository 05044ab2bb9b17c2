"""Where a tenant's ledger, tables, objects and control items are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import boto3
from pyiceberg.catalog import Catalog, load_catalog


@dataclass(frozen=True)
class Places:
    """One tenant's places, by name. `endpoint` is None for AWS itself."""

    tenant: str
    region: str
    session: boto3.Session
    ledger_bucket: str
    artifacts_bucket: str
    control_table: str
    bronze: str
    silver: str
    gold: str
    quarantine: str
    """The names of the Glue databases."""
    endpoint: str | None = None
    catalog_properties: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def s3(self) -> Any:
        return self.session.client("s3", region_name=self.region, endpoint_url=self.endpoint)

    @cached_property
    def control(self) -> Any:
        dynamodb = self.session.resource("dynamodb", region_name=self.region, endpoint_url=self.endpoint)
        return dynamodb.Table(self.control_table)

    @cached_property
    def catalog(self) -> Catalog:
        """The Glue catalog, with the session's own credentials."""
        properties = {
            "type": "glue",
            "client.region": self.region,
            "glue.region": self.region,
            "s3.region": self.region,
        }
        found = self.session.get_credentials()
        if found is not None:
            frozen = found.get_frozen_credentials()
            given = {
                "client.access-key-id": frozen.access_key,
                "client.secret-access-key": frozen.secret_key,
                "client.session-token": frozen.token,
            }
            properties |= {name: value for name, value in given.items() if value}
        if self.endpoint:
            properties |= {"glue.endpoint": self.endpoint, "s3.endpoint": self.endpoint}
        return load_catalog("glue", **properties, **self.catalog_properties)

    @cached_property
    def runs(self) -> dict[str, dict[str, Any]]:
        """The tenant's runs in the control table, by id."""
        return {str(one["run_id"]): one for one in self.items("RUNS", "RUN#")}

    def items(self, partition: str, prefix: str) -> list[dict[str, Any]]:
        """The control table's items under that partition key whose sort key begins so, read consistently."""
        request: dict[str, Any] = {
            "KeyConditionExpression": "pk = :pk AND begins_with(sk, :sk)",
            "ExpressionAttributeValues": {":pk": f"TENANT#{self.tenant}#{partition}", ":sk": prefix},
            "ConsistentRead": True,
        }
        found: list[dict[str, Any]] = []
        while True:
            page = self.control.query(**request)
            found += page["Items"]
            if "LastEvaluatedKey" not in page:
                return found
            request["ExclusiveStartKey"] = page["LastEvaluatedKey"]
