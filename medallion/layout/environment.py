"""What tenants of one environment share."""

from __future__ import annotations

from dataclasses import dataclass

from medallion.layout.parts import SHARED_STACKS, TENANT_STACKS, Api, Environment

API_STAGE = "v1"
"""The API's version: API Gateway's stage, and so the first part of each path."""


@dataclass(frozen=True)
class EnvironmentLayout:
    """The names of what tenants of one environment share."""

    environment: Environment
    account: str
    region: str

    @property
    def control_table(self) -> str:
        return f"medallion-{self.environment}-control"

    @property
    def control_table_arn(self) -> str:
        return self.arn("dynamodb", f"table/{self.control_table}")

    @property
    def key_alias(self) -> str:
        return f"alias/medallion-{self.environment}-shared"

    def bucket(self, name: str) -> str:
        return f"mdl-{self.environment}-shared-{name}-{self.account}-{self.region}"

    @property
    def retention_bucket(self) -> str:
        """Where stands what outlives its tenant."""
        return self.bucket("retention")

    @property
    def retention_key_alias(self) -> str:
        """The key of what outlives its tenant."""
        return f"{self.key_alias}-retention"

    def retained_prefix(self, tenant: str, closing: str) -> str:
        """Where a closing's copies stand in the retention bucket: a tenant's id may be taken, and closed, again."""
        return f"tenant={tenant}/closing={closing}/"

    @property
    def layer_parameter(self) -> str:
        """The SSM parameter that holds the ARN of the dependency layer's newest version."""
        return f"/medallion/{self.environment}/dependency-layer"

    @property
    def api_parameter(self) -> str:
        """The SSM parameter that holds the id of the environment's API."""
        return f"/medallion/{self.environment}/api"

    @property
    def tenants_path(self) -> str:
        """Below it stands an SSM parameter for each tenant, which its own stack makes: a list without a scan."""
        return f"/medallion/{self.environment}/tenants"

    @property
    def operators_usage_key(self) -> str:
        """By what API Gateway counts and throttles operators. It lets nobody in."""
        return f"medallion-{self.environment}-operators-usage"

    def stack(self, name: str) -> str:
        return f"medallion-{self.environment}-{name}"

    def role(self, of: str) -> str:
        """A role's name. Roles are global in an account, so it carries the region."""
        return f"medallion-{self.environment}-{of}-{self.region}"

    def role_arn(self, of: str) -> str:
        return f"arn:aws:iam::{self.account}:role/{self.role(of)}"

    def tenant_role_arns(self, of: str) -> str:
        """The ARNs of every tenant's role of that name, as a pattern."""
        return f"arn:aws:iam::{self.account}:role/medallion-{self.environment}-*-{of}-{self.region}"

    def function(self, of: Api) -> str:
        return f"medallion-{self.environment}-{of}"

    def log_group(self, of: str) -> str:
        """No tenant's log group is named so: those have the tenant before the task."""
        return f"/medallion/{self.environment}/{of}"

    @property
    def shared_stacks(self) -> tuple[str, ...]:
        """The stacks that every tenant's need."""
        return tuple(self.stack(one) for one in SHARED_STACKS)

    def tenant_of_stack(self, stack: str) -> str | None:
        """The tenant that a stack of this environment is of; None for any other."""
        tenant, _, of = stack.removeprefix(self.stack("")).partition("-")
        return tenant if stack.startswith(self.stack("")) and of in TENANT_STACKS else None

    def arn(self, service: str, resource: str) -> str:
        """The ARN of a regional resource in the `aws` partition."""
        return f"arn:aws:{service}:{self.region}:{self.account}:{resource}"
