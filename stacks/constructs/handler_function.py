"""What every Lambda function of the platform has: Python, the one code, the one layer, a log of its own, traces."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from stacks.acknowledgements import acknowledge
from stacks.constructs.log_group import EncryptedLogGroup
from stacks.constructs.role import ClosedRole
from stacks.settings import EnvironmentSettings


def handler_function(
    scope: Construct,
    of: str,
    *,
    log_group: str,
    settings: EnvironmentSettings,
    role: ClosedRole,
    key: kms.IKey,
    code: lambda_.Code,
    layer: lambda_.ILayerVersion,
    environment: Mapping[str, str],
    **shape: Any,
) -> lambda_.Function:
    """The function of lambdas/<of>/handler.py. `shape` is its name, its sizes and what else is its own."""
    function = lambda_.Function(
        scope,
        "Function",
        runtime=lambda_.Runtime.PYTHON_3_12,
        architecture=lambda_.Architecture.X86_64,
        code=code,
        handler=f"lambdas.{of}.handler.handler",
        layers=[layer],
        role=role.role,
        tracing=lambda_.Tracing.ACTIVE,
        log_group=EncryptedLogGroup(scope, "Log", name=log_group, key=key, settings=settings).log_group,
        environment={
            "POWERTOOLS_SERVICE_NAME": of,
            "POWERTOOLS_METRICS_NAMESPACE": "Medallion",
            "POWERTOOLS_LOG_LEVEL": settings.log_level,
            **environment,
        },
        **shape,
    )
    acknowledge(
        function,
        "AwsSolutions-L1",
        "The dependency layer's wheels are compiled for Python 3.12; runtime and layer move together",
    )
    return function
