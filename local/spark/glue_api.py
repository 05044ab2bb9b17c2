"""Glue's API for job runs, and CloudFormation's AWS::Glue::Job.

The emulator keeps the records of jobs and runs. Jobs of other kinds (Python shell) stay its own business.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from local.seams import seam
from local.settings import Settings
from local.spark.glue import GlueRuns, Refused
from local.spark.runs import Runner

_START = seam("services.glue", "_start_job_run", "data")
_STOP = seam("services.glue", "_batch_stop_job_run", "data")
_CREATE = seam("services.glue", "_create_job", "data")
_UPDATE = seam("services.glue", "_update_job", "data")
_RESET = seam("services.glue", "reset")
_FIELDS = seam("services.cloudformation.provisioners", "_glue_job_fields", "props")
_ANSWER = seam("core.responses", "json_response", "data", "status")
_REFUSAL = seam("core.responses", "error_response_json", "code", "message", "status")
_JOBS = seam("services.glue", "_jobs")
_RUNS = seam("services.glue", "_job_runs")

_KEPT = ("ExecutionProperty", "ExecutionClass", "JobMode", "JobRunQueuingEnabled", "NotificationProperty")
"""What the emulator forgets of a job."""

Document = dict[str, Any]


def install(settings: Settings, runner: Runner) -> None:
    """Take over the start and the stop of Spark jobs, and keep what the emulator forgets of them."""
    runs = GlueRuns(settings, runner)
    _START.replace(lambda original: _starter(original, runs))
    _STOP.replace(lambda original: _stopper(original, runs))
    _CREATE.replace(_keeping_on_creation)
    _UPDATE.replace(_keeping_on_update)
    _FIELDS.replace(_with_kept_fields)
    _RESET.replace(lambda original: _resetting(original, runner))


def _starter(original: Callable[..., Any], runs: GlueRuns) -> Callable[..., Any]:
    def start_job_run(data: Document) -> Any:
        job = _JOBS.get().get(data.get("JobName"))
        if job is None or (job.get("Command") or {}).get("Name") != "glueetl":
            return original(data)
        try:
            return _ANSWER.get()({"JobRunId": runs.start(data)})
        except Refused as refused:
            return _REFUSAL.get()(refused.code, str(refused), 400)

    return start_job_run


def _stopper(original: Callable[..., Any], runs: GlueRuns) -> Callable[..., Any]:
    def batch_stop_job_run(data: Document) -> Any:
        name = data.get("JobName")
        known = {run["Id"]: run for run in _RUNS.get().get(name, [])}
        asked = data.get("JobRunIds") or []
        stopped = [run_id for run_id in asked if run_id in known and runs.stop(known[run_id])]
        others = [run_id for run_id in asked if run_id not in stopped]
        answer = json.loads(original({**data, "JobRunIds": others})[2])
        submitted = [{"JobName": name, "JobRunId": run_id} for run_id in stopped]
        answer["SuccessfulSubmissions"] = submitted + answer.get("SuccessfulSubmissions", [])
        return _ANSWER.get()(answer)

    return batch_stop_job_run


def _keeping_on_creation(original: Callable[..., Any]) -> Callable[..., Any]:
    def create_job(data: Document) -> Any:
        answer = original(data)
        if answer[0] < 300:
            _JOBS.get()[data["Name"]].update({name: data[name] for name in _KEPT if name in data})
        return answer

    return create_job


def _keeping_on_update(original: Callable[..., Any]) -> Callable[..., Any]:
    def update_job(data: Document) -> Any:
        answer, changed = original(data), data.get("JobUpdate") or {}
        if answer[0] < 300:
            _JOBS.get()[data["JobName"]].update({name: changed[name] for name in _KEPT if name in changed})
        return answer

    return update_job


def _with_kept_fields(original: Callable[..., Any]) -> Callable[..., Any]:
    """CloudFormation hands on what the emulator's handler drops of AWS::Glue::Job."""

    def fields(props: Document) -> Document:
        return {**original(props), **{name: props[name] for name in _KEPT if name in props}}

    return fields


def _resetting(original: Callable[..., Any], runner: Runner) -> Callable[..., Any]:
    def reset() -> None:
        runner.close()
        original()

    return reset
