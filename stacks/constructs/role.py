"""An IAM role whose whole policy is spelt out where it is made."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aws_cdk import Stack
from aws_cdk import aws_iam as iam
from constructs import Construct

from stacks.acknowledgements import acknowledge
from stacks.permissions import Permissions


class ClosedRole(Construct):
    """A role that one principal assumes. `role` ignores what other constructs would add to its policy unasked."""

    def __init__(
        self, scope: Construct, construct_id: str, *, name: str, principal: iam.IPrincipal, permissions: Permissions
    ) -> None:
        super().__init__(scope, construct_id)
        role = iam.Role(
            self,
            "Role",
            role_name=name,
            assumed_by=principal,
            inline_policies={
                "Permissions": iam.PolicyDocument(
                    minimize=False, statements=[permission.statement for permission in permissions]
                )
            },
        )
        reasons = {wildcard: each.because for each in permissions for wildcard in each.wildcards}
        for wildcard, because in reasons.items():
            spelt = _spelt(Stack.of(self).resolve(wildcard))
            acknowledge(role, f"AwsSolutions-IAM5[Resource::{spelt}]", because)
        self.name = name
        # By ARN, so that the policy is closed: what a construct would add to it goes nowhere.
        self.role = iam.Role.from_role_arn(self, "Closed", role.role_arn, mutable=False)


class ServiceRole(ClosedRole):
    """A role that one AWS service assumes."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        name: str,
        service: str,
        permissions: Permissions,
        trust_conditions: Mapping[str, Mapping[str, str]] | None = None,
    ) -> None:
        principal = iam.ServicePrincipal(service, conditions=dict(trust_conditions or {}))
        super().__init__(scope, construct_id, name=name, principal=principal, permissions=permissions)


def _spelt(resource: Any) -> str:
    """A resource as cdk-nag spells it in a finding: `<AWS::Region>`, `<LogicalId.Arn>`."""
    match resource:
        case {"Fn::Join": [separator, parts]}:
            return str(separator).join(_spelt(part) for part in parts)
        case {"Fn::GetAtt": [logical_id, attribute]}:
            return f"<{logical_id}.{attribute}>"
        case {"Ref": name}:
            return f"<{name}>"
        case _:
            return str(resource)
