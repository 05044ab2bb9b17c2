"""A tenant's pipeline: what moves its records."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from aws_cdk import CfnParameter, Stack
from aws_cdk import aws_events as events
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_s3_assets as s3_assets
from constructs import Construct

from medallion.events import PUBLICATIONS
from medallion.layout import Job, Machine, Task, TenantLayout, Zone
from stacks.constructs.alerts import Alerts
from stacks.constructs.api_access import ApiAccess
from stacks.constructs.event_route import EventRoute
from stacks.constructs.large_lanes import LargeLanes
from stacks.constructs.machine import TaskMachine
from stacks.constructs.schedules import Schedules
from stacks.constructs.seeding import Seeding
from stacks.constructs.source_code import source_code
from stacks.constructs.task_function import TaskFunction
from stacks.jobs import start_on_glue
from stacks.permissions import Capabilities, read_files
from stacks.settings import EnvironmentSettings
from stacks.tasks import permissions


class PipelineStack(Stack):
    """Functions, jobs, state machines, routes, schedules and alerts of one tenant, and the seeding of its folder."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        layout: TenantLayout,
        settings: EnvironmentSettings,
        key_arn: str,
        folder: Path,
        **stack: Any,
    ) -> None:
        super().__init__(scope, construct_id, **stack)
        can = Capabilities(layout, key_arn)
        # By ARN, so that nothing here adds to the key's policy: that policy is the foundation's own.
        key = kms.Key.from_key_arn(self, "TenantKey", key_arn)
        lanes = LargeLanes(self, "Lanes", layout=layout, settings=settings, can=can, key=key)
        emr = lanes.application.application.attr_application_id if lanes.application else None
        alerts = Alerts(self, "Alerts", layout=layout, settings=settings, key=key, emr_application=emr)
        ApiAccess(self, "Api", layout=layout, settings=settings, can=can)
        schedules = Schedules(self, "Schedules", layout=layout, settings=settings, can=can)
        asset = s3_assets.Asset(self, "Folder", path=str(folder))
        extra = {
            Task.SEED: read_files("GetFolder", asset.bucket.arn_for_objects(asset.s3_object_key)),
            Task.HOUSEKEEP: start_on_glue(Job.MAINTAIN, layout),
            Task.FAIL: can.read_log("ReadJobLog", *(layout.job_log(job, settings.glue_version) for job in Job)),
        }
        of_glue: dict[str, str] = {"MEDALLION_GLUE_VERSION": settings.glue_version}
        of_lanes = {**of_glue, "MEDALLION_LANES": ",".join(lanes.lanes), "MEDALLION_LANE": settings.lane}
        environment: dict[Task, dict[str, str]] = {
            Task.REFINE: of_lanes,
            Task.BUILD: of_lanes,
            Task.FAIL: of_glue,
            Task.HOUSEKEEP: {
                **of_lanes,
                "MEDALLION_RECEIPT_DAYS": str(settings.receipt_days),
                "MEDALLION_ROLLBACK_DAYS": str(settings.rollback_days),
                "MEDALLION_ORPHAN_DAYS": str(settings.orphan_days),
            },
        }
        code, layer = source_code(), self._layer(layout)
        self.functions = {
            task: TaskFunction(
                self,
                task.capitalize(),
                task=task,
                layout=layout,
                settings=settings,
                permissions=permissions(task, can) + extra.get(task, ()),
                key=key,
                code=code,
                layer=layer,
                environment=environment.get(task),
            )
            for task in Task
        }
        self.machines = {
            machine: TaskMachine(
                self,
                f"{machine.capitalize()}Machine",
                machine=machine,
                layout=layout,
                settings=settings,
                can=can,
                key=key,
                lanes=lanes,
            )
            for machine in Machine
        }
        EventRoute(
            self,
            "Arrivals",
            description=f"Objects that arrive in Landing of tenant {layout.tenant}",
            pattern=events.EventPattern(
                source=["aws.s3"],
                detail_type=["Object Created"],
                detail={"bucket": {"name": [layout.bucket(Zone.LANDING)]}},
            ),
            task=self.functions[Task.TRIGGER],
        )
        EventRoute(
            self,
            "Publications",
            description=f"Tables of tenant {layout.tenant} that a run published",
            pattern=events.EventPattern(
                source=["medallion"],
                detail_type=[str(kind) for kind in PUBLICATIONS],
                detail={"environment": [layout.environment], "tenant": [layout.tenant]},
            ),
            task=self.functions[Task.COALESCE],
        )
        seeding = Seeding(self, "Seeding", function=self.functions[Task.SEED].function, folder=asset, settings=settings)
        seeding.node.add_dependency(schedules, self.functions[Task.TRIGGER], self.functions[Task.HOUSEKEEP], alerts)

    def _layer(self, layout: TenantLayout) -> lambda_.ILayerVersion:
        """The shared layer's newest version, read from its parameter at each deployment."""
        newest = CfnParameter(
            self,
            "DependencyLayer",
            type="AWS::SSM::Parameter::Value<String>",
            default=layout.shared.layer_parameter,
            description="Holds the ARN of the dependency layer's newest version",
        )
        return lambda_.LayerVersion.from_layer_version_arn(self, "Dependencies", newest.value_as_string)
