"""One bucket of a tenant."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from aws_cdk import Duration
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from constructs import Construct

from medallion.layout import TenantLayout, Zone
from medallion.retention import SEVEN_YEARS
from stacks.constructs.object_lock import lock, refuse, refuse_deleting
from stacks.settings import EnvironmentSettings


class ZoneBucket(Construct):
    """A bucket of the tenant: encrypted with its key, TLS only, versioned, closed to the public, its access logged."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        zone: Zone,
        layout: TenantLayout,
        settings: EnvironmentSettings,
        key: kms.IKey,
        logs: s3.IBucket,
    ) -> None:
        super().__init__(scope, construct_id)
        self.bucket = s3.Bucket(
            self,
            "Bucket",
            bucket_name=layout.bucket(zone),
            encryption=s3.BucketEncryption.KMS,
            encryption_key=key,
            bucket_key_enabled=True,
            enforce_ssl=True,
            minimum_tls_version=1.2,
            versioned=True,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            server_access_logs_bucket=logs,
            server_access_logs_prefix=f"{zone}/",
            lifecycle_rules=_lifecycle(zone, settings),
            removal_policy=settings.removal_policy,
            **lock(settings, wanted=zone is Zone.LEDGER),
        )
        if zone is Zone.LEDGER:
            _keep_receipts(self.bucket, settings)
        if zone is Zone.LANDING:
            # The L2's own switch brings a custom resource with a function and a role; the property does without.
            bucket = cast("s3.CfnBucket", self.bucket.node.default_child)
            bucket.notification_configuration = s3.CfnBucket.NotificationConfigurationProperty(
                event_bridge_configuration=s3.CfnBucket.EventBridgeConfigurationProperty(event_bridge_enabled=True)
            )


def _keep_receipts(bucket: s3.Bucket, settings: EnvironmentSettings) -> None:
    """Nobody puts an object where one stands; and where receipts are locked, nobody hides one by a delete marker."""
    # The parts of a multipart upload carry no such header; what completes it does.
    unconditional = {"Null": {"s3:if-none-match": "true"}, "Bool": {"s3:ObjectCreationOperation": "true"}}
    refuse(bucket, "RefuseOverwriting", ["s3:PutObject"], unconditional)
    refuse_deleting(bucket, settings)


def _lifecycle(zone: Zone, settings: EnvironmentSettings) -> Sequence[s3.LifecycleRule]:
    """What time removes. Never a table's current files: they are the table's, not the bucket's, to remove."""
    tidy = s3.LifecycleRule(
        id="AbortIncompleteUploads",
        abort_incomplete_multipart_upload_after=Duration.days(7),
        expired_object_delete_marker=True,
    )
    match zone:
        case Zone.LEDGER:
            return [tidy]
        case Zone.LANDING:
            # An overwritten version is as much a record's origin as the current one, and stays as long.
            kept = s3.LifecycleRule(
                id="ExpireLanded",
                expiration=Duration.days(settings.landing_days),
                noncurrent_version_expiration=Duration.days(settings.landing_days),
            )
        case Zone.QUARANTINE:
            # Condemned records stay seven years, whatever rewrites or removes the table's files meanwhile.
            kept = s3.LifecycleRule(
                id="KeepSevenYears",
                noncurrent_version_expiration=Duration.days(SEVEN_YEARS.days),
                noncurrent_version_transitions=[
                    s3.NoncurrentVersionTransition(
                        storage_class=s3.StorageClass.GLACIER_INSTANT_RETRIEVAL, transition_after=Duration.days(90)
                    )
                ],
            )
        case _:
            kept = s3.LifecycleRule(
                id="ExpireNoncurrent", noncurrent_version_expiration=Duration.days(settings.noncurrent_days)
            )
    rules = [tidy, kept]
    if zone is Zone.ARTIFACTS:
        rules.append(
            s3.LifecycleRule(
                id="ExpireQueryResults", prefix="athena/", expiration=Duration.days(settings.query_result_days)
            )
        )
    return rules
