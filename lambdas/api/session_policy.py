"""What a session of a tenant's API role may do for a caller of that role: no more than both policies allow.

The role's own policy (stacks/tasks.py) says it exactly, resource by resource. This one fits into the 2,048 characters
that STS takes: the tenant's own names and nothing else, and no change for who only looks.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

from medallion.control.keys import Role
from medallion.layout import TenantLayout, Zone

LONGEST = 2048
"""What STS takes, in characters."""

_READ = ("dynamodb:BatchGetItem", "dynamodb:GetItem", "dynamodb:Query")
_WRITE = ("dynamodb:DeleteItem", "dynamodb:PutItem", "dynamodb:UpdateItem")
_ASK = (
    "athena:GetQueryExecution",
    "athena:GetQueryResults",
    "athena:StartQueryExecution",
    "athena:StopQueryExecution",
    "glue:GetDatabase",
    "glue:GetTable",
    "glue:GetTables",
    "s3:GetBucketLocation",
    "s3:GetObject",
    "s3:ListBucket",
    "s3:ListBucketVersions",
    "states:DescribeExecution",
    "states:GetExecutionHistory",
)
_CHANGE = ("lambda:InvokeFunction", "states:SendTaskSuccess", "states:StartExecution", "states:StopExecution")
_BY_ANYBODY = ("AUDIT", "ONCE", "QUERIES", "USAGE")
"""The partitions that a caller writes who only looks: what it asked, that it did, and how often."""


def session_policy(layout: TenantLayout, role: Role) -> dict[str, Any]:
    """The policy document of a session for a caller of that role."""
    tenant, may_change = f"TENANT#{layout.tenant}", role is not Role.VIEWER
    table, everything = _anywhere("dynamodb", f"table/{layout.shared.control_table}"), [tenant, f"{tenant}#*"]
    statements = [
        _allow((*_READ, *_WRITE) if may_change else _READ, [table], _leading("ForAllValues", everything)),
        _allow((*_ASK, *_CHANGE) if may_change else _ASK, _named(layout)),
        _allow(["s3:PutObject"], _written(layout, role)),
        _allow(["kms:Decrypt", "kms:GenerateDataKey"], ["*"], _alias(layout)),
    ]
    if not may_change:
        asked = [f"{tenant}#{each}" for each in _BY_ANYBODY]
        statements.append(_allow(_WRITE, [table], _leading("ForAllValues", asked)))
    elif role is not Role.OPERATOR:
        statements.append({**_allow(_WRITE, [table], _leading("ForAnyValue", [f"{tenant}#KEYS"])), "Effect": "Deny"})
    return {"Version": "2012-10-17", "Statement": statements}


def _allow(actions: Iterable[str], resources: list[str], condition: dict[str, Any] | None = None) -> dict[str, Any]:
    said = {"Effect": "Allow", "Action": list(actions), "Resource": resources}
    return said if condition is None else {**said, "Condition": condition}


def _leading(how: Literal["ForAllValues", "ForAnyValue"], patterns: list[str]) -> dict[str, Any]:
    return {f"{how}:StringLike": {"dynamodb:LeadingKeys": patterns}}


def _alias(layout: TenantLayout) -> dict[str, Any]:
    """The tenant's own key: by its alias, since no name leads to a key's id."""
    return {"ForAnyValue:StringEquals": {"kms:ResourceAliases": layout.key_alias}}


def _anywhere(service: str, resource: str) -> str:
    """The ARN without account and region: the role's policy says those, and here characters count."""
    return f"arn:aws:{service}:*:*:{resource}"


def _named(layout: TenantLayout) -> list[str]:
    """What the tenant calls its own, by what the names begin with."""
    database = layout.database(Zone.GOLD).removesuffix(Zone.GOLD)
    return [
        f"arn:aws:s3:::{layout.bucket(Zone.GOLD).partition(Zone.GOLD)[0]}*",
        _anywhere("athena", f"workgroup/{layout.workgroup}"),
        *(_anywhere("glue", each) for each in ("catalog", f"database/{database}*", f"table/{database}*")),
        _anywhere("lambda", f"function:{layout.prefix}-*"),
        *(_anywhere("states", f"{each}:{layout.prefix}-*") for each in ("stateMachine", "execution")),
    ]


def _written(layout: TenantLayout, role: Role) -> list[str]:
    """Where the caller's objects go: results of its queries, and files into Landing."""
    artifacts, landing = (f"arn:aws:s3:::{layout.bucket(zone)}" for zone in (Zone.ARTIFACTS, Zone.LANDING))
    results = [f"{artifacts}/athena/*"]
    return [*results, f"{landing}/*"] if role in (Role.ENGINEER, Role.OPERATOR) else results
