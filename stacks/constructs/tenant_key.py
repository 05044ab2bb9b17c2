"""The key that encrypts everything of one tenant."""

from __future__ import annotations

from aws_cdk import Duration
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from constructs import Construct

from medallion.layout import Job, Machine, TenantLayout
from stacks.key_policy import ENCRYPTION, administration, service_use, use_by_account
from stacks.settings import EnvironmentSettings


class TenantKey(Construct):
    """A customer-managed key with rotation and a policy of its own.

    The policy admits the account's principals by way of the tenant's services, and services that encrypt on their own
    behalf.
    """

    def __init__(
        self, scope: Construct, construct_id: str, *, layout: TenantLayout, settings: EnvironmentSettings
    ) -> None:
        super().__init__(scope, construct_id)
        self.key = kms.Key(
            self,
            "Key",
            alias=layout.key_alias,
            description=f"Encrypts what belongs to tenant {layout.tenant} in {layout.environment}",
            enable_key_rotation=True,
            rotation_period=Duration.days(365),
            pending_window=Duration.days(30 if settings.deletion_protection else 7),
            removal_policy=settings.removal_policy,
            policy=iam.PolicyDocument(statements=_policy(layout, settings)),
        )


def _policy(layout: TenantLayout, settings: EnvironmentSettings) -> list[iam.PolicyStatement]:
    groups = [layout.log_group("*"), *(layout.machine_log_group(machine) for machine in Machine)]
    of_jobs = [group for job in Job for group in layout.job_log_groups(job, settings.glue_version)]
    groups += [group for group in of_jobs if not group.startswith(layout.log_group(""))]
    log_groups = [layout.arn("logs", f"log-group:{group}") for group in groups]
    return [
        administration(layout.account),
        use_by_account(
            layout.account, [f"{service}.{layout.region}.amazonaws.com" for service in ("s3", "sqs", "sns")]
        ),
        service_use(
            "EncryptLogs",
            f"logs.{layout.region}.amazonaws.com",
            ENCRYPTION,
            {"ArnLike": {"kms:EncryptionContext:aws:logs:arn": log_groups}},
        ),
        service_use(
            "DeliverAlertsToQueue",
            "sns.amazonaws.com",
            conditions={"ArnEquals": {"aws:SourceArn": layout.alerts_topic_arn}},
        ),
        # KMS supports no source condition for what EventBridge sends to an encrypted topic or queue; their own policies
        # say who may send.
        service_use("DeliverEvents", "events.amazonaws.com"),
        service_use("RaiseAlarms", "cloudwatch.amazonaws.com"),
    ]
