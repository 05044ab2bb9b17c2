"""All stacks of one deployment: the shared one, the API, and three for each tenant."""

from __future__ import annotations

from pathlib import Path

from aws_cdk import Environment, Tags
from constructs import Construct

from medallion.layout import TenantLayout
from stacks.analytics import AnalyticsStack
from stacks.api import ApiStack
from stacks.foundation import FoundationStack
from stacks.pipeline import PipelineStack
from stacks.settings import DeploymentSettings
from stacks.shared import SharedStack


class Deployment:
    """Composes the stacks. Tenants refer to what is shared by name, so that none changes with another."""

    def __init__(self, scope: Construct, settings: DeploymentSettings) -> None:
        self._scope = scope
        self._settings = settings
        self._env = Environment(account=settings.account, region=settings.region)
        environment = settings.environment.environment
        Tags.of(scope).add("application", "medallion")
        Tags.of(scope).add("environment", environment)
        self.shared = SharedStack(
            scope,
            "Shared",
            layout=settings.layout,
            settings=settings.environment,
            stack_name=settings.layout.stack("shared"),
            description=f"Medallion {environment}: what all tenants share",
            env=self._env,
            termination_protection=settings.environment.deletion_protection,
        )
        self.api = ApiStack(
            scope,
            "Api",
            layout=settings.layout,
            settings=settings.environment,
            key_arn=self.shared.control.key.key_arn,
            stack_name=settings.layout.stack("api"),
            description=f"Medallion {environment}: the API of all tenants",
            env=self._env,
            termination_protection=settings.environment.deletion_protection,
        )
        self.api.add_stack_dependency(self.shared, "the layer's parameter must be there first")
        for tenant, folder in settings.tenants.items():
            self._add_tenant(TenantLayout.of(settings.layout, tenant), folder)

    def _add_tenant(self, layout: TenantLayout, folder: Path) -> None:
        settings = self._settings.environment
        tenant = Construct(self._scope, layout.scope)
        Tags.of(tenant).add("tenant", layout.tenant)
        of_tenant = f"Medallion {layout.environment}, tenant {layout.tenant}"
        foundation = FoundationStack(
            tenant,
            "Foundation",
            layout=layout,
            settings=settings,
            stack_name=layout.stack("foundation"),
            description=f"{of_tenant}: key, buckets and databases",
            env=self._env,
            termination_protection=settings.deletion_protection,
        )
        pipeline = PipelineStack(
            tenant,
            "Pipeline",
            layout=layout,
            settings=settings,
            key_arn=foundation.key.key_arn,
            folder=folder,
            stack_name=layout.stack("pipeline"),
            description=f"{of_tenant}: functions, state machines, routes and alerts",
            env=self._env,
            termination_protection=settings.deletion_protection,
        )
        AnalyticsStack(
            tenant,
            "Analytics",
            layout=layout,
            settings=settings,
            key_arn=foundation.key.key_arn,
            stack_name=layout.stack("analytics"),
            description=f"{of_tenant}: queries",
            env=self._env,
            termination_protection=settings.deletion_protection,
        )
        pipeline.add_stack_dependency(foundation, "seeding creates tables in the foundation's databases and buckets")
        pipeline.add_stack_dependency(self.api, "the tenant's API role names the API's, and its plan the API")
        pipeline.add_stack_dependency(self.shared, "the layer's parameter and the control table must be there first")
