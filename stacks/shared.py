"""What the tenants of one environment share."""

from __future__ import annotations

from typing import Any

from aws_cdk import Stack
from constructs import Construct

from medallion.layout import EnvironmentLayout
from stacks.constructs.control_table import ControlTable
from stacks.constructs.dependency_layer import DependencyLayer
from stacks.constructs.retention_store import RetentionStore
from stacks.settings import EnvironmentSettings


class SharedStack(Stack):
    """The control table, the dependency layer and the retention store of one environment."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        layout: EnvironmentLayout,
        settings: EnvironmentSettings,
        **stack: Any,
    ) -> None:
        super().__init__(scope, construct_id, **stack)
        self.control = ControlTable(self, "Control", layout=layout, settings=settings)
        DependencyLayer(self, "Dependencies", layout=layout, settings=settings)
        RetentionStore(self, "Retention", layout=layout, settings=settings)
