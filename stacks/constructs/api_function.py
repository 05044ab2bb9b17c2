"""One of the two functions of an environment's API."""

from __future__ import annotations

from aws_cdk import Duration
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from medallion.layout import Api, EnvironmentLayout
from stacks.acknowledgements import acknowledge
from stacks.constructs.log_group import EncryptedLogGroup
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
        self.function = lambda_.Function(
            self,
            "Function",
            function_name=layout.function(of),
            description=f"Medallion {of} in {layout.environment}",
            runtime=lambda_.Runtime.PYTHON_3_12,
            architecture=lambda_.Architecture.X86_64,
            code=code,
            handler=f"lambdas.{of}.handler.handler",
            layers=[layer],
            role=self.role.role,
            # With 1,769 MB a function has one whole core: a cold start is bound by it.
            memory_size=1769 if of is Api.API else 512,
            timeout=Duration.seconds(TIMEOUT if of is Api.API else 5),
            tracing=lambda_.Tracing.ACTIVE,
            log_group=EncryptedLogGroup(self, "Log", name=layout.log_group(of), key=key, settings=settings).log_group,
            environment={
                "MEDALLION_ENVIRONMENT": layout.environment,
                "MEDALLION_ACCOUNT": layout.account,
                "MEDALLION_UPLOAD_MIB": str(settings.upload_mib),
                "POWERTOOLS_SERVICE_NAME": of,
                "POWERTOOLS_METRICS_NAMESPACE": "Medallion",
                "POWERTOOLS_LOG_LEVEL": settings.log_level,
            },
        )
        acknowledge(
            self.function,
            "AwsSolutions-L1",
            "The dependency layer's wheels are compiled for Python 3.12; runtime and layer move together",
        )
