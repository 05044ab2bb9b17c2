"""What of the job runs outlives a stop of the embedded AWS with `persist`: their records. No process does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from local.seams import seam
from local.spark import emr, glue

_RUNS = seam("services.glue", "_job_runs")
_LOAD_GLUE = seam("services.glue", "load_persisted_state", "data")
_SAVE_EMR = seam("services.emr", "get_state")
_LOAD_EMR = seam("services.emr", "load_persisted_state", "data")

_APPLICATIONS = "serverless_applications"


def install() -> None:
    """Keep the applications of EMR Serverless with the emulator's own EMR, and end what ran when the server stopped."""
    _LOAD_GLUE.replace(_ending_runs)
    _SAVE_EMR.replace(_with_applications)
    _LOAD_EMR.replace(_taking_applications)


def _ending_runs(original: Callable[..., Any]) -> Callable[..., Any]:
    def load(data: Any) -> None:
        original(data)
        for _, runs in _RUNS.get().all_items():
            for run in runs:
                if run["JobRunState"] not in glue.ENDED:
                    run.update(JobRunState="STOPPED", ErrorMessage="The embedded AWS was stopped")

    return load


def _with_applications(original: Callable[..., Any]) -> Callable[..., Any]:
    def save() -> dict[str, Any]:
        return {**original(), _APPLICATIONS: emr.RUNS.state()}

    return save


def _taking_applications(original: Callable[..., Any]) -> Callable[..., Any]:
    def load(data: dict[str, Any]) -> None:
        emr.RUNS.restore(data.pop(_APPLICATIONS, []))
        original(data)

    return load
