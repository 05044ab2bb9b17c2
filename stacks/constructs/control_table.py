"""The table that is the truth about tenants, sources, contracts, runs and leases."""

from __future__ import annotations

from aws_cdk import Duration
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from constructs import Construct

from medallion.layout import Api, EnvironmentLayout
from stacks.key_policy import ENCRYPTION, administration, service_use
from stacks.settings import EnvironmentSettings


class ControlTable(Construct):
    """The control table of an environment, with a key of its own."""

    def __init__(
        self, scope: Construct, construct_id: str, *, layout: EnvironmentLayout, settings: EnvironmentSettings
    ) -> None:
        super().__init__(scope, construct_id)
        self.key = kms.Key(
            self,
            "Key",
            alias=layout.key_alias,
            description=f"Encrypts the control table of {layout.environment}",
            enable_key_rotation=True,
            rotation_period=Duration.days(365),
            pending_window=Duration.days(30 if settings.deletion_protection else 7),
            removal_policy=settings.removal_policy,
            policy=iam.PolicyDocument(
                statements=[administration(layout.account), _use_through_dynamodb(layout), _encrypt_logs(layout)]
            ),
        )
        self.table = dynamodb.Table(
            self,
            "Table",
            table_name=layout.control_table,
            partition_key=dynamodb.Attribute(name="pk", type=dynamodb.AttributeType.STRING),
            sort_key=dynamodb.Attribute(name="sk", type=dynamodb.AttributeType.STRING),
            billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
            encryption=dynamodb.TableEncryption.CUSTOMER_MANAGED,
            encryption_key=self.key,
            point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(
                point_in_time_recovery_enabled=True, recovery_period_in_days=settings.recovery_days
            ),
            time_to_live_attribute="expires_at",
            deletion_protection=settings.deletion_protection,
            removal_policy=settings.removal_policy,
        )


def _use_through_dynamodb(layout: EnvironmentLayout) -> iam.PolicyStatement:
    """Whoever IAM lets read or write the table may do so without naming the key, and only through DynamoDB.

    So no tenant's stack knows this key, and an item's protection stays with the permissions on the table.
    """
    return iam.PolicyStatement(
        sid="UseThroughDynamoDb",
        principals=[iam.AnyPrincipal()],
        actions=[*ENCRYPTION, "kms:CreateGrant"],
        resources=["*"],
        conditions={
            "StringEquals": {
                "kms:CallerAccount": layout.account,
                "kms:ViaService": f"dynamodb.{layout.region}.amazonaws.com",
            }
        },
    )


def _encrypt_logs(layout: EnvironmentLayout) -> iam.PolicyStatement:
    """CloudWatch encrypts the API's logs with the key."""
    groups = [layout.arn("logs", f"log-group:{layout.log_group(of)}") for of in (*Api, "api-access")]
    return service_use(
        "EncryptLogs",
        f"logs.{layout.region}.amazonaws.com",
        ENCRYPTION,
        {"ArnLike": {"kms:EncryptionContext:aws:logs:arn": groups}},
    )
