"""Wait for runs."""

from __future__ import annotations

import time
from collections.abc import Callable

from cli.errors import WaitedEnough
from cli.output import Progress
from medallion.control.items import Run, RunStatus
from medallion.control.plane import ControlPlane

POLL_SECONDS = 0.5
RECENT_RUNS = 200
"""How many of the newest runs are looked through for an object's run."""


def settled(run: Run) -> bool:
    """Whether nothing more happens to the run without a person."""
    undecided = run.status is RunStatus.HELD and run.approval is None
    return run.status.ended or undecided


def wait_for_run(plane: ControlPlane, run_id: str, timeout: float, progress: Progress) -> Run:
    """The run once it has ended or is held; WaitedEnough after `timeout` seconds."""

    def look() -> Run | None:
        run = plane.run(run_id)
        progress(f"run {run_id} is {run.status}")
        return run if settled(run) else None

    return _until(look, timeout, f"Run {run_id} goes on. Look again: medallion run {run_id}")


def wait_for_object(plane: ControlPlane, source: str, source_file_id: str, timeout: float, progress: Progress) -> Run:
    """The run that took the object in, once it has ended or is held; WaitedEnough after `timeout` seconds."""
    progress("waiting for its run")

    def look() -> Run | None:
        run = run_of(plane, source, source_file_id)
        if run is not None:
            progress(f"run {run.run_id} is {run.status}")
        return run if run is not None and settled(run) else None

    return _until(
        look,
        timeout,
        f"The object is in Landing ({source_file_id}) and its run has not ended yet; a source that runs by schedule "
        f"takes it at its hour. Look again: medallion runs",
    )


def run_of(plane: ControlPlane, source: str, source_file_id: str) -> Run | None:
    """The run that has the object; None while no run has it."""
    claim = plane.claim_of(source, source_file_id)
    if claim is not None and claim.run_id is not None:
        return plane.find_run(claim.run_id)
    return next(
        (run for run in plane.runs(RECENT_RUNS) if run.subject == source and source_file_id in run.objects), None
    )


def _until(look: Callable[[], Run | None], timeout: float, otherwise: str) -> Run:
    deadline = time.monotonic() + timeout
    while (found := look()) is None:
        if time.monotonic() >= deadline:
            raise WaitedEnough(f"{timeout:g} seconds have passed. {otherwise}")
        time.sleep(POLL_SECONDS)
    return found
