"""Where events go that failed every try, so that none is lost."""

from __future__ import annotations

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from medallion.layout import TenantLayout
from stacks.settings import EnvironmentSettings


class DeadLetters(Construct):
    """The dead-letter queue `of` a function or queue: encrypted, TLS only, 14 days.

    Where the environment has alarms, one rings at the first message.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        of: str,
        layout: TenantLayout,
        settings: EnvironmentSettings,
        key: kms.IKey,
    ) -> None:
        super().__init__(scope, construct_id)
        name = layout.dead_letters(of)
        self.queue = sqs.Queue(
            self,
            "Queue",
            queue_name=name,
            encryption=sqs.QueueEncryption.KMS,
            encryption_master_key=key,
            data_key_reuse=Duration.hours(1),
            enforce_ssl=True,
            retention_period=Duration.days(14),
            removal_policy=settings.removal_policy,
        )
        if settings.alarms:
            cloudwatch.CfnAlarm(
                self,
                "Alarm",
                alarm_name=name,
                alarm_description=f"Events that {of} could not handle wait in {name}: read, mend, resend",
                namespace="AWS/SQS",
                metric_name="ApproximateNumberOfMessagesVisible",
                dimensions=[cloudwatch.CfnAlarm.DimensionProperty(name="QueueName", value=name)],
                statistic="Maximum",
                period=300,
                evaluation_periods=1,
                threshold=0,
                comparison_operator="GreaterThanThreshold",
                treat_missing_data="notBreaching",
                alarm_actions=[layout.alerts_topic_arn],
            )
