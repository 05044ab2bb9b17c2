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
from stacks.jobs import on_emr, permissions, run_on_emr, run_on_glue
from stacks.permissions import Capabilities, Permissions, read_files
from stacks.settings import ROOT, EnvironmentSettings
from stacks.spark import EMR, catalogue, submit_parameters

_ON_EMR = "RefineOnEmr"


class LargeLanes(Construct):
    """What runs a batch that outgrows a Lambda, and what the ingest machine must know and may do to use it.

    `lanes` are the lanes that there are, `job_log` is the log group of what goes wrong in the one on Glue; `absent` the
    machine's states that stand for one that there is not.
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
        self._layout, self._can = layout, can
        self._code = source_asset(self, "Code")
        self._script = s3_assets.Asset(self, "RefineScript", path=str(ROOT / "glue_jobs" / f"{Job.REFINE}.py"))
        security = SecurityConfiguration(self, "Security", layout=layout, key_arn=can.key_arn)
        self.refine = GlueJob(
            self,
            "Refine",
            job=Job.REFINE,
            layout=layout,
            settings=settings,
            can=can,
            key=key,
            code=self._code,
            script=self._script,
        )
        self.refine.node.add_dependency(security)
        self.job_log = layout.job_log_groups(Job.REFINE, settings.glue_version)[0]
        self.lanes: tuple[str, ...] = ("lambda", "glue")
        self.absent: tuple[str, ...] = (_ON_EMR,)
        self.substitutions = {"RefineJobName": layout.job(Job.REFINE)}
        self.permissions: Permissions = run_on_glue(Job.REFINE, layout)
        self.application: EmrApplication | None = None
        if settings.emr:
            self._add_emr(settings, key)

    def _add_emr(self, settings: EnvironmentSettings, key: kms.IKey) -> None:
        layout = self._layout
        self.application = EmrApplication(self, "Emr", layout=layout, settings=settings, key=key)
        application = self.application.application
        files = (each.bucket.arn_for_objects(each.s3_object_key) for each in (self._code, self._script))
        role = ServiceRole(
            self,
            "RefineEmrRole",
            name=layout.emr_role(Job.REFINE),
            service="emr-serverless.amazonaws.com",
            permissions=(
                *read_files("GetCode", *files),
                *permissions(Job.REFINE, self._can),
                *on_emr(self._can),
            ),
            trust_conditions={
                "StringEquals": {"aws:SourceAccount": layout.account},
                "ArnEquals": {"aws:SourceArn": application.attr_arn},
            },
        )
        self.lanes, self.absent = (*self.lanes, "emr"), ()
        self.substitutions |= {
            "EmrApplicationId": application.attr_application_id,
            "RefineEmrRoleArn": role.role.role_arn,
            "RefineScript": self._script.s3_object_url,
            "RefineSparkSubmit": submit_parameters(self._code.s3_object_url, {**catalogue(layout), **EMR}),
            "RefineMinutes": str(settings.job_minutes),
        }
        self.permissions += run_on_emr(Job.REFINE, layout, application.attr_arn)
