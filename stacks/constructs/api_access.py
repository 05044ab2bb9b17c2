"""What a tenant adds to the environment's API: a role to work in, a usage plan, and that it is there."""

from __future__ import annotations

from aws_cdk import CfnParameter
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_iam as iam
from aws_cdk import aws_ssm as ssm
from constructs import Construct

from medallion.layout import API_STAGE, Api, TenantLayout
from stacks.constructs.role import ClosedRole
from stacks.permissions import Capabilities
from stacks.settings import EnvironmentSettings
from stacks.tasks import api_permissions


class ApiAccess(Construct):
    """The tenant's API role, which the API's function alone may take, and its bounds."""

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
        self.role = ClosedRole(
            self,
            "Role",
            name=layout.role("api"),
            principal=iam.ArnPrincipal(layout.shared.role_arn(Api.API)),
            permissions=api_permissions(can),
        )
        api = CfnParameter(
            scope,
            "ApiId",
            type="AWS::SSM::Parameter::Value<String>",
            default=layout.shared.api_parameter,
            description="Holds the id of the environment's API",
        )
        plan = apigateway.CfnUsagePlan(
            self,
            "Plan",
            usage_plan_name=layout.prefix,
            description=f"Requests of tenant {layout.tenant}",
            api_stages=[
                apigateway.CfnUsagePlan.ApiStageProperty(api_id=api.value_as_string, stage=API_STAGE),
            ],
            throttle=apigateway.CfnUsagePlan.ThrottleSettingsProperty(
                rate_limit=settings.api_tenant_rate, burst_limit=settings.api_tenant_burst
            ),
        )
        # No secret: it lets nobody in. The authorizer names it, so that requests are counted by tenant.
        counted_by = apigateway.CfnApiKey(
            self, "CountedBy", name=layout.usage_key, value=layout.usage_key, enabled=True
        )
        apigateway.CfnUsagePlanKey(self, "PlanKey", key_id=counted_by.ref, key_type="API_KEY", usage_plan_id=plan.ref)
        ssm.StringParameter(
            self,
            "Listed",
            parameter_name=layout.tenant_parameter,
            description="That the tenant is there, for those who list tenants",
            string_value=layout.tenant,
        )
