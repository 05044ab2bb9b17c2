"""What a run's record says of an end that was not good."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from medallion.contracts.model import Lane
from medallion.control.items import Run, RunKind, RunStatus
from medallion.steps.failure import Failure

RUN = Run(
    run_id="r", kind=RunKind.INGEST, subject="orders", lane=Lane.GLUE, created_at=datetime(2026, 1, 1, tzinfo=UTC)
)
GLUE = {"JobName": "refine", "Id": "jr_1", "JobRunState": "FAILED", "ErrorMessage": "OutcomesMissing: 3 of 4"}
EMR = {"JobRunId": "00f", "State": "FAILED", "StateDetails": "exit code 1"}


@pytest.mark.parametrize(
    ("cause", "said"),
    [
        ({"errorMessage": "no such thing", "stackTrace": ["a"]}, "no such thing"),
        (GLUE, "run jr_1 of job refine is FAILED: OutcomesMissing: 3 of 4"),
        (
            {**GLUE, "JobRunState": "TIMEOUT", "ErrorMessage": "took too long"},
            "run jr_1 of job refine is TIMEOUT: took",
        ),
        (EMR, "EMR Serverless run 00f is FAILED: exit code 1"),
        ({"anything": "else"}, '{"anything": "else"}'),
    ],
)
def test_reason_is_a_sentence_when_a_function_or_a_job_failed(cause: dict[str, object], said: str) -> None:
    failure = Failure(status=RunStatus.FAILED, error="States.TaskFailed", cause=json.dumps(cause))
    assert failure.said(RUN).startswith(f"States.TaskFailed: {said}")


def test_log_is_looked_for_when_a_glue_job_failed_and_not_else() -> None:
    def failed(cause: str) -> Failure:
        return Failure(status=RunStatus.FAILED, error="e", cause=cause)

    assert failed(json.dumps(GLUE)).glue_run == ("refine", "jr_1")
    assert failed(json.dumps(EMR)).glue_run is None
    assert failed("no JSON").glue_run is None
