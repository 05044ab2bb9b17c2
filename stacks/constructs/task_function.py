"""One Lambda function of a tenant."""

from __future__ import annotations

from collections.abc import Mapping

from aws_cdk import Duration, Size
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from medallion.layout import Task, TenantLayout
from stacks.constructs.dead_letters import DeadLetters
from stacks.constructs.handler_function import handler_function
from stacks.constructs.role import ServiceRole
from stacks.permissions import Permissions
from stacks.settings import EnvironmentSettings
from stacks.tasks import ASYNCHRONOUS, size

_BESIDE_THE_ENGINE = 1024
"""MB for Python, the parser's batches, what files are written and uploaded with, and what allocators keep."""


class TaskFunction(Construct):
    """The function of a task, its log group and role, and a dead-letter queue where nobody waits for its answer."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        task: Task,
        layout: TenantLayout,
        settings: EnvironmentSettings,
        permissions: Permissions,
        key: kms.IKey,
        code: lambda_.Code,
        layer: lambda_.ILayerVersion,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(scope, construct_id)
        asynchronous = task in ASYNCHRONOUS
        self.role = ServiceRole(
            self, "Role", name=layout.role(task), service="lambda.amazonaws.com", permissions=permissions
        )
        self.dead_letters = (
            DeadLetters(self, "DeadLetters", of=task, layout=layout, settings=settings, key=key)
            if asynchronous
            else None
        )
        shape = size(task, settings)
        self.function = handler_function(
            self,
            task,
            log_group=layout.log_group(task),
            settings=settings,
            role=self.role,
            key=key,
            function_name=layout.function(task),
            description=f"Medallion {task} for tenant {layout.tenant} in {layout.environment}",
            code=code,
            layer=layer,
            memory_size=shape.memory,
            timeout=Duration.seconds(shape.timeout),
            ephemeral_storage_size=Size.mebibytes(shape.storage),
            dead_letter_queue=self.dead_letters.queue if self.dead_letters else None,
            retry_attempts=2 if asynchronous else None,
            max_event_age=Duration.hours(6) if asynchronous else None,
            environment={
                "MEDALLION_ENVIRONMENT": layout.environment,
                "MEDALLION_TENANT": layout.tenant,
                "MEDALLION_ACCOUNT": layout.account,
                # Beyond this DuckDB goes to disk; the process was seen to hold 0.8 GB beside a DuckDB that is full.
                "MEDALLION_ENGINE_MEMORY": f"{max(shape.memory - _BESIDE_THE_ENGINE, 256)}MB",
                **(environment or {}),
            },
        )
