"""Wait for runs."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from cli.documents.runs import RunDetail
from cli.errors import WaitedEnough
from cli.output import Progress
from cli.port import Port
from medallion.control.items import RunStatus

T = TypeVar("T")
_LONGEST_PAUSE = 10.0


def settled(run: RunDetail) -> bool:
    """Whether nothing more happens to the run without a person."""
    undecided = run.status is RunStatus.HELD and run.approval is None
    return run.status.ended or undecided


def wait_for_run(port: Port, run_id: str, timeout: float, progress: Progress) -> RunDetail:
    """The run once it has ended or is held; WaitedEnough after `timeout` seconds."""
    return _settled(port, run_id, timeout, progress, f"Run {run_id} goes on. Look again: medallion run {run_id}")


def wait_for_object(port: Port, source: str, source_file_id: str, timeout: float, progress: Progress) -> RunDetail:
    """The run that took the object in, once it has ended or is held; WaitedEnough after `timeout` seconds."""
    progress("waiting for its run")
    begun = time.monotonic()
    otherwise = (
        f"The object is in Landing ({source_file_id}) and its run has not ended yet; a source that runs by schedule "
        f"takes it at its hour. Look again: medallion runs"
    )
    run_id = _until(lambda: port.runs.run_of(source, source_file_id), port.pause, timeout, otherwise)
    return _settled(port, run_id, max(timeout - (time.monotonic() - begun), 0), progress, otherwise)


def _settled(port: Port, run_id: str, timeout: float, progress: Progress, otherwise: str) -> RunDetail:
    def look() -> RunDetail | None:
        run = port.runs.look(run_id)
        progress(f"run {run_id} is {run.status}")
        return run if settled(run) else None

    _until(look, port.pause, timeout, otherwise)
    return port.runs.run(run_id)


def _until(look: Callable[[], T | None], pause: float, timeout: float, otherwise: str) -> T:
    """What is looked for. The looks are `pause` seconds apart at first, and further the longer it takes."""
    begun = time.monotonic()
    while (found := look()) is None:
        waited = time.monotonic() - begun
        if waited >= timeout:
            raise WaitedEnough(f"{timeout:g} seconds have passed. {otherwise}")
        time.sleep(min(max(pause, waited / 30), _LONGEST_PAUSE, max(timeout - waited, 0.05)))
    return found
