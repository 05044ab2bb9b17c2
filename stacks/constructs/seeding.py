"""What puts a tenant's folder into the control table."""

from __future__ import annotations

from aws_cdk import CustomResource, Duration
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_s3_assets as s3_assets
from constructs import Construct

from stacks.settings import EnvironmentSettings


class Seeding(Construct):
    """A custom resource that has the seed function read the tenant's folder whenever the folder or a setting of
    it changed."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        function: lambda_.IFunction,
        folder: s3_assets.Asset,
        settings: EnvironmentSettings,
    ) -> None:
        super().__init__(scope, construct_id)
        self.resource = CustomResource(
            self,
            "Resource",
            resource_type="Custom::TenantSeed",
            service_token=function.function_arn,
            service_timeout=Duration.minutes(15),
            properties={
                "AssetBucket": folder.s3_bucket_name,
                "AssetKey": folder.s3_object_key,
                "AssetHash": folder.asset_hash,
                # A custom resource is told texts alone.
                "ApprovalsByAnother": str(settings.approvals_by_another).lower(),
            },
        )
