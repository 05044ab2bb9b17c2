"""EMR Serverless: applications, and job runs in them that are real Spark processes."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass, field
from typing import Any

from local.seams import seam
from local.settings import Settings
from local.spark import roles
from local.spark.arguments import BadParameters, of_emr
from local.spark.emr_run import EmrRun, application_arn, moment, new_identity
from local.spark.runs import Run, Runner

logger = logging.getLogger("local.spark")

_ACCOUNT = seam("core.responses", "get_account_id")
_REGION = seam("core.responses", "get_region")

SERVICE = "emr-serverless.amazonaws.com"
ENDED = frozenset({"SUCCESS", "FAILED", "CANCELLED"})

Document = dict[str, Any]


class Refused(Exception):
    """A request that the API refuses."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.code = code
        self.status = status


@dataclass
class Application:
    """An application and its job runs."""

    record: Document
    runs: dict[str, Document] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)
    """Client token → run: a start that is repeated under one token starts nothing."""


class EmrRuns:
    """Every application of every account and region, and the runs that go on."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._applications: dict[tuple[str, str, str], Application] = {}
        self._live: dict[str, Run] = {}
        self._settings: Settings | None = None
        self._runner: Runner | None = None

    def serve(self, settings: Settings, runner: Runner) -> None:
        """Run jobs with this runner from now on."""
        self._settings, self._runner = settings, runner

    def reset(self) -> None:
        """Forget everything."""
        with self._lock:
            self._applications.clear()

    def state(self) -> list[Document]:
        """Everything, as JSON holds it."""
        with self._lock:
            return [
                {"scope": list(scope), "record": each.record, "runs": each.runs, "tokens": each.tokens}
                for scope, each in self._applications.items()
            ]

    def restore(self, state: list[Document]) -> None:
        """Take over what `state` told of a server that has stopped: its runs have, too."""
        with self._lock:
            self._applications.clear()
            for kept in state:
                account, region, identity = kept["scope"]
                application = Application(kept["record"], kept["runs"], kept["tokens"])
                self._applications[account, region, identity] = application
                for run in application.runs.values():
                    if run["state"] not in ENDED:
                        run.update(state="CANCELLED", stateDetails="The embedded AWS was stopped")

    # --- applications

    def create(self, asked: Document) -> Document:
        """Create an application. Refused where it is none of Spark's."""
        if str(asked.get("type", "")).upper() != "SPARK":
            raise Refused("ValidationException", "Only applications of type SPARK run on the embedded AWS")
        if not asked.get("releaseLabel"):
            raise Refused("ValidationException", "releaseLabel is required")
        identity, now = new_identity(), moment()
        defaults = {
            "autoStartConfiguration": {"enabled": True},
            "autoStopConfiguration": {"enabled": True, "idleTimeoutMinutes": 15},
            "architecture": "X86_64",
            "tags": {},
        }
        given = {name: value for name, value in asked.items() if name != "clientToken"}
        record = {
            **defaults,
            **given,
            "type": "Spark",
            "applicationId": identity,
            "arn": application_arn(identity),
            "state": "CREATED",
            "stateDetails": "",
            "createdAt": now,
            "updatedAt": now,
        }
        with self._lock:
            self._applications[_scoped(identity)] = Application(record)
        return record

    def application(self, identity: str) -> Application:
        """The application, or Refused."""
        found = self._applications.get(_scoped(identity))
        if found is None or found.record["state"] == "TERMINATED":
            raise Refused("ResourceNotFoundException", f"Application {identity} does not exist", 404)
        return found

    def applications(self) -> list[Document]:
        """The caller's applications."""
        here = _scoped("")[:2]
        found = [each.record for key, each in self._applications.items() if key[:2] == here]
        return [record for record in found if record["state"] != "TERMINATED"]

    def update(self, identity: str, asked: Document) -> Document:
        """Change an application that does not run jobs."""
        record = self.application(identity).record
        given = {name: value for name, value in asked.items() if name not in ("clientToken", "type", "name")}
        record.update(given, updatedAt=moment())
        return record

    def change_state(self, identity: str, state: str) -> None:
        """Start or stop an application; a stop is Refused while jobs run."""
        application = self.application(identity)
        if state == "STOPPED" and any(run["state"] not in ENDED for run in application.runs.values()):
            raise Refused("ConflictException", f"Application {identity} has active job runs", 409)
        application.record.update(state=state, updatedAt=moment())

    def delete(self, identity: str) -> None:
        """Delete an application that is not started. CloudFormation stops it first."""
        application = self.application(identity)
        if application.record["state"] not in ("CREATED", "STOPPED"):
            raise Refused("ValidationException", f"Application {identity} must be stopped before it is deleted")
        application.record.update(state="TERMINATED", updatedAt=moment())

    # --- job runs

    def start(self, asked: Document) -> Document:
        """Start a job run, and return its record, which follows the run. Refused where EMR Serverless refuses."""
        if self._settings is None or self._runner is None:
            raise Refused("InternalServerException", "EMR Serverless is not served", 500)
        application = self.application(asked.get("applicationId", ""))
        submit = (asked.get("jobDriver") or {}).get("sparkSubmit")
        if not submit or not submit.get("entryPoint"):
            raise Refused("ValidationException", "jobDriver.sparkSubmit.entryPoint is required")
        role = asked.get("executionRoleArn", "")
        try:
            parameters = of_emr(submit, asked.get("configurationOverrides") or {})
        except BadParameters as error:
            raise Refused("ValidationException", str(error)) from error
        if refusal := roles.refuse(role, SERVICE, self._settings):
            raise Refused("ValidationException", refusal)
        with self._lock:
            known = application.tokens.get(asked.get("clientToken") or "")
            if known:
                return application.runs[known]
            self._start_application(application)
            attempt = EmrRun(self._settings, application.record, asked, parameters, self.forget)
            record = attempt.record
            application.runs[record["jobRunId"]] = record
            if token := asked.get("clientToken"):
                application.tokens[token] = record["jobRunId"]
            minutes = record["executionTimeoutMinutes"]
            self._live[record["jobRunId"]] = self._runner.start(
                attempt.spark_job(), attempt.assume, minutes or None, attempt
            )
        return record

    def _start_application(self, application: Application) -> None:
        record = application.record
        if record["state"] == "STARTED":
            return
        if not record["autoStartConfiguration"].get("enabled", True):
            raise Refused("ValidationException", f"Application {record['applicationId']} is not started")
        record.update(state="STARTED", updatedAt=moment())

    def run(self, application_id: str, run_id: str) -> Document:
        """A run's record, or Refused."""
        found = self.application(application_id).runs.get(run_id)
        if found is None:
            raise Refused("ResourceNotFoundException", f"Job run {run_id} does not exist", 404)
        return found

    def cancel(self, application_id: str, run_id: str) -> Document:
        """Cancel a run that has not ended; its record."""
        record = self.run(application_id, run_id)
        with self._lock:
            live = self._live.get(run_id)
            if live is None or record["state"] in ENDED:
                raise Refused("ValidationException", f"Job run {run_id} has ended as {record['state']}")
            record.update(state="CANCELLING", updatedAt=moment())
            live.stop()
        return record

    def forget(self, run_id: str) -> None:
        """A run is over."""
        with self._lock:
            self._live.pop(run_id, None)


RUNS = EmrRuns()
"""What the embedded AWS of this process has."""


def _scoped(identity: str) -> tuple[str, str, str]:
    return _ACCOUNT.get()(), _REGION.get()(), identity
