"""Where buckets write their access logs."""

from __future__ import annotations

from aws_cdk import Duration
from aws_cdk import aws_s3 as s3
from constructs import Construct

from stacks.acknowledgements import acknowledge
from stacks.settings import EnvironmentSettings


class LogBucket(Construct):
    """The access-log bucket. SSE-S3: log delivery cannot write to a bucket that encrypts with a customer's key."""

    def __init__(self, scope: Construct, construct_id: str, *, name: str, settings: EnvironmentSettings) -> None:
        super().__init__(scope, construct_id)
        self.bucket = s3.Bucket(
            self,
            "Bucket",
            bucket_name=name,
            encryption=s3.BucketEncryption.S3_MANAGED,
            enforce_ssl=True,
            minimum_tls_version=1.2,
            versioned=True,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            lifecycle_rules=[
                s3.LifecycleRule(
                    id="ExpireLogs",
                    expiration=Duration.days(settings.access_log_days),
                    noncurrent_version_expiration=Duration.days(settings.noncurrent_days),
                    abort_incomplete_multipart_upload_after=Duration.days(7),
                )
            ],
            removal_policy=settings.removal_policy,
        )
        acknowledge(
            self.bucket,
            "AwsSolutions-S1",
            "This is the target of the access logs; logging its own access into itself would feed on itself",
        )
