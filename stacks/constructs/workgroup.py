"""Where a tenant's tables are queried."""

from __future__ import annotations

from aws_cdk import aws_athena as athena
from constructs import Construct

from medallion.layout import TenantLayout, Zone
from stacks.settings import EnvironmentSettings

_GIB = 1024**3


class Workgroup(Construct):
    """An Athena workgroup: engine version 3, results encrypted below one enforced location, a scan limit, metrics."""

    def __init__(
        self, scope: Construct, construct_id: str, *, layout: TenantLayout, settings: EnvironmentSettings, key_arn: str
    ) -> None:
        super().__init__(scope, construct_id)
        self.workgroup = athena.CfnWorkGroup(
            self,
            "Workgroup",
            name=layout.workgroup,
            description=f"Queries over the tables of tenant {layout.tenant} in {layout.environment}",
            state="ENABLED",
            # A workgroup holds queries and their history, no data: in dev it goes with its stack.
            recursive_delete_option=not settings.deletion_protection,
            work_group_configuration=athena.CfnWorkGroup.WorkGroupConfigurationProperty(
                engine_version=athena.CfnWorkGroup.EngineVersionProperty(
                    selected_engine_version="Athena engine version 3"
                ),
                enforce_work_group_configuration=True,
                publish_cloud_watch_metrics_enabled=True,
                requester_pays_enabled=False,
                bytes_scanned_cutoff_per_query=settings.athena_scan_limit_gib * _GIB,
                result_configuration=athena.CfnWorkGroup.ResultConfigurationProperty(
                    output_location=f"s3://{layout.bucket(Zone.ARTIFACTS)}/athena/",
                    encryption_configuration=athena.CfnWorkGroup.EncryptionConfigurationProperty(
                        encryption_option="SSE_KMS", kms_key=key_arn
                    ),
                ),
            ),
        )
        for name, (zone, description, sql) in _QUERIES.items():
            query = athena.CfnNamedQuery(
                self,
                name,
                name=f"{layout.prefix}: {description}",
                description=description,
                database=layout.database(zone),
                query_string=sql.format(database=layout.database(zone)),
                work_group=layout.workgroup,
            )
            query.add_resource_dependency(self.workgroup)


_COLUMNS = """\
SELECT table_name, ordinal_position, column_name, data_type
FROM information_schema.columns
WHERE table_schema = '{database}'
ORDER BY table_name, ordinal_position"""

_TABLES = """\
SELECT table_name
FROM information_schema.tables
WHERE table_schema = '{database}'
ORDER BY table_name"""

# No table's name is in a template (tables are data), so these start where every question starts: what is there.
_QUERIES = {
    "SilverColumns": (Zone.SILVER, "the columns of every Silver table", _COLUMNS),
    "GoldColumns": (Zone.GOLD, "the columns of every Gold table", _COLUMNS),
    "QuarantineTables": (Zone.QUARANTINE, "the sources that have a quarantine", _TABLES),
}
