"""The large lanes of a tenant: its Spark jobs on Glue, and on EMR Serverless where the environment has it."""

from __future__ import annotations

from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3_assets as s3_assets
from constructs import Construct

from medallion.layout import Job, TenantLayout
from stacks.constructs.emr_application import EmrApplication
from stacks.constructs.glue_job import GlueJob
from stacks.constructs.role import ServiceRole
from stacks.constructs.security_configuration import SecurityConfiguration
from stacks.constructs.source_code import source_asset
from stacks.jobs import ON_EMR, on_emr, permissions, run_on_emr, run_on_glue
from stacks.permissions import Capabilities, Permissions, read_files
from stacks.settings import ROOT, EnvironmentSettings
from stacks.spark import EMR, catalogue, submit_parameters

_EMR_STATE = "RunOnEmr"


class LargeLanes(Construct):
    """What runs what outgrows a Lambda, a job for each stage, and what a machine must know and may do to use its own.

    `lanes` are the lanes that there are; `absent` the machines' states that stand for one that there is not.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        layout: TenantLayout,
        settings: EnvironmentSettings,
        can: Capabilities,
        key: kms.IKey,
    ) -> None:
        super().__init__(scope, construct_id)
        self._layout, self._settings, self._can = layout, settings, can
        self._code = source_asset(self, "Code")
        self._scripts = {
            job: s3_assets.Asset(self, f"{job.capitalize()}Script", path=str(ROOT / "glue_jobs" / f"{job}.py"))
            for job in Job
        }
        security = SecurityConfiguration(self, "Security", layout=layout, key_arn=can.key_arn)
        for job, script in self._scripts.items():
            on_glue = GlueJob(
                self,
                job.capitalize(),
                job=job,
                layout=layout,
                settings=settings,
                can=can,
                key=key,
                code=self._code,
                script=script,
            )
            on_glue.node.add_dependency(security)
        self.application: EmrApplication | None = None
        self._emr_roles: dict[Job, ServiceRole] = {}
        if settings.emr:
            self.application = EmrApplication(self, "Emr", layout=layout, settings=settings, key=key)
            arn = self.application.application.attr_arn
            self._emr_roles = {job: self._emr_role(job, arn) for job in ON_EMR}
        self.lanes: tuple[str, ...] = ("lambda", "glue", *(("emr",) if self.application else ()))
        self.absent: tuple[str, ...] = () if self.application else (_EMR_STATE,)

    def substitutions(self, job: Job) -> dict[str, str]:
        """What the states of the lanes are to say where a machine runs this job."""
        layout, found = self._layout, {"JobName": self._layout.job(job)}
        if self.application is not None:
            spark = {**catalogue(layout), **EMR}
            found |= {
                "EmrApplicationId": self.application.application.attr_application_id,
                "JobEmrRoleArn": self._emr_roles[job].role.role_arn,
                "JobScript": self._scripts[job].s3_object_url,
                "JobSparkSubmit": submit_parameters(self._code.s3_object_url, spark),
                "JobMinutes": str(self._settings.job_minutes),
            }
        return found

    def permissions(self, job: Job) -> Permissions:
        """What a machine may do that runs this job."""
        on_glue = run_on_glue(job, self._layout)
        if self.application is None:
            return on_glue
        return on_glue + run_on_emr(job, self._layout, self.application.application.attr_arn)

    def _emr_role(self, job: Job, application_arn: str) -> ServiceRole:
        files = (each.bucket.arn_for_objects(each.s3_object_key) for each in (self._code, self._scripts[job]))
        return ServiceRole(
            self,
            f"{job.capitalize()}EmrRole",
            name=self._layout.emr_role(job),
            service="emr-serverless.amazonaws.com",
            permissions=(*read_files("GetCode", *files), *permissions(job, self._can), *on_emr(self._can)),
            trust_conditions={
                "StringEquals": {"aws:SourceAccount": self._layout.account},
                "ArnEquals": {"aws:SourceArn": application_arn},
            },
        )
