"""AWS Glue: a run of a `glueetl` job is a real Spark process, with Glue's states, limits, retries and logs."""

from __future__ import annotations

import json
import logging
import secrets
import threading
import time
from dataclasses import dataclass
from typing import Any

from local.seams import seam
from local.settings import Settings
from local.spark import roles
from local.spark.arguments import BadParameters, Parameters, glue_argv, of_glue
from local.spark.launch import Job
from local.spark.logs import LogStream, Sink
from local.spark.runs import End, How, Run, Runner

logger = logging.getLogger("local.spark")

_JOBS = seam("services.glue", "_jobs")
_RUNS = seam("services.glue", "_job_runs")
_PUT_EVENTS = seam("services.eventbridge", "_put_events", "data", "allow_aws_source")
_ACCOUNT = seam("core.responses", "get_account_id")
_REGION = seam("core.responses", "get_region")

SERVICE = "glue.amazonaws.com"
ENDED = frozenset({"SUCCEEDED", "FAILED", "STOPPED", "TIMEOUT"})
_LOG_GROUP = "/aws-glue/jobs"
_STATES = {How.SUCCEEDED: "SUCCEEDED", How.FAILED: "FAILED", How.STOPPED: "STOPPED", How.TIMED_OUT: "TIMEOUT"}
_DPUS = {"G.025X": 0.25, "G.1X": 1.0, "G.2X": 2.0, "G.4X": 4.0, "G.8X": 8.0}

Document = dict[str, Any]


