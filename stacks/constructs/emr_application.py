"""A tenant's EMR Serverless application."""

from __future__ import annotations

from aws_cdk import aws_emrserverless as emr
from aws_cdk import aws_kms as kms
from constructs import Construct

from medallion.layout import TenantLayout
from stacks.constructs.log_group import EncryptedLogGroup
from stacks.settings import EnvironmentSettings

RELEASE = "emr-7.13.0"
"""Spark 3.5.6 with Iceberg 1.10.0, as Glue 5.1."""


class EmrApplication(Construct):
    """A Spark application that holds nothing while nothing runs, so that it costs nothing then.

    It logs to a group of the tenant; what EMR would keep of a run in storage of its own, it does not.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        layout: TenantLayout,
        settings: EnvironmentSettings,
        key: kms.IKey,
    ) -> None:
        super().__init__(scope, construct_id)
        log = EncryptedLogGroup(self, "Log", name=layout.emr_log_group, key=key, settings=settings)
        of, cores = emr.CfnApplication, settings.emr_cores
        self.application = of(
            self,
            "Application",
            name=layout.emr_application,
            type="Spark",
            release_label=RELEASE,
            architecture=settings.emr_architecture,
            auto_start_configuration=of.AutoStartConfigurationProperty(enabled=True),
            auto_stop_configuration=of.AutoStopConfigurationProperty(
                enabled=True, idle_timeout_minutes=settings.emr_idle_minutes
            ),
            maximum_capacity=of.MaximumAllowedResourcesProperty(
                cpu=f"{cores} vCPU", memory=f"{cores * 4} GB", disk=f"{cores * 20} GB"
            ),
            scheduler_configuration=of.SchedulerConfigurationProperty(max_concurrent_runs=settings.job_runs),
            network_configuration=of.NetworkConfigurationProperty(
                subnet_ids=list(settings.emr_subnets), security_group_ids=list(settings.emr_security_groups)
            )
            if settings.emr_subnets
            else None,
            monitoring_configuration=of.MonitoringConfigurationProperty(
                cloud_watch_logging_configuration=of.CloudWatchLoggingConfigurationProperty(
                    enabled=True,
                    log_group_name=layout.emr_log_group,
                    log_type_map=[
                        of.LogTypeMapKeyValuePairProperty(key=worker, value=["STDOUT", "STDERR"])
                        for worker in ("SPARK_DRIVER", "SPARK_EXECUTOR")
                    ],
                ),
                managed_persistence_monitoring_configuration=of.ManagedPersistenceMonitoringConfigurationProperty(
                    enabled=False
                ),
            ),
        )
        self.application.node.add_dependency(log)
