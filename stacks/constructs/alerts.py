"""What went wrong in a tenant's runs, told to people."""

from __future__ import annotations

from typing import cast

from aws_cdk import Duration
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from medallion.events import ALERTS
from medallion.layout import Job, Machine, TenantLayout
from stacks.constructs.dead_letters import DeadLetters
from stacks.settings import EnvironmentSettings

_ENDED_BADLY = ["FAILED", "TIMED_OUT", "ABORTED"]


class Alerts(Construct):
    """One rule for all that asks for attention → an encrypted topic to subscribe to → a queue that keeps everything."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        layout: TenantLayout,
        settings: EnvironmentSettings,
        key: kms.IKey,
        emr_application: str | None = None,
    ) -> None:
        super().__init__(scope, construct_id)
        self.dead_letters = DeadLetters(self, "DeadLetters", of="alerts", layout=layout, settings=settings, key=key)
        self.topic = sns.Topic(self, "Topic", topic_name=layout.alerts_topic, master_key=key, enforce_ssl=True)
        self.queue = sqs.Queue(
            self,
            "Queue",
            queue_name=layout.alerts_queue,
            encryption=sqs.QueueEncryption.KMS,
            encryption_master_key=key,
            data_key_reuse=Duration.hours(1),
            enforce_ssl=True,
            retention_period=Duration.days(14),
            dead_letter_queue=sqs.DeadLetterQueue(queue=self.dead_letters.queue, max_receive_count=5),
            removal_policy=settings.removal_policy,
        )
        self.topic.add_subscription(
            subscriptions.SqsSubscription(
                self.queue, raw_message_delivery=True, dead_letter_queue=self.dead_letters.queue
            )
        )
        if settings.alarms:
            self.topic.add_to_resource_policy(_publish_alarms(layout))
        self.rule = events.Rule(
            self,
            "Rule",
            description=f"Runs, jobs and objects of tenant {layout.tenant} that ask for attention",
            event_pattern=events.EventPattern(source=["medallion"]),
            targets=[
                targets.SnsTopic(
                    self.topic,
                    dead_letter_queue=self.dead_letters.queue,
                    retry_attempts=8,
                    max_event_age=Duration.hours(2),
                )
            ],
        )
        # The L2's pattern cannot say "one of several kinds of event".
        cast("events.CfnRule", self.rule.node.default_child).event_pattern = _pattern(layout, emr_application)


def _pattern(layout: TenantLayout, emr_application: str | None) -> dict[str, object]:
    own = {
        "source": ["medallion"],
        "detail-type": [str(kind) for kind in ALERTS],
        "detail": {"environment": [layout.environment], "tenant": [layout.tenant]},
    }
    executions = {
        "source": ["aws.states"],
        "detail-type": ["Step Functions Execution Status Change"],
        "detail": {
            "status": _ENDED_BADLY,
            "stateMachineArn": [layout.machine_arn(machine) for machine in Machine],
        },
    }
    # A job is tried again: that it failed is worth knowing even where its run went well in the end.
    jobs = {
        "source": ["aws.glue"],
        "detail-type": ["Glue Job State Change"],
        "detail": {"state": ["FAILED", "TIMEOUT"], "jobName": [layout.job(job) for job in Job]},
    }
    on_emr = {
        "source": ["aws.emr-serverless"],
        "detail-type": ["EMR Serverless Job Run State Change"],
        "detail": {"state": ["FAILED"], "applicationId": [emr_application]},
    }
    return {"$or": [own, executions, jobs, *([on_emr] if emr_application else [])]}


def _publish_alarms(layout: TenantLayout) -> iam.PolicyStatement:
    return iam.PolicyStatement(
        sid="PublishAlarms",
        principals=[iam.ServicePrincipal("cloudwatch.amazonaws.com")],
        actions=["sns:Publish"],
        resources=[layout.alerts_topic_arn],
        conditions={
            "StringEquals": {"aws:SourceAccount": layout.account},
            "ArnLike": {"aws:SourceArn": layout.arn("cloudwatch", f"alarm:{layout.prefix}-*")},
        },
    )
