"""The trial tenant on an embedded AWS, as its users reach it: files into Landing, runs, Athena, people's decisions."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import boto3
import pytest
from pyiceberg.catalog import Catalog

from local import process
from local.deploy import deploy
from local.settings import Settings
from medallion.control.items import Run, RunKind, RunStatus
from medallion.control.plane import ControlPlane
from medallion.engines.iceberg import glue_catalog
from medallion.engines.resources import Resources
from medallion.layout import Environment, EnvironmentLayout, Task, TenantLayout, Zone, source_file_id
from medallion.steps.hold import decide
from medallion.steps.platform import Platform
from medallion.steps.rerun import rerun

T = TypeVar("T")
PATIENCE = 60.0
PROJECT = Path(__file__).resolve().parents[3]


@contextmanager
def deployment(settings: Settings, tenants: Path, /, **context: str) -> Iterator[Settings]:
    """The app with the folder's tenants, on an embedded AWS that is started for it and stopped afterwards.
    `context` is the CDK's.

    Meanwhile this process's own AWS clients reach it.
    """
    process.up(settings)
    try:
        with pytest.MonkeyPatch.context() as patch:
            for name, value in settings.client_environment().items():
                patch.setenv(name, value)
            deploy(
                settings, PROJECT, output=settings.state_dir / "assembly", context={"tenants": str(tenants), **context}
            )
            yield settings
    finally:
        process.down(settings.state_dir)


def eventually(ask: Callable[[], T | None], seconds: float = PATIENCE) -> T:
    """The first answer that is not None or empty; fails after `seconds`."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if answer := ask():
            return answer
        time.sleep(0.3)
    raise AssertionError(f"nothing within {seconds} s")


@dataclass(frozen=True)
class Deployed:
    """A deployed tenant, with clients that are made once."""

    layout: TenantLayout
    session: boto3.Session
    _clients: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def on(cls, settings: Settings, tenant: str) -> Deployed:
        variables = settings.client_environment()
        session = boto3.Session(
            aws_access_key_id=variables["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=variables["AWS_SECRET_ACCESS_KEY"],
            region_name=settings.region,
        )
        shared = EnvironmentLayout(Environment.DEV, settings.account, settings.region)
        return cls(TenantLayout.of(shared, tenant), session)

    @cached_property
    def platform(self) -> Platform:
        return Platform(self.layout, self.session, Resources(region=self.layout.region))

    @cached_property
    def control(self) -> ControlPlane:
        return ControlPlane.of(self.layout, self.session)

    @cached_property
    def catalog(self) -> Catalog:
        return glue_catalog(self.layout.region)

    def client(self, service: str) -> Any:
        if service not in self._clients:
            self._clients[service] = self.session.client(service)  # type: ignore[call-overload]  # the stubs know each name alone
        return self._clients[service]

    # --- files and runs

    def put(self, source: str, body: bytes | str, name: str = "part.csv") -> str:
        """Put an object into Landing; its identity."""
        bucket, key = self.layout.bucket(Zone.LANDING), self.layout.landing_key(source, name)
        data = body.encode() if isinstance(body, str) else body
        version = self.client("s3").put_object(Bucket=bucket, Key=key, Body=data)["VersionId"]
        return source_file_id(bucket, key, version)

    def runs_of(self, identity: str) -> list[Run]:
        source = self.layout.source_of(identity.removeprefix("s3://").partition("/")[2])
        claim = self.control.claim_of(source, identity)
        if claim is not None and claim.run_id is not None:
            found = self.control.find_run(claim.run_id)
            return [] if found is None else [found]
        return [run for run in self.control.runs() if identity in run.objects]

    def settled(self, identity: str, seconds: float = PATIENCE) -> Run:
        """The object's run, once it has ended or waits for a person."""

        def look() -> Run | None:
            found = [run for run in self.runs_of(identity) if run.status.ended or run.status is RunStatus.HELD]
            return found[0] if found else None

        return eventually(look, seconds)

    def ingest(self, source: str, body: bytes | str, name: str = "part.csv") -> Run:
        return self.settled(self.put(source, body, name))

    def ended(self, run_id: str) -> Run:
        return eventually(lambda: run if (run := self.control.run(run_id)).status.ended else None)

    def decide(self, run: Run, *, approved: bool) -> Run:
        """Approve or reject a held run, and wait for its end or its next hold."""
        decide(self.platform, run.run_id, approved=approved, by="Ada", reason="looked at it")
        return eventually(
            lambda: (
                now if (now := self.control.run(run.run_id)).status not in (RunStatus.RUNNING, RunStatus.HELD) else None
            )
        )

    def rerun(self, run: Run) -> Run:
        """Do the run again, and wait for its end or its hold."""
        rerun(self.platform, run.run_id)
        waiting = (RunStatus.PENDING, RunStatus.RUNNING)
        return eventually(lambda: now if (now := self.control.run(run.run_id)).status not in waiting else None)

    def models_rest(self, seconds: float = PATIENCE) -> list[Run]:
        """The builds of Gold, once none is under way."""

        def look() -> list[Run] | None:
            builds = [run for run in self.control.runs() if run.kind is RunKind.MODEL]
            return builds if builds and all(run.status.ended for run in builds) else None

        return eventually(look, seconds)

    # --- tables

    def query(self, sql: str) -> list[tuple[str | None, ...]]:
        """Rows through Athena; {silver} and the like name the tenant's databases."""
        named = sql.format(**{zone.value: self.layout.database(zone) for zone in Zone})
        athena = self.client("athena")
        started = athena.start_query_execution(QueryString=named, WorkGroup=self.layout.workgroup)["QueryExecutionId"]

        def look() -> Any:
            found = athena.get_query_execution(QueryExecutionId=started)["QueryExecution"]
            return found if found["Status"]["State"] in ("SUCCEEDED", "FAILED", "CANCELLED") else None

        ended = eventually(look)["Status"]
        assert ended["State"] == "SUCCEEDED", ended
        rows = athena.get_query_results(QueryExecutionId=started)["ResultSet"]["Rows"][1:]
        return [tuple(cell.get("VarCharValue") for cell in row["Data"]) for row in rows]

    def count(self, table: str, where: str = "TRUE") -> int:
        [[found]] = self.query(f"SELECT COUNT(*) FROM {table} WHERE {where}")
        return int(found or 0)

    # --- functions and alerts

    def invoke(self, task: Task, event: dict[str, Any]) -> Any:
        """Call the task's Lambda with an event of its kind."""
        answer = self.client("lambda").invoke(
            FunctionName=self.layout.function(task), Payload=json.dumps(event).encode()
        )
        said = json.loads(answer["Payload"].read() or b"null")
        assert "FunctionError" not in answer, said
        return said

    def alerts(self, about: str) -> list[dict[str, Any]]:
        """The alerts that name `about`, as they lie in the alerts queue."""
        sqs = self.client("sqs")
        queue = sqs.get_queue_url(QueueName=self.layout.alerts_queue)["QueueUrl"]

        def look() -> list[dict[str, Any]]:
            answer = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10, VisibilityTimeout=0)
            told = [json.loads(one["Body"]) for one in answer.get("Messages", [])]
            events = [json.loads(one["Message"]) if "Message" in one else one for one in told]
            return [event for event in events if about in json.dumps(event)]

        return eventually(look)
