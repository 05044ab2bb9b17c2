"""What a state machine says of a run that did not end well."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Literal

from botocore.exceptions import ClientError

from medallion.contracts.model import Frozen
from medallion.control.items import Run, RunStatus
from medallion.layout import Job
from medallion.steps.platform import Platform

if TYPE_CHECKING:
    from mypy_boto3_logs import CloudWatchLogsClient


class Failure(Frozen):
    """Why the run ends: an error that a state caught (its name and cause), or a rejection by the gate or a person."""

    status: Literal[RunStatus.FAILED, RunStatus.REJECTED]
    error: str = ""
    cause: str = ""

    def said(self, run: Run) -> str:
        """The reason as a sentence for the run's record."""
        if run.cancelled is not None:
            return run.cancelled.said
        if self.status is RunStatus.REJECTED:
            if run.approval is not None and not run.approval.approved:
                return f"rejected by {run.approval.by}: {run.approval.reason}"
            return run.reason or "rejected by the gate"
        return f"{self.error}: {_message(self.cause)}"

    @property
    def glue_run(self) -> tuple[str, str] | None:
        """The job on Glue and the id of its run that failed, if one did."""
        told = _document(self.cause)
        return (str(told["JobName"]), str(told["Id"])) if "JobRunState" in told else None


def job_log(platform: Platform, failure: Failure) -> tuple[str, ...]:
    """The last lines of the log of the tenant's job that failed, if one did."""
    name, run = failure.glue_run or ("", "")
    groups = [platform.layout.job_log(job, platform.glue_version) for job in Job if platform.layout.job(job) == name]
    return last_lines(platform.logs, groups[0], run) if groups else ()


def last_lines(logs: CloudWatchLogsClient, group: str, stream: str) -> tuple[str, ...]:
    """The last lines of a job's log. That it cannot be read is no reason for the run not to end."""
    try:
        found = logs.get_log_events(logGroupName=group, logStreamName=stream, limit=_LINES, startFromHead=False)
    except ClientError as problem:
        return (f"the log {group} {stream} could not be read: {problem.response['Error']['Code']}",)
    lines = [line.rstrip() for one in found["events"] for line in one["message"].splitlines() if line.strip()]
    return tuple(line[:_WIDTH] for line in lines[-_LINES:])


_LINES, _WIDTH = 20, 300


def _message(cause: str) -> str:
    """What a Lambda's error says, without its stack trace, or a job's run; any other cause as it is."""
    match _document(cause):
        case {"errorMessage": message}:
            return str(message)
        case {"JobName": job, "Id": run, "JobRunState": state, **more}:
            return f"run {run} of job {job} is {state}: {more.get('ErrorMessage', 'it says no more; see its log')}"
        case {"JobRunId": run, "State": state, **more}:
            return f"EMR Serverless run {run} is {state}: {more.get('StateDetails', 'it says no more; see its log')}"
    return cause


def _document(cause: str) -> dict[str, Any]:
    try:
        told = json.loads(cause)
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}
