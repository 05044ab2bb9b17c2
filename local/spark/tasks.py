"""Step Functions' integrations with Glue and EMR Serverless: start a job run, and with `.sync` wait for its end.

As on AWS, a task's result is the run's description, a run that did not succeed fails the task as States.TaskFailed with
that description as its cause, and a task that is given up (its time is up, its execution stopped) stops its run.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from local import stepfunctions
from local.seams import seam
from local.settings import Settings
from local.spark import emr, glue

logger = logging.getLogger("local.spark")

_DISPATCH = seam("services.stepfunctions", "_SERVICE_DISPATCH")
_GLUE_START = seam("services.glue", "_start_job_run", "data")
_GLUE_RUN = seam("services.glue", "_get_job_run", "data")
_GLUE_STOP = seam("services.glue", "_batch_stop_job_run", "data")
_ACCOUNT = seam("core.responses", "get_account_id")
_REGION = seam("core.responses", "get_region")

_POLL_SECONDS = 0.2

Document = dict[str, Any]


def install(settings: Settings) -> None:
    """Register the integrations."""
    dispatch = _DISPATCH.get()
    dispatch["arn:aws:states:::glue:startJobRun"] = _glue
    dispatch["arn:aws:states:::emr-serverless:startJobRun"] = _emr


@dataclass(frozen=True)
class Started:
    """A job run, as a task looks after it."""

    describe: Callable[[], Document]
    state: str
    """The description's member that holds the state."""
    succeeded: str
    ended: frozenset[str]
    stop: Callable[[], object]
    stop_action: tuple[str, str]
    """What the state machine's role needs to stop it."""


def wait(started: Started) -> Document:
    """The run's description once it has succeeded. Raises the task's error where it ended otherwise."""
    while True:
        described = started.describe()
        if described[started.state] in started.ended:
            break
        if stepfunctions.abandoned():
            if refusal := stepfunctions.refused(*started.stop_action):
                logger.warning("a job run goes on though its task was given up: %s", refusal)
            else:
                started.stop()
            break
        time.sleep(_POLL_SECONDS)
    if described[started.state] != started.succeeded:
        raise stepfunctions.task_error("States.TaskFailed", json.dumps(described))
    return described


def _glue(resource: str, arguments: Document) -> Document:
    run_id = _answered("Glue", _GLUE_START.get()(arguments))["JobRunId"]
    name = arguments["JobName"]
    if not resource.endswith(".sync"):
        return {"JobName": name, "JobRunId": run_id}

    def describe() -> Document:
        run: Document = _answered("Glue", _GLUE_RUN.get()({"JobName": name, "RunId": run_id}))["JobRun"]
        return in_milliseconds(run, ("StartedOn", "LastModifiedOn", "CompletedOn"))

    return wait(
        Started(
            describe=describe,
            state="JobRunState",
            succeeded="SUCCEEDED",
            ended=glue.ENDED,
            stop=lambda: _GLUE_STOP.get()({"JobName": name, "JobRunIds": [run_id]}),
            stop_action=("glue:BatchStopJobRun", f"arn:aws:glue:{_REGION.get()()}:{_ACCOUNT.get()()}:job/{name}"),
        )
    )


def _emr(resource: str, arguments: Document) -> Document:
    try:
        run = emr.RUNS.start(lower_first(arguments))
    except emr.Refused as refused:
        raise stepfunctions.task_error(f"EmrServerless.{refused.code}", str(refused)) from refused
    if not resource.endswith(".sync"):
        answer: Document = upper_first({name: run[name] for name in ("applicationId", "jobRunId", "arn")})
        return answer
    return wait(
        Started(
            describe=lambda: upper_first(in_milliseconds(run, tuple(name for name in run if name.endswith("At")))),
            state="State",
            succeeded="SUCCESS",
            ended=emr.ENDED,
            stop=lambda: emr.RUNS.cancel(run["applicationId"], run["jobRunId"]),
            stop_action=("emr-serverless:CancelJobRun", run["arn"]),
        )
    )


def _answered(service: str, answer: tuple[int, Any, bytes]) -> Document:
    status, _, body = answer
    read: Document = json.loads(body or b"{}")
    if status >= 400:
        raise stepfunctions.task_error(f"{service}.{read['__type']}", read.get("message", ""))
    return read


def in_milliseconds(described: Document, names: tuple[str, ...]) -> Document:
    """Times as Step Functions shows them: whole milliseconds."""
    return {name: int(value * 1000) if name in names else value for name, value in described.items()}


_OPEN = ("tags", "properties", "Tags", "Properties", "workerTypeSpecifications", "WorkerTypeSpecifications")
"""Members whose own names are the user's, and stay as they are."""


def lower_first(value: Any) -> Any:
    """Member names as EMR Serverless's API has them; Step Functions' begin with a capital."""
    return _renamed(value, lambda name: name[:1].lower() + name[1:])


def upper_first(value: Any) -> Any:
    """Member names as Step Functions has them."""
    return _renamed(value, lambda name: name[:1].upper() + name[1:])


def _renamed(value: Any, rename: Callable[[str], str]) -> Any:
    if isinstance(value, dict):
        return {rename(name): inner if name in _OPEN else _renamed(inner, rename) for name, inner in value.items()}
    return [_renamed(item, rename) for item in value] if isinstance(value, list) else value
