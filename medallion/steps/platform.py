"""What a step works with: the tenant's names, the control plane, the lake, AWS clients, and a clock."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

import boto3
from botocore.exceptions import ClientError

from medallion.contracts.model import Frozen
from medallion.control.plane import ControlPlane
from medallion.engines.resources import Resources
from medallion.events import SOURCE, EventType
from medallion.layout import Environment, EnvironmentLayout, Job, Task, TenantLayout, Zone
from medallion.steps.lanes import Lanes

if TYPE_CHECKING:
    from mypy_boto3_athena import AthenaClient
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_glue import GlueClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_logs import CloudWatchLogsClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_scheduler import EventBridgeSchedulerClient
    from mypy_boto3_stepfunctions import SFNClient

    from medallion.engines.iceberg import Lake

D = TypeVar("D", bound=Frozen)
_AT_WORK = ("STARTING", "RUNNING", "STOPPING", "WAITING")


def _utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class Platform:
    """One tenant's platform, as a step sees it. `glue_version` says where the jobs on Glue log. `memory` is what the
    function has in which the step goes on, in MB; 0 where it is no function.
    """

    layout: TenantLayout
    session: boto3.Session
    resources: Resources
    clock: Callable[[], datetime] = field(default=_utc_now)
    lanes: Lanes = field(default=Lanes(), kw_only=True)
    glue_version: str = field(default="", kw_only=True)
    memory: int = field(default=0, kw_only=True)

    @classmethod
    def of(cls, variables: Mapping[str, str]) -> Platform:
        """The platform that a Lambda's environment variables name."""
        shared = EnvironmentLayout(
            Environment(variables["MEDALLION_ENVIRONMENT"]), variables["MEDALLION_ACCOUNT"], variables["AWS_REGION"]
        )
        resources = Resources(region=shared.region, memory=variables.get("MEDALLION_ENGINE_MEMORY", "2GB"))
        tenant = TenantLayout.of(shared, variables["MEDALLION_TENANT"])
        session, glue_version = boto3.Session(region_name=shared.region), variables.get("MEDALLION_GLUE_VERSION", "")
        memory = int(variables.get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "0"))
        return cls(tenant, session, resources, lanes=Lanes.of(variables), glue_version=glue_version, memory=memory)

    @cached_property
    def control(self) -> ControlPlane:
        return ControlPlane.of(self.layout, self.session)

    @cached_property
    def lake(self) -> Lake:
        # Not before it is asked for: a function without tables, such as the API's, starts in half the time.
        from medallion.engines.iceberg import Lake, glue_catalog  # noqa: PLC0415  # for the reason above

        return Lake(glue_catalog(self.layout.region))

    @cached_property
    def s3(self) -> S3Client:
        return self.session.client("s3")

    @cached_property
    def states(self) -> SFNClient:
        return self.session.client("stepfunctions")

    @cached_property
    def athena(self) -> AthenaClient:
        return self.session.client("athena")

    @cached_property
    def scheduler(self) -> EventBridgeSchedulerClient:
        return self.session.client("scheduler")

    @cached_property
    def logs(self) -> CloudWatchLogsClient:
        return self.session.client("logs")

    @cached_property
    def _glue(self) -> GlueClient:
        return self.session.client("glue")

    @cached_property
    def _events(self) -> EventBridgeClient:
        return self.session.client("events")

    def mb_seconds(self, since: datetime) -> int:
        """What this function has taken since then: its memory times the seconds."""
        return round(self.memory * (self.clock() - since).total_seconds())

    @contextmanager
    def metered(self, run_id: str) -> Iterator[None]:
        """Note in the run what the work took, done or not: tries that fail cost as much. That it cannot be noted is no
        reason for the work to be done again.
        """
        since = self.clock()
        try:
            yield
        finally:
            if took := self.mb_seconds(since):
                with suppress(ClientError):
                    self.control.spend(run_id, took)

    def emit(self, kind: EventType, **detail: Any) -> None:
        """Put an event of this tenant on the default bus; RuntimeError if the bus refused it."""
        about = {"environment": self.layout.environment, "tenant": self.layout.tenant, **detail}
        answer = self._events.put_events(Entries=[{"Source": SOURCE, "DetailType": kind, "Detail": json.dumps(about)}])
        if answer["FailedEntryCount"]:
            raise RuntimeError(
                f"EventBridge refused the event {kind!r}: {answer['Entries'][0].get('ErrorMessage', '')}"
            )

    def start_job(self, job: Job, order: str) -> bool:
        """Start a run of the tenant's job on Glue, with the order at that address, without waiting for it. False where
        too many go on.
        """
        busy = self._glue.exceptions
        try:
            self._glue.start_job_run(JobName=self.layout.job(job), Arguments={"--job": order})
        except (busy.ConcurrentRunsExceededException, busy.ResourceNumberLimitExceededException):
            return False
        return True

    def job_is_at_work(self, job: Job, order: str) -> bool:
        """Whether a run of the job with that order has not ended."""
        pages = self._glue.get_paginator("get_job_runs").paginate(JobName=self.layout.job(job))
        runs = (run for page in pages for run in page["JobRuns"])
        return any(run["JobRunState"] in _AT_WORK and run.get("Arguments", {}).get("--job") == order for run in runs)

    def invoke(self, task: Task, event: dict[str, Any]) -> None:
        """Have the task's function do its work, without waiting for it."""
        functions: LambdaClient = self.session.client("lambda")
        functions.invoke(
            FunctionName=self.layout.function(task), InvocationType="Event", Payload=json.dumps(event).encode()
        )

    def execution_status(self, arn: str) -> str | None:
        """How the execution stands, in Step Functions' words; None if there is none."""
        if not arn:
            return None
        try:
            return self.states.describe_execution(executionArn=arn)["status"]
        except self.states.exceptions.ExecutionDoesNotExist:
            return None

    def write_document(self, run_id: str, attempt: int, name: str, document: Frozen) -> None:
        """Keep one of a run's documents in the artifacts bucket."""
        self.write_object(self.layout.bucket(Zone.ARTIFACTS), self.layout.run_document(run_id, attempt, name), document)

    def read_document(self, kind: type[D], run_id: str, attempt: int, name: str) -> D | None:
        """One of a run's documents; None if it was not written."""
        return self.read_object(
            kind, self.layout.bucket(Zone.ARTIFACTS), self.layout.run_document(run_id, attempt, name)
        )

    def document_address(self, run_id: str, attempt: int, name: str) -> str:
        """Where one of a run's documents stands, for those who know no layout."""
        return f"s3://{self.layout.bucket(Zone.ARTIFACTS)}/{self.layout.run_document(run_id, attempt, name)}"

    def write_object(self, bucket: str, key: str, document: Frozen) -> None:
        """Write a document as JSON."""
        body = document.model_dump_json(indent=1).encode()
        self.s3.put_object(Bucket=bucket, Key=key, Body=body, ContentType="application/json")

    def read_object(self, kind: type[D], bucket: str, key: str) -> D | None:
        """Read a document; None if there is none."""
        try:
            found = self.s3.get_object(Bucket=bucket, Key=key)
        except self.s3.exceptions.NoSuchKey:
            return None
        return kind.model_validate_json(found["Body"].read())
