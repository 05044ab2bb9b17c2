"""One of the two functions of an environment's API."""

from __future__ import annotations

from aws_cdk import Duration
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from medallion.layout import Api, EnvironmentLayout
from stacks.constructs.handler_function import handler_function
from stacks.constructs.role import ServiceRole
from stacks.permissions import Permissions
from stacks.settings import EnvironmentSettings

TIMEOUT = 29
"""Seconds. API Gateway waits no longer for an answer."""


class ApiFunction(Construct):
    """The function, its log group and its role."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        of: Api,
        layout: EnvironmentLayout,
        settings: EnvironmentSettings,
        permissions: Permissions,
        key: kms.IKey,
        code: lambda_.Code,
        layer: lambda_.ILayerVersion,
    ) -> None:
        super().__init__(scope, construct_id)
        self.role = ServiceRole(
            self, "Role", name=layout.role(of), service="lambda.amazonaws.com", permissions=permissions
        )
        self.function = handler_function(
            self,
            of,
            log_group=layout.log_group(of),
            settings=settings,
            role=self.role,
            key=key,
            function_name=layout.function(of),
            description=f"Medallion {of} in {layout.environment}",
            code=code,
            layer=layer,
            # With 1,769 MB a function has one whole core: a cold start is bound by it.
            memory_size=1769 if of is Api.API else 512,
            timeout=Duration.seconds(TIMEOUT if of is Api.API else 5),
            environment={
                "MEDALLION_ENVIRONMENT": layout.environment,
                "MEDALLION_ACCOUNT": layout.account,
                "MEDALLION_UPLOAD_MIB": str(settings.upload_mib),
            },
        )
