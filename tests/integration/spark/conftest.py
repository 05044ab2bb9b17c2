"""One embedded AWS with a bucket, a database and roles, for jobs that are really run.

Spark is an extra: where it is not installed these tests are skipped, saying so. `make spark` installs it and sets
MEDALLION_SPARK=required, under which its absence is a failure: nothing is skipped there in silence.
"""

from __future__ import annotations

import json
import os
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from local import process
from local.deploy import client
from local.errors import SparkMissing
from local.settings import Settings, default_state_dir
from local.spark import installation
from local.spark.training import catalogue
from tests.integration.local.conftest import eventually, free_port
from tests.integration.local.pipeline import archive

BUCKET = "lake"
ACCOUNT = "000000000000"
REGION = "us-east-1"
ICEBERG = catalogue(f"s3://{BUCKET}/tables")
FOREVER = 300.0
"""Seconds that a run is waited for, on a machine that does other things as well."""


@pytest.fixture(scope="session", autouse=True)
def spark() -> None:
    """What Spark jobs need, or a skip that says what is missing."""
    try:
        installation.find(Settings(state_dir=default_state_dir()).spark_dir)
    except SparkMissing as missing:
        if os.environ.get("MEDALLION_SPARK") == "required":
            raise
        pytest.skip(f"{missing}; then: make spark")


@dataclass
class Lake:
    """The embedded AWS as these tests use it."""

    settings: Settings

    def client(self, service: str) -> Any:
        return client(self.settings, service)

    def put(self, key: str, text: str) -> str:
        """Store a script; its address."""
        self.client("s3").put_object(Bucket=BUCKET, Key=key, Body=textwrap.dedent(text).encode())
        return f"s3://{BUCKET}/{key}"

    def role(self, name: str, service: str, *statements: dict[str, Any]) -> str:
        """Make a role that the service may assume; its ARN."""
        trust = {"Effect": "Allow", "Principal": {"Service": f"{service}.amazonaws.com"}, "Action": "sts:AssumeRole"}
        iam = self.client("iam")
        document = {"Version": "2012-10-17", "Statement": [trust]}
        arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(document))["Role"]["Arn"]
        policy = {"Version": "2012-10-17", "Statement": list(statements)}
        iam.put_role_policy(RoleName=name, PolicyName="all", PolicyDocument=json.dumps(policy))
        return str(arn)

    def job(self, name: str, script: str, role: str, **more: Any) -> None:
        """Make a Glue job of a script's text."""
        address = self.put(f"jobs/{name}.py", script)
        arguments = {
            "--datalake-formats": "iceberg",
            "--conf": " --conf ".join(f"{setting}={value}" for setting, value in ICEBERG.items()),
            **more.pop("DefaultArguments", {}),
        }
        self.client("glue").create_job(
            Name=name,
            Role=role,
            Command={"Name": "glueetl", "ScriptLocation": address, "PythonVersion": "3"},
            GlueVersion="5.1",
            DefaultArguments=arguments,
            **more,
        )

    def run(self, name: str, run_id: str) -> dict[str, Any]:
        described: dict[str, Any] = self.client("glue").get_job_run(JobName=name, RunId=run_id)["JobRun"]
        return described

    def ended(self, name: str, run_id: str) -> dict[str, Any]:
        """The run, once it has ended."""
        ended = ("SUCCEEDED", "FAILED", "STOPPED", "TIMEOUT")
        described: dict[str, Any] = eventually(
            lambda: run if (run := self.run(name, run_id))["JobRunState"] in ended else None, FOREVER
        )
        return described

    def go(self, name: str, **arguments: str) -> dict[str, Any]:
        """Run a job to its end."""
        given = {f"--{argument}": value for argument, value in arguments.items()}
        run_id = self.client("glue").start_job_run(JobName=name, Arguments=given)["JobRunId"]
        return self.ended(name, run_id)

    def log(self, group: str, stream: str) -> list[str]:
        """The lines of a log; none where there is no such log."""
        logs = self.client("logs")
        try:
            events = logs.get_log_events(logGroupName=group, logStreamName=stream)["events"]
        except logs.exceptions.ResourceNotFoundException:
            return []
        return [event["message"] for event in events]

    def execute(self, machine: str, definition: dict[str, Any], *permissions: dict[str, Any]) -> str:
        """Start a state machine of one's own; the execution's ARN."""
        role = self.role(f"{machine}-machine", "states", *permissions)
        sfn = self.client("stepfunctions")
        arn = sfn.create_state_machine(name=machine, definition=json.dumps(definition), roleArn=role)["stateMachineArn"]
        return str(sfn.start_execution(stateMachineArn=arn)["executionArn"])

    def executed(self, execution: str) -> dict[str, Any]:
        """The execution, once it has ended."""
        sfn = self.client("stepfunctions")
        described: dict[str, Any] = eventually(
            lambda: found if (found := sfn.describe_execution(executionArn=execution))["status"] != "RUNNING" else None,
            FOREVER,
        )
        return described


def allow(*actions: str, on: Any = "*") -> dict[str, Any]:
    return {"Effect": "Allow", "Action": list(actions), "Resource": on}


def write_tables() -> tuple[dict[str, Any], ...]:
    """What a job needs: its code, its tables, their files, its logs."""
    glue = f"arn:aws:glue:{REGION}:{ACCOUNT}"
    return (
        allow("s3:GetObject", on=[f"arn:aws:s3:::{BUCKET}/jobs/*", f"arn:aws:s3:::{BUCKET}/code/*"]),
        allow("s3:GetObject", "s3:PutObject", "s3:DeleteObject", on=f"arn:aws:s3:::{BUCKET}/tables/*"),
        allow("s3:ListBucket", on=f"arn:aws:s3:::{BUCKET}"),
        allow(
            *("glue:GetDatabase", "glue:GetTable", "glue:CreateTable", "glue:UpdateTable"),
            on=[f"{glue}:catalog", f"{glue}:database/shop", f"{glue}:table/shop/*"],
        ),
        allow("logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"),
    )


def start(folder: Path, **more: Any) -> Settings:
    settings = Settings(state_dir=folder, port=free_port(), **more)
    process.up(settings)
    return settings


@pytest.fixture(scope="session")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    lake = Lake(start(tmp_path_factory.mktemp("spark")))
    lake.client("s3").create_bucket(Bucket=BUCKET)
    lake.client("glue").create_database(DatabaseInput={"Name": "shop"})
    lake.client("s3").put_object(
        Bucket=BUCKET, Key="code/domain.zip", Body=archive({"domain/__init__.py": "WORD = 'from the zip'\n"})
    )
    yield lake
    process.down(lake.settings.state_dir)


@pytest.fixture(scope="session")
def writer(lake: Lake) -> str:
    """A role for jobs that may do all that these tests' jobs do."""
    return lake.role("writer", "glue", *write_tables())
