"""Runs of Spark jobs: waiting for a turn, running within a time, being stopped, and what came of each."""

from __future__ import annotations

import contextvars
import json
import logging
import os
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Protocol

import psutil

from local.errors import SparkMissing
from local.settings import Settings
from local.spark import installation
from local.spark.launch import Command, Job, LaunchFailed, prepare
from local.spark.logs import Follower, Sink
from local.spark.roles import Actor

logger = logging.getLogger("local.spark")

_TICK_SECONDS = 0.1
_GRACE_SECONDS = 2.0
_MESSAGE_CHARACTERS = 2000


class How(StrEnum):
    """How a run ended."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"
    TIMED_OUT = "timed out"
    STOPPED = "stopped"


@dataclass(frozen=True)
class End:
    """What came of a run."""

    how: How
    message: str = ""
    """Why it failed, as Python says it: "ValueError: …"."""
    exit_code: int | None = None
    """None where no process was started, or it was ended from here."""


class Watcher(Protocol):
    """The service for which a run is made. Called in the run's own thread."""

    def sinks(self, actor: Actor) -> tuple[list[Sink], list[Sink]]:
        """Where the standard output and the standard error go."""

    def began(self) -> None:
        """The run has its turn."""

    def ended(self, end: End) -> None:
        """The run is over."""


@dataclass
class Run:
    """A run that has begun, or waits for its turn."""

    job: Job
    stopping: threading.Event = field(default_factory=threading.Event)
    over: threading.Event = field(default_factory=threading.Event)

    def stop(self) -> None:
        """Ask it to end. It ends within seconds, and its watcher is told."""
        self.stopping.set()

    def wait(self, seconds: float | None = None) -> bool:
        """Whether it was over within the time."""
        return self.over.wait(seconds)


class Runner:
    """Runs jobs, at most `spark_slots` at once."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._slots = threading.BoundedSemaphore(settings.spark_slots)
        self._lock = threading.Lock()
        self._live: dict[int, Run] = {}

    def start(self, job: Job, assume: Callable[[], Actor], timeout_minutes: float | None, watcher: Watcher) -> Run:
        """Start a run, and return at once. `assume` gives the credentials when the run has its turn."""
        run = Run(job)
        with self._lock:
            self._live[id(run)] = run
        body = contextvars.copy_context()
        threading.Thread(
            target=body.run,
            args=(self._run, run, assume, timeout_minutes, watcher),
            name=f"spark-{job.run_id}",
            daemon=True,
        ).start()
        return run

    def close(self) -> None:
        """Stop every run, and wait until each is over."""
        with self._lock:
            live = list(self._live.values())
        for run in live:
            run.stop()
        for run in live:
            run.wait(_GRACE_SECONDS * 3)

    def _run(self, run: Run, assume: Callable[[], Actor], timeout_minutes: float | None, watcher: Watcher) -> None:
        folder = self._settings.state_dir / "spark" / run.job.run_id
        try:
            end = self._in_turn(run, assume, timeout_minutes, watcher, folder)
        except (LaunchFailed, SparkMissing) as error:
            end = End(How.FAILED, f"{type(error).__name__}: {error}")
        except Exception as error:
            # A defect here is the run's outcome too: whoever waits for it must learn of its end.
            logger.exception("the Spark job %s could not be run", run.job.run_id)
            end = End(How.FAILED, f"{type(error).__name__}: {error}")
        finally:
            shutil.rmtree(folder, ignore_errors=True)
            with self._lock:
                self._live.pop(id(run), None)
        watcher.ended(end)
        run.over.set()

    def _in_turn(
        self, run: Run, assume: Callable[[], Actor], timeout_minutes: float | None, watcher: Watcher, folder: Path
    ) -> End:
        while not self._slots.acquire(timeout=_TICK_SECONDS):
            if run.stopping.is_set():
                return End(How.STOPPED)
        try:
            if run.stopping.is_set():
                return End(How.STOPPED)
            watcher.began()
            actor = assume()
            folder.mkdir(parents=True)
            found = installation.find(self._settings.spark_dir)
            command = prepare(run.job, actor, found, folder, self._settings)
            seconds = None if timeout_minutes is None else timeout_minutes * self._settings.spark_minute_seconds
            return self._supervise(run, command, watcher.sinks(actor), seconds)
        finally:
            self._slots.release()

    def _supervise(
        self, run: Run, command: Command, sinks: tuple[list[Sink], list[Sink]], seconds: float | None
    ) -> End:
        folder = command.folder.parent
        followers = [Follower(folder / name, to) for name, to in zip(("stdout", "stderr"), sinks, strict=True)]
        deadline = None if seconds is None else time.monotonic() + seconds
        with (folder / "stdout").open("wb") as out, (folder / "stderr").open("wb") as err:
            process = subprocess.Popen(
                command.arguments,
                stdin=subprocess.PIPE,
                stdout=out,
                stderr=err,
                cwd=command.folder,
                env=command.environment,
                start_new_session=True,
            )
        logger.info("the Spark job %s runs as process %d", run.job.run_id, process.pid)
        how: How | None = None
        try:
            while process.poll() is None and how is None:
                for follower in followers:
                    follower.carry()
                if run.stopping.wait(_TICK_SECONDS):
                    how = How.STOPPED
                elif deadline is not None and time.monotonic() > deadline:
                    how = How.TIMED_OUT
        finally:
            _end(process)
        if failure := _noted(command.outcome):
            # Spark prints what Python complains of as standard output. As on Glue, the error log has it as well.
            with (folder / "stderr").open("a", encoding="utf-8") as err_log:
                err_log.write(f"Error from Python:\n{failure['traceback'] or failure['message']}\n")
        for follower in followers:
            follower.close()
        return End(how) if how is not None else _outcome(process.returncode, failure)


def _noted(outcome: Path) -> dict[str, str] | None:
    """What the driver noted of the script's failure."""
    try:
        noted: dict[str, str] = json.loads(outcome.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return noted


def _outcome(code: int, failure: dict[str, str] | None) -> End:
    if code == 0:
        return End(How.SUCCEEDED, exit_code=0)
    if failure is None:
        # The script did not get to say anything: its process was killed, or Spark itself did not start.
        return End(How.FAILED, f"Command failed with exit code {code}", code)
    return End(How.FAILED, f"{failure['type']}: {failure['message']}"[:_MESSAGE_CHARACTERS], code)


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the guard, the driver and everything below it: politely, then not."""
    try:
        below = psutil.Process(process.pid).children(recursive=True)
    except psutil.NoSuchProcess:
        below = []
    if process.poll() is None:
        _signal_group(process.pid, signal.SIGTERM)
        try:
            process.wait(_GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            _signal_group(process.pid, signal.SIGKILL)
    # Python workers that Spark starts lead groups of their own.
    for left in below:
        try:
            left.kill()
        except psutil.NoSuchProcess:
            continue
    process.wait()
    if process.stdin is not None:
        process.stdin.close()


def _signal_group(group: int, number: signal.Signals) -> None:
    try:
        os.killpg(group, number)
    except ProcessLookupError:
        return
