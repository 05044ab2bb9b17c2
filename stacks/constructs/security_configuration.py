"""How a tenant's Glue jobs encrypt."""

from __future__ import annotations

from aws_cdk import aws_glue as glue
from constructs import Construct

from medallion.layout import TenantLayout


class SecurityConfiguration(Construct):
    """What the jobs write to S3, their logs and their bookmarks: all with the tenant's key."""

    def __init__(self, scope: Construct, construct_id: str, *, layout: TenantLayout, key_arn: str) -> None:
        super().__init__(scope, construct_id)
        of = glue.CfnSecurityConfiguration
        self.configuration = of(
            self,
            "Configuration",
            name=layout.security_configuration,
            encryption_configuration=of.EncryptionConfigurationProperty(
                s3_encryptions=[of.S3EncryptionProperty(s3_encryption_mode="SSE-KMS", kms_key_arn=key_arn)],
                cloud_watch_encryption=of.CloudWatchEncryptionProperty(
                    cloud_watch_encryption_mode="SSE-KMS", kms_key_arn=key_arn
                ),
                job_bookmarks_encryption=of.JobBookmarksEncryptionProperty(
                    job_bookmarks_encryption_mode="CSE-KMS", kms_key_arn=key_arn
                ),
            ),
        )
