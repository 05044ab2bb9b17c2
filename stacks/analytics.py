"""A tenant's analytics: where its tables are queried."""

from __future__ import annotations

from typing import Any

from aws_cdk import Stack
from constructs import Construct

from medallion.layout import TenantLayout
from stacks.constructs.workgroup import Workgroup
from stacks.settings import EnvironmentSettings


class AnalyticsStack(Stack):
    """The Athena workgroup of one tenant."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        layout: TenantLayout,
        settings: EnvironmentSettings,
        key_arn: str,
        **stack: Any,
    ) -> None:
        super().__init__(scope, construct_id, **stack)
        Workgroup(self, "Queries", layout=layout, settings=settings, key_arn=key_arn)
