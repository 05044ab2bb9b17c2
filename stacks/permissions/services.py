"""Permissions that are of no one tenant: what services ask of a role, and files known when they are deployed."""

from __future__ import annotations

from stacks.permissions.permission import NO_RESOURCE_LEVEL, Permission, Permissions

TRACE = Permission(
    "SendTraces", ("xray:PutTraceSegments", "xray:PutTelemetryRecords"), ("*",), because=NO_RESOURCE_LEVEL
)

SAMPLE_TRACES = Permission(
    "SampleTraces", ("xray:GetSamplingRules", "xray:GetSamplingTargets"), ("*",), because=NO_RESOURCE_LEVEL
)

LOG_GATEWAY = Permission(
    "LogGateway",
    (
        "logs:CreateLogGroup",
        "logs:CreateLogStream",
        "logs:DescribeLogGroups",
        "logs:DescribeLogStreams",
        "logs:FilterLogEvents",
        "logs:GetLogEvents",
        "logs:PutLogEvents",
    ),
    ("*",),
    because="API Gateway takes one role for all APIs of an account and region, and names their log groups itself",
)
"""What API Gateway asks of the role in which it logs."""

DELIVER_LOGS = Permission(
    "DeliverLogs",
    (
        "logs:CreateLogDelivery",
        "logs:GetLogDelivery",
        "logs:UpdateLogDelivery",
        "logs:DeleteLogDelivery",
        "logs:ListLogDeliveries",
        "logs:PutResourcePolicy",
        "logs:DescribeResourcePolicies",
        "logs:DescribeLogGroups",
    ),
    ("*",),
    because=NO_RESOURCE_LEVEL,
)
"""What Step Functions asks of a state machine's role before it logs."""


def read_files(sid: str, *arns: str) -> Permissions:
    """Read objects that are known when they are deployed: each by its own ARN."""
    return (Permission(sid, ("s3:GetObject",), arns),)
