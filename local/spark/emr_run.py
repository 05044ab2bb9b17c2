"""One job run of EMR Serverless: its record, its role, and where its driver's logs go."""

from __future__ import annotations

import secrets
import string
import time
from collections.abc import Callable
from typing import Any

from local.seams import seam
from local.settings import Settings
from local.spark import roles
from local.spark.arguments import Parameters
from local.spark.launch import Job
from local.spark.logs import LogObject, LogStream, Sink
from local.spark.runs import End, How

_ACCOUNT = seam("core.responses", "get_account_id")
_REGION = seam("core.responses", "get_region")

_STATES = {How.SUCCEEDED: "SUCCESS", How.FAILED: "FAILED", How.STOPPED: "CANCELLED", How.TIMED_OUT: "CANCELLED"}
_TIMEOUT_MINUTES = 720

Document = dict[str, Any]


class EmrRun:
    """One job run, and its record, which GetJobRun answers with."""

    def __init__(
        self,
        settings: Settings,
        application: Document,
        asked: Document,
        parameters: Parameters,
        forget: Callable[[str], None],
    ) -> None:
        self._settings, self._parameters, self._forget = settings, parameters, forget
        self._role = asked["executionRoleArn"]
        self._account, self._region = _ACCOUNT.get()(), _REGION.get()()
        overrides = asked.get("configurationOverrides") or {}
        inherited = application.get("monitoringConfiguration") or {}
        self._monitoring = {**inherited, **(overrides.get("monitoringConfiguration") or {})}
        identity, run_id, now = application["applicationId"], new_identity(), moment()
        self.record: Document = {
            "applicationId": identity,
            "jobRunId": run_id,
            **({"name": asked["name"]} if asked.get("name") else {}),
            "arn": f"{application_arn(identity)}/jobruns/{run_id}",
            "createdBy": f"arn:aws:iam::{self._account}:root",
            "createdAt": now,
            "updatedAt": now,
            "executionRole": self._role,
            "state": "SUBMITTED",
            "stateDetails": "",
            "releaseLabel": application["releaseLabel"],
            "configurationOverrides": overrides,
            "jobDriver": asked["jobDriver"],
            "tags": asked.get("tags") or {},
            "mode": asked.get("mode") or "BATCH",
            "attempt": 1,
            "executionTimeoutMinutes": int(asked.get("executionTimeoutMinutes", _TIMEOUT_MINUTES)),
        }

    def spark_job(self) -> Job:
        """What is run."""
        submit = self.record["jobDriver"]["sparkSubmit"]
        return Job(
            run_id=self.record["jobRunId"],
            name=self.record.get("name") or self.record["jobRunId"],
            script=submit["entryPoint"],
            arguments=tuple(submit.get("entryPointArguments") or ()),
            py_files=tuple(self._parameters.py_files),
            jars=tuple(self._parameters.jars),
            files=tuple(self._parameters.files),
            conf=self._parameters.conf,
            iceberg=self._parameters.iceberg,
        )

    def assume(self) -> roles.Actor:
        """The execution role."""
        return roles.assume(self._role, self.record["jobRunId"], self._account, self._region, self._settings)

    def sinks(self, actor: roles.Actor) -> tuple[list[Sink], list[Sink]]:
        """The driver's logs, where the run or its application asks for them."""
        output: list[Sink] = []
        error: list[Sink] = []
        path = f"applications/{self.record['applicationId']}/jobs/{self.record['jobRunId']}/SPARK_DRIVER"
        if uri := (self._monitoring.get("s3MonitoringConfiguration") or {}).get("logUri"):
            bucket, _, prefix = uri.partition("://")[2].partition("/")
            folder = "/".join(part for part in (prefix.strip("/"), path) if part)
            s3 = actor.client("s3")
            output.append(LogObject(s3, bucket, f"{folder}/stdout.gz"))
            error.append(LogObject(s3, bucket, f"{folder}/stderr.gz"))
        watch = self._monitoring.get("cloudWatchLoggingConfiguration") or {}
        if watch.get("enabled"):
            logs = actor.client("logs")
            group = watch.get("logGroupName") or "/aws/emr-serverless"
            stream = "/".join(part for part in (watch.get("logStreamNamePrefix"), path) if part)
            output.append(LogStream(logs, group, f"{stream}/stdout"))
            error.append(LogStream(logs, group, f"{stream}/stderr"))
        return output, error

    def began(self) -> None:
        now = moment()
        if self.record["state"] == "SUBMITTED":
            self.record.update(state="RUNNING", startedAt=now, updatedAt=now)

    def ended(self, end: End) -> None:
        now = moment()
        if end.how is How.FAILED:
            code = "" if end.exit_code is None else f" ExitCode: {end.exit_code}."
            self.record["stateDetails"] = (
                f"Job failed, please check complete logs in configured logging destination.{code} "
                f"Last few exceptions: {end.message}"
            )
        elif end.how is How.TIMED_OUT:
            minutes = self.record["executionTimeoutMinutes"]
            self.record["stateDetails"] = f"Job run timed out after {minutes} minutes"
        self.record.update(
            endedAt=now, updatedAt=now, totalExecutionDurationSeconds=int(now - self.record.get("startedAt", now))
        )
        # Last: whoever polls for the state must find the rest.
        self.record["state"] = _STATES[end.how]
        self._forget(self.record["jobRunId"])


def new_identity() -> str:
    """An id as EMR Serverless gives them."""
    letters = string.ascii_lowercase + string.digits
    return "00" + "".join(secrets.choice(letters) for _ in range(14))


def application_arn(application_id: str) -> str:
    """The ARN of one of the caller's applications."""
    return f"arn:aws:emr-serverless:{_REGION.get()()}:{_ACCOUNT.get()()}:/applications/{application_id}"


def moment() -> float:
    """The time, as the API tells it: seconds since 1970."""
    return round(time.time(), 3)
