"""The environment's API: two functions behind API Gateway, with a firewall before it."""

from __future__ import annotations

from typing import Any

from aws_cdk import CfnParameter, Stack
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_ssm as ssm
from constructs import Construct

from medallion.layout import Api, EnvironmentLayout
from stacks.constructs.api_function import ApiFunction
from stacks.constructs.firewall import Firewall
from stacks.constructs.rest_api import GatewayLogs, RestApi
from stacks.constructs.role import ServiceRole
from stacks.constructs.source_code import source_code
from stacks.permissions import LOG_GATEWAY
from stacks.settings import EnvironmentSettings
from stacks.tasks import gateway_permissions


class ApiStack(Stack):
    """API Gateway, its authorizer, the function behind it, and how operators are counted."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        layout: EnvironmentLayout,
        settings: EnvironmentSettings,
        key_arn: str,
        **stack: Any,
    ) -> None:
        super().__init__(scope, construct_id, **stack)
        # By ARN, so that nothing here adds to the key's policy: that policy is the shared stack's own.
        key = kms.Key.from_key_arn(self, "SharedKey", key_arn)
        newest = CfnParameter(
            self,
            "DependencyLayer",
            type="AWS::SSM::Parameter::Value<String>",
            default=layout.layer_parameter,
            description="Holds the ARN of the dependency layer's newest version",
        )
        layer = lambda_.LayerVersion.from_layer_version_arn(self, "Dependencies", newest.value_as_string)
        code = source_code()
        self.functions = {
            of: ApiFunction(
                self,
                of.capitalize(),
                of=of,
                layout=layout,
                settings=settings,
                permissions=gateway_permissions(of, layout),
                key=key,
                code=code,
                layer=layer,
            )
            for of in Api
        }
        logs = ServiceRole(
            self,
            "GatewayRole",
            name=layout.role("gateway"),
            service="apigateway.amazonaws.com",
            permissions=(LOG_GATEWAY,),
        )
        logging = GatewayLogs(self, "GatewayLogs", layout=layout, role=logs.role)
        self.rest = RestApi(
            self,
            "Rest",
            layout=layout,
            settings=settings,
            function=self.functions[Api.API].function,
            authorizer=self.functions[Api.AUTHORIZE].function,
            key=key,
        )
        stage = self.rest.api.deployment_stage
        stage.node.add_dependency(logging)
        stage_arn = (
            f"arn:aws:apigateway:{layout.region}::/restapis/{self.rest.api.rest_api_id}/stages/{stage.stage_name}"
        )
        Firewall(self, "Firewall", layout=layout, settings=settings, stage_arn=stage_arn)
        plan = self.rest.api.add_usage_plan(
            "Operators",
            name=layout.operators_usage_key,
            throttle=apigateway.ThrottleSettings(rate_limit=settings.api_rate, burst_limit=settings.api_burst),
        )
        plan.add_api_stage(stage=stage)
        plan.add_api_key(
            apigateway.ApiKey(
                self, "OperatorsKey", api_key_name=layout.operators_usage_key, value=layout.operators_usage_key
            )
        )
        self.parameter = ssm.StringParameter(
            self,
            "ApiId",
            parameter_name=layout.api_parameter,
            description="The API's id, to which tenants add their usage plans",
            string_value=self.rest.api.rest_api_id,
        )
        self.parameter.node.add_dependency(stage)
