"""A log group with the environment's retention, encrypted with the tenant's key."""

from __future__ import annotations

from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from constructs import Construct

from stacks.settings import EnvironmentSettings


class EncryptedLogGroup(Construct):
    """A log group that forgets after the environment's retention."""

    def __init__(
        self, scope: Construct, construct_id: str, *, name: str, key: kms.IKey, settings: EnvironmentSettings
    ) -> None:
        super().__init__(scope, construct_id)
        self.log_group = logs.LogGroup(
            self,
            "LogGroup",
            log_group_name=name,
            encryption_key=key,
            retention=settings.log_retention,
            removal_policy=settings.removal_policy,
        )
