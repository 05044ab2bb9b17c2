"""Where a tenant's schedules live. The schedules themselves are data: seeding makes them from the control table."""

from __future__ import annotations

from aws_cdk import aws_scheduler as scheduler
from constructs import Construct

from medallion.layout import Task, TenantLayout
from stacks.constructs.role import ServiceRole
from stacks.permissions import Capabilities
from stacks.settings import EnvironmentSettings


class Schedules(Construct):
    """The tenant's schedule group, and the role in which its schedules invoke trigger, sweep and housekeep alone."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        layout: TenantLayout,
        settings: EnvironmentSettings,
        can: Capabilities,
    ) -> None:
        super().__init__(scope, construct_id)
        self.group = scheduler.CfnScheduleGroup(self, "Group", name=layout.schedule_group)
        self.group.apply_removal_policy(settings.removal_policy)
        group = layout.arn("scheduler", f"schedule-group/{layout.schedule_group}")
        self.role = ServiceRole(
            self,
            "Role",
            name=layout.role("schedule"),
            service="scheduler.amazonaws.com",
            permissions=can.invoke(Task.TRIGGER, Task.SWEEP, Task.HOUSEKEEP),
            trust_conditions={
                "StringEquals": {"aws:SourceAccount": layout.account, "aws:SourceArn": group},
            },
        )
