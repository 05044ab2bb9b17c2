"""How an environment keeps objects from being removed: the same for receipts and for what outlives its tenant."""

from __future__ import annotations

from typing import TypedDict

from aws_cdk import Duration
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3

from stacks.settings import EnvironmentSettings


class Lock(TypedDict):
    """A bucket's properties."""

    object_lock_enabled: bool | None
    object_lock_default_retention: s3.ObjectLockRetention | None


def locked(settings: EnvironmentSettings) -> bool:
    return settings.ledger_lock != "none"


def lock(settings: EnvironmentSettings, *, wanted: bool = True) -> Lock:
    """The environment's lock, or none."""
    if not wanted or not locked(settings):
        return Lock(object_lock_enabled=None, object_lock_default_retention=None)
    days = Duration.days(settings.ledger_days)
    kind = s3.ObjectLockRetention
    retention = kind.compliance(days) if settings.ledger_lock == "compliance" else kind.governance(days)
    return Lock(object_lock_enabled=True, object_lock_default_retention=retention)


def refuse_deleting(bucket: s3.Bucket, settings: EnvironmentSettings) -> None:
    """Where objects are locked, nobody hides one by a delete marker."""
    if locked(settings):
        refuse(bucket, "RefuseDeleting", ["s3:DeleteObject", "s3:DeleteObjectVersion"], {})


def refuse(bucket: s3.Bucket, sid: str, actions: list[str], conditions: dict[str, dict[str, str]]) -> None:
    """Deny it to everybody."""
    bucket.add_to_resource_policy(
        iam.PolicyStatement(
            sid=sid,
            effect=iam.Effect.DENY,
            principals=[iam.AnyPrincipal()],
            actions=actions,
            resources=[bucket.arn_for_objects("*")],
            conditions=conditions,
        )
    )
