"""One Spark job of a tenant on Glue."""

from __future__ import annotations

from aws_cdk import aws_glue as glue
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3_assets as s3_assets
from constructs import Construct

from medallion.layout import Job, TenantLayout, Zone
from stacks.constructs.log_group import EncryptedLogGroup
from stacks.constructs.role import ServiceRole
from stacks.jobs import on_glue, permissions
from stacks.permissions import Capabilities, read_files
from stacks.settings import EnvironmentSettings
from stacks.spark import catalogue, glue_argument


class GlueJob(Construct):
    """The job, its role, and the log groups that Glue would otherwise make itself, without an end.

    A plain CfnJob: the constructs above it grant what they think that a job needs, and form its arguments themselves.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        job: Job,
        layout: TenantLayout,
        settings: EnvironmentSettings,
        can: Capabilities,
        key: kms.IKey,
        code: s3_assets.Asset,
        script: s3_assets.Asset,
    ) -> None:
        super().__init__(scope, construct_id)
        jars = tuple(jar.replace("s3://", "arn:aws:s3:::") for jar in settings.glue_jars)
        files = (each.bucket.arn_for_objects(each.s3_object_key) for each in (code, script))
        self.role = ServiceRole(
            self,
            "Role",
            name=layout.job_role(job),
            service="glue.amazonaws.com",
            permissions=(
                *read_files("GetCode", *files, *jars),
                *permissions(job, can),
                *on_glue(job, can, settings),
            ),
            trust_conditions={
                "StringEquals": {"aws:SourceAccount": layout.account},
                "ArnEquals": {"aws:SourceArn": layout.job_arn(job)},
            },
        )
        self.job = glue.CfnJob(
            self,
            "Job",
            name=layout.job(job),
            description=f"Medallion {job} for tenant {layout.tenant} in {layout.environment}",
            role=self.role.role.role_arn,
            glue_version=settings.glue_version,
            command=glue.CfnJob.JobCommandProperty(
                name="glueetl", python_version="3", script_location=script.s3_object_url
            ),
            default_arguments=_arguments(job, layout, settings, code.s3_object_url),
            security_configuration=layout.security_configuration,
            worker_type="G.1X",
            number_of_workers=settings.job_workers,
            execution_class=settings.job_class,
            execution_property=glue.CfnJob.ExecutionPropertyProperty(max_concurrent_runs=settings.job_runs),
            timeout=settings.job_minutes,
            # The state machine tries again, and knows what was wrong.
            max_retries=0,
        )
        for number, name in enumerate(layout.job_log_groups(job, settings.glue_version), 1):
            log = EncryptedLogGroup(self, f"Log{number}", name=name, key=key, settings=settings)
            self.job.node.add_dependency(log)


def _arguments(job: Job, layout: TenantLayout, settings: EnvironmentSettings, code: str) -> dict[str, str]:
    return {
        "--job-language": "python",
        "--job-bookmark-option": "job-bookmark-disable",
        "--extra-py-files": code,
        "--conf": glue_argument(catalogue(layout)),
        "--enable-auto-scaling": "true",
        "--enable-metrics": "true",
        "--enable-observability-metrics": "true",
        "--enable-spark-ui": "true",
        "--spark-event-logs-path": f"s3://{layout.bucket(Zone.LOGS)}/{layout.spark_events(job)}",
        "--enable-continuous-cloudwatch-log": "true",
        **_of_version(job, layout, settings),
    }


def _of_version(job: Job, layout: TenantLayout, settings: EnvironmentSettings) -> dict[str, str]:
    """4.0 comes with an Iceberg that knows no branches: it is left out, and another one brought."""
    if settings.glue_version == "4.0":
        return {
            "--extra-jars": ",".join(settings.glue_jars),
            "--continuous-log-logGroup": layout.job_log_prefix(job),
        }
    return {"--datalake-formats": "iceberg", "--custom-logGroup-prefix": layout.job_log_prefix(job)}
