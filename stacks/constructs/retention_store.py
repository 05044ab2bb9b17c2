"""Where stands what outlives its tenant: condemned records, receipts, the trail of decisions, certificates."""

from __future__ import annotations

from aws_cdk import Duration
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from constructs import Construct

from medallion.layout import EnvironmentLayout
from medallion.retention import SEVEN_YEARS
from stacks.constructs.log_bucket import LogBucket
from stacks.constructs.object_lock import lock, refuse_deleting
from stacks.key_policy import administration, use_by_account
from stacks.settings import EnvironmentSettings


class RetentionStore(Construct):
    """The retention bucket of an environment, locked as its receipts are, with a key of its own.

    No tenant's role knows either of them: only who closes a tenant writes there.
    """

    def __init__(
        self, scope: Construct, construct_id: str, *, layout: EnvironmentLayout, settings: EnvironmentSettings
    ) -> None:
        super().__init__(scope, construct_id)
        through_s3 = use_by_account(layout.account, [f"s3.{layout.region}.amazonaws.com"])
        self.key = kms.Key(
            self,
            "Key",
            alias=layout.retention_key_alias,
            description=f"Encrypts what outlives its tenant in {layout.environment}",
            enable_key_rotation=True,
            rotation_period=Duration.days(365),
            pending_window=Duration.days(30 if settings.deletion_protection else 7),
            removal_policy=settings.removal_policy,
            policy=iam.PolicyDocument(statements=[administration(layout.account), through_s3]),
        )
        logs = LogBucket(self, "Logs", name=layout.bucket("logs"), settings=settings)
        self.bucket = s3.Bucket(
            self,
            "Bucket",
            bucket_name=layout.retention_bucket,
            encryption=s3.BucketEncryption.KMS,
            encryption_key=self.key,
            bucket_key_enabled=True,
            enforce_ssl=True,
            minimum_tls_version=1.2,
            versioned=True,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            server_access_logs_bucket=logs.bucket,
            server_access_logs_prefix="retention/",
            lifecycle_rules=[_seven_years()],
            removal_policy=settings.removal_policy,
            **lock(settings),
        )
        refuse_deleting(self.bucket, settings)


def _seven_years() -> s3.LifecycleRule:
    days = Duration.days(SEVEN_YEARS.days)
    return s3.LifecycleRule(
        id="KeepSevenYears",
        expiration=days,
        noncurrent_version_expiration=days,
        abort_incomplete_multipart_upload_after=Duration.days(7),
        transitions=[
            s3.Transition(storage_class=s3.StorageClass.GLACIER_INSTANT_RETRIEVAL, transition_after=Duration.days(90))
        ],
    )
