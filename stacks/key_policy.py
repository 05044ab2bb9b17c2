"""Statements of key policies. Each names its actions; the resource `*` of a key policy is the key that carries it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from aws_cdk import aws_iam as iam

ENCRYPTION = (
    "kms:Decrypt",
    "kms:DescribeKey",
    "kms:Encrypt",
    "kms:GenerateDataKey",
    "kms:GenerateDataKeyWithoutPlaintext",
    "kms:ReEncryptFrom",
    "kms:ReEncryptTo",
)

ADMINISTRATION = (
    "kms:CancelKeyDeletion",
    "kms:CreateAlias",
    "kms:DeleteAlias",
    "kms:DescribeKey",
    "kms:DisableKey",
    "kms:DisableKeyRotation",
    "kms:EnableKey",
    "kms:EnableKeyRotation",
    "kms:GetKeyPolicy",
    "kms:GetKeyRotationStatus",
    "kms:ListGrants",
    "kms:ListKeyPolicies",
    "kms:ListKeyRotations",
    "kms:ListResourceTags",
    "kms:PutKeyPolicy",
    "kms:RevokeGrant",
    "kms:RotateKeyOnDemand",
    "kms:ScheduleKeyDeletion",
    "kms:TagResource",
    "kms:UntagResource",
    "kms:UpdateAlias",
    "kms:UpdateKeyDescription",
)


def administration(account: str) -> iam.PolicyStatement:
    """Let the account's IAM policies say who administers the key. No use of it is among these actions."""
    return iam.PolicyStatement(
        sid="AdministerByIam",
        principals=[iam.AccountPrincipal(account)],
        actions=list(ADMINISTRATION),
        resources=["*"],
    )


def use_by_account(account: str, services: Sequence[str]) -> iam.PolicyStatement:
    """Let the account's IAM policies say who uses the key, by way of the named service endpoints only."""
    return iam.PolicyStatement(
        sid="UseByIamThroughServices",
        principals=[iam.AccountPrincipal(account)],
        actions=list(ENCRYPTION),
        resources=["*"],
        conditions={"StringEquals": {"kms:ViaService": list(services)}},
    )


def service_use(
    sid: str,
    service: str,
    actions: Sequence[str] = ("kms:Decrypt", "kms:GenerateDataKey"),
    conditions: Mapping[str, Mapping[str, str | list[str]]] | None = None,
) -> iam.PolicyStatement:
    """Let a service use the key on its own behalf."""
    return iam.PolicyStatement(
        sid=sid,
        principals=[iam.ServicePrincipal(service)],
        actions=list(actions),
        resources=["*"],
        conditions=dict(conditions or {}),
    )