class Refused(Exception):
    """A request that the API refuses."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class GlueRuns:
    """The runs of Spark jobs that go on."""

    def __init__(self, settings: Settings, runner: Runner) -> None:
        self.settings = settings
        self._runner = runner
        self._lock = threading.Lock()
        self._live: dict[str, Run] = {}

    def start(self, asked: Document) -> str:
        """Start a run of the job that StartJobRun names; its id. Refused where Glue refuses."""
        job = _JOBS.get()[asked["JobName"]]
        arguments = {**(job.get("DefaultArguments") or {}), **(asked.get("Arguments") or {})}
        arguments.update(job.get("NonOverridableArguments") or {})
        try:
            parameters = of_glue(arguments)
        except BadParameters as error:
            raise Refused("InvalidInputException", str(error)) from error
        role = roles.role_arn(job.get("Role", ""), _ACCOUNT.get()())
        if refusal := roles.refuse(role, SERVICE, self.settings):
            message = f"Role {role} should be given assume role permissions for Glue Service. ({refusal})"
            raise Refused("InvalidInputException", message)
        run_id = f"jr_{secrets.token_hex(32)}"
        self._begin(Attempt(self, job, asked, arguments, parameters, role, run_id))
        return run_id

    def retry(self, attempt: Attempt) -> None:
        """Start the next try of a run that failed."""
        number = attempt.number + 1
        run_id = f"{attempt.first_id}_attempt_{number}"
        again = Attempt(
            self,
            attempt.job,
            attempt.asked,
            attempt.arguments,
            attempt.parameters,
            attempt.role,
            run_id,
            attempt.first_id,
            number,
            attempt.run_id,
        )
        try:
            self._begin(again)
        except Refused as refused:
            logger.warning("the run %s is not tried again: %s", attempt.run_id, refused)

    def _begin(self, attempt: Attempt) -> None:
        name = attempt.job["Name"]
        limit = int((attempt.job.get("ExecutionProperty") or {}).get("MaxConcurrentRuns") or 1)
        with self._lock:
            runs = _RUNS.get().setdefault(name, [])
            if sum(run["JobRunState"] not in ENDED for run in runs) >= limit:
                raise Refused("ConcurrentRunsExceededException", f"Concurrent runs exceeded for {name}")
            runs.append(attempt.record)
            self._live[attempt.run_id] = self._runner.start(
                attempt.spark_job(), attempt.assume, attempt.record["Timeout"], attempt
            )

    def stop(self, run: Document) -> bool:
        """Ask a run to stop. False where it has ended, or is not one of a Spark job."""
        with self._lock:
            live = self._live.get(run["Id"])
            if live is None or run["JobRunState"] in ENDED:
                return False
            run.update(JobRunState="STOPPING", LastModifiedOn=_now())
            live.stop()
        return True

    def forget(self, run_id: str) -> None:
        """A run is over."""
        with self._lock:
            self._live.pop(run_id, None)


@dataclass
class Attempt:
    """One try of a run, and its record in the emulator, which GetJobRun answers with."""

    runs: GlueRuns
    job: Document
    asked: Document
    arguments: dict[str, str]
    parameters: Parameters
    role: str
    run_id: str
    first_id: str = ""
    number: int = 0
    previous_id: str = ""

    def __post_init__(self) -> None:
        self.first_id = self.first_id or self.run_id
        self.account, self.region = _ACCOUNT.get()(), _REGION.get()()
        asked, job, now = self.asked, self.job, _now()
        worker = asked.get("WorkerType") or job.get("WorkerType") or "G.1X"
        workers = int(asked.get("NumberOfWorkers") or job.get("NumberOfWorkers") or 2)
        security = asked.get("SecurityConfiguration") or job.get("SecurityConfiguration")
        self.record: Document = {
            "Id": self.run_id,
            "Attempt": self.number,
            **({"PreviousRunId": self.previous_id} if self.previous_id else {}),
            "JobName": job["Name"],
            "JobMode": job.get("JobMode") or "SCRIPT",
            "StartedOn": now,
            "LastModifiedOn": now,
            "JobRunState": "STARTING",
            **({"Arguments": dict(asked["Arguments"])} if asked.get("Arguments") else {}),
            "PredecessorRuns": [],
            "AllocatedCapacity": int(workers * _DPUS.get(worker, 1.0)),
            "ExecutionTime": 0,
            "Timeout": int(asked.get("Timeout") or job.get("Timeout") or 480),
            "MaxCapacity": workers * _DPUS.get(worker, 1.0),
            "WorkerType": worker,
            "NumberOfWorkers": workers,
            **({"SecurityConfiguration": security} if security else {}),
            "LogGroupName": _LOG_GROUP,
            "GlueVersion": job.get("GlueVersion", "5.1"),
            "ExecutionClass": asked.get("ExecutionClass") or job.get("ExecutionClass") or "STANDARD",
        }
        self._began = 0.0

    def spark_job(self) -> Job:
        """What is run."""
        return Job(
            run_id=self.run_id,
            name=self.job["Name"],
            script=self.arguments.get("--scriptLocation") or self.job["Command"].get("ScriptLocation", ""),
            arguments=tuple(glue_argv(self.arguments, self.job["Name"], self.run_id)),
            py_files=tuple(self.parameters.py_files),
            jars=tuple(self.parameters.jars),
            files=tuple(self.parameters.files),
            conf=self.parameters.conf,
            iceberg=self.parameters.iceberg,
        )

    def assume(self) -> roles.Actor:
        """The job's role, under the session name that Glue uses."""
        return roles.assume(self.role, "GlueJobRunnerSession", self.account, self.region, self.runs.settings)

    def sinks(self, actor: roles.Actor) -> tuple[list[Sink], list[Sink]]:
        """Glue's log groups: what the script prints, and what Spark and Python complain of."""
        logs, arguments = actor.client("logs"), self.arguments
        prefix = arguments.get("--custom-logGroup-prefix") or _LOG_GROUP
        security = self.record.get("SecurityConfiguration")
        if security:
            # Encrypted logs stand apart, by configuration and role.
            prefix = f"{prefix}/{security}-role/{self.role.partition(':role/')[2]}"
        stream = arguments.get("--custom-logStream-prefix")
        name = f"{stream}-driver" if stream else self.run_id
        output: list[Sink] = [LogStream(logs, f"{prefix}/output", name)]
        error: list[Sink] = [LogStream(logs, f"{prefix}/error", name)]
        if group := arguments.get("--continuous-log-logGroup"):
            stream = arguments.get("--continuous-log-logStreamPrefix") or self.run_id
            error.append(LogStream(logs, f"{group}-{security}" if security else group, f"{stream}-driver"))
        return output, error

    def began(self) -> None:
        self._began = _now()
        if self.record["JobRunState"] == "STARTING":
            self.record.update(JobRunState="RUNNING", LastModifiedOn=self._began)

    def ended(self, end: End) -> None:
        now = _now()
        if end.how is How.TIMED_OUT:
            self.record["ErrorMessage"] = f"Job run timed out after {self.record['Timeout']} minutes"
        elif end.message:
            self.record["ErrorMessage"] = end.message
        self.record.update(
            CompletedOn=now, LastModifiedOn=now, ExecutionTime=int(now - self._began) if self._began else 0
        )
        # Last: whoever polls for the state must find the rest.
        self.record["JobRunState"] = _STATES[end.how]
        self.runs.forget(self.run_id)
        _tell(self.record)
        if end.how in (How.FAILED, How.TIMED_OUT) and self.number < int(self.job.get("MaxRetries") or 0):
            self.runs.retry(self)


def _tell(record: Document) -> None:
    """Glue's event of a run's end."""
    state = record["JobRunState"]
    detail = {
        "jobName": record["JobName"],
        "severity": "ERROR" if state in ("FAILED", "TIMEOUT") else "INFO",
        "state": state,
        "jobRunId": record["Id"],
        "message": record.get("ErrorMessage") or f"Job run {state.lower()}",
    }
    event = {"Source": "aws.glue", "DetailType": "Glue Job State Change", "Detail": json.dumps(detail)}
    _PUT_EVENTS.get()({"Entries": [event]}, allow_aws_source=True)


def _now() -> float:
    return round(time.time(), 3)
