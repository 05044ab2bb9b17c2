"""The tenant's Spark jobs as one table: what each may touch, where it runs, and what its state machine may ask for."""

from __future__ import annotations

from medallion.layout import TABLE_ZONES, Job, TenantLayout, Zone
from stacks.permissions import (
    NO_RESOURCE_LEVEL,
    STREAMS_AT_RUN_TIME,
    Capabilities,
    Conditions,
    Permission,
    Permissions,
)
from stacks.settings import EnvironmentSettings

ON_EMR = (Job.REFINE, Job.MODEL)
"""The jobs that a machine runs, on EMR Serverless as well; the others have time."""
RUNS_AT_RUN_TIME = "EMR Serverless names the runs, below the tenant's one application"
GROUPS_ARE_LISTED = "EMR Serverless looks for its log group in the list of all"


def permissions(job: Job, can: Capabilities) -> Permissions:
    """What a job may do in either lane. It never reads Landing, and knows no control table."""
    return (
        *can.use_key("s3"),
        *can.read_run_documents(),
        *can.list_objects(Zone.ARTIFACTS),
        *can.write_run_documents(),
        # A committer's scratch, and the markers of its folders.
        *can.remove_run_documents(),
        *_tables(job, can),
    )


def _tables(job: Job, can: Capabilities) -> Permissions:
    match job:
        case Job.REFINE:
            return can.write_tables(Zone.BRONZE, Zone.SILVER, Zone.QUARANTINE)
        case Job.MODEL:
            return (*can.read_tables(Zone.SILVER), *can.write_tables(Zone.GOLD))
        case Job.MAINTAIN:
            return can.write_tables(*TABLE_ZONES)


def on_glue(job: Job, can: Capabilities, settings: EnvironmentSettings) -> Permissions:
    """What Glue needs in the job's role: its logs, its metrics, its events for Spark's pages."""
    groups = tuple(
        can.layout.arn("logs", f"log-group:{name}") for name in can.layout.job_log_groups(job, settings.glue_version)
    )
    streams = tuple(f"{group}:*" for group in groups)
    as_glue: Conditions = {"StringEquals": {"cloudwatch:namespace": "Glue"}}
    return (
        # Glue asks for both, although the groups are there and encrypted: refused, it would not log.
        Permission(
            "KeepLog",
            ("logs:AssociateKmsKey", "logs:CreateLogGroup"),
            (*groups, *streams),
            because=STREAMS_AT_RUN_TIME,
        ),
        Permission("WriteLog", ("logs:CreateLogStream", "logs:PutLogEvents"), streams, because=STREAMS_AT_RUN_TIME),
        Permission("PutMetrics", ("cloudwatch:PutMetricData",), ("*",), as_glue, because=NO_RESOURCE_LEVEL),
        *can.write_objects(Zone.LOGS, "spark/"),
    )


def on_emr(can: Capabilities) -> Permissions:
    """What EMR Serverless needs in the job's role: its log."""
    groups = can.layout.arn("logs", "log-group:*")
    log = can.layout.arn("logs", f"log-group:{can.layout.emr_log_group}:*")
    return (
        Permission("FindLog", ("logs:DescribeLogGroups",), (groups,), because=GROUPS_ARE_LISTED),
        Permission(
            "WriteLog",
            ("logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"),
            (log,),
            because=STREAMS_AT_RUN_TIME,
        ),
    )


def run_on_glue(job: Job, layout: TenantLayout) -> Permissions:
    """Start the one job, follow its run, and stop it with the execution."""
    actions = ("glue:StartJobRun", "glue:GetJobRun", "glue:GetJobRuns", "glue:BatchStopJobRun")
    return (Permission(f"Run{job.capitalize()}Job", actions, (layout.job_arn(job),)),)


def start_on_glue(job: Job, layout: TenantLayout) -> Permissions:
    """Start the one job, and see how its runs stand."""
    actions = ("glue:StartJobRun", "glue:GetJobRuns")
    return (Permission(f"Start{job.capitalize()}Job", actions, (layout.job_arn(job),)),)


def run_on_emr(job: Job, layout: TenantLayout, application_arn: str) -> Permissions:
    """Start runs of the one application in the job's role, follow and cancel them.

    Step Functions hears of a run's end by a rule of its own, which it makes in the account.
    """
    name = job.capitalize()
    role = f"arn:aws:iam::{layout.account}:role/{layout.emr_role(job)}"
    to_emr: Conditions = {"StringEquals": {"iam:PassedToService": "emr-serverless.amazonaws.com"}}
    rule = layout.arn("events", "rule/StepFunctionsGetEventsForEMRServerlessJobRule")
    return (
        Permission("StartEmrRuns", ("emr-serverless:StartJobRun",), (application_arn,)),
        Permission(
            "FollowEmrRuns",
            ("emr-serverless:GetJobRun", "emr-serverless:CancelJobRun"),
            (f"{application_arn}/jobruns/*",),
            because=RUNS_AT_RUN_TIME,
        ),
        Permission(f"Pass{name}EmrRole", ("iam:PassRole",), (role,), to_emr),
        Permission("HearOfEmrRuns", ("events:PutTargets", "events:PutRule", "events:DescribeRule"), (rule,)),
    )
