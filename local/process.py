"""The embedded AWS as a background process: start it, ask it, stop it. Only what was started here is ever stopped."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from local.errors import NotRunning, StartFailed
from local.ports import check_port
from local.settings import HOST, Settings

START_SECONDS = 60.0
STOP_SECONDS = 20.0

_children: dict[int, subprocess.Popen[bytes]] = {}
"""Servers that this very process started: it must collect their end."""


class Running(BaseModel):
    """What the state folder records of a running server."""

    model_config = ConfigDict(frozen=True)

    pid: int
    started: float
    """The process's start mark by the operating system: a process id that was given to another is not ours."""
    settings: Settings


class Status(BaseModel):
    """What `status` reports."""

    model_config = ConfigDict(frozen=True)

    running: bool
    healthy: bool
    endpoint: str | None = None
    pid: int | None = None
    account: str | None = None
    region: str | None = None
    iam_enforced: bool | None = None
    memory_mb: int | None = None
    """Of the server and its Lambda processes; None where the system does not tell."""
    log: str | None = None


def up(settings: Settings, progress: Callable[[str], None] = lambda text: None) -> Running:
    """Start the server and wait until it is healthy; the running one where it runs already with these settings.

    Raises PortInUse, or StartFailed with the log's last lines.
    """
    current = running(settings.state_dir)
    if current is not None:
        if current.settings != settings:
            raise StartFailed(
                f"An embedded AWS runs already for this project, with other settings (port {current.settings.port}, "
                f"process {current.pid}). Stop it first: medallion local down"
            )
        return current
    check_port(settings.port)
    settings.state_dir.mkdir(parents=True, exist_ok=True)
    progress(f"starting on port {settings.port}")
    with settings.log_file.open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-c", _SERVE, settings.model_dump_json()],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
        )
    _children[process.pid] = process
    started = Running(pid=process.pid, started=_start_mark(process.pid) or 0.0, settings=settings)
    settings.record_file.write_text(started.model_dump_json())
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            settings.record_file.unlink(missing_ok=True)
            raise StartFailed(f"The server ended at start. Its log ({settings.log_file}) ends with:\n{_tail(settings)}")
        if healthy(settings):
            return started
        time.sleep(0.1)
    down(settings.state_dir)
    raise StartFailed(f"The server did not answer within {START_SECONDS:.0f} s. See {settings.log_file}")


_SERVE = """
import sys
from local.server import serve
from local.settings import HOST, Settings
serve(Settings.model_validate_json(sys.argv[1]))
"""


def down(state_dir: Path) -> bool:
    """Stop the server that was started for this state folder. False where none runs."""
    current = running(state_dir)
    if current is None:
        (state_dir / "local.json").unlink(missing_ok=True)
        return False
    os.kill(current.pid, signal.SIGTERM)
    deadline = time.monotonic() + STOP_SECONDS
    while _is(current) and time.monotonic() < deadline:
        time.sleep(0.05)
    if _is(current):
        os.kill(current.pid, signal.SIGKILL)
    child = _children.pop(current.pid, None)
    if child is not None:
        child.wait()
    current.settings.record_file.unlink(missing_ok=True)
    return True


def reset(state_dir: Path) -> None:
    """Forget everything that is deployed and stored; the server goes on. Raises NotRunning."""
    settings = require(state_dir).settings
    _ask(settings, "POST", "/_ministack/reset", timeout=60)


def status(state_dir: Path) -> Status:
    """How it stands with the server of this state folder."""
    current = running(state_dir)
    if current is None:
        return Status(running=False, healthy=False)
    settings = current.settings
    return Status(
        running=True,
        healthy=healthy(settings),
        endpoint=settings.endpoint,
        pid=current.pid,
        account=settings.account,
        region=settings.region,
        iam_enforced=settings.enforce_iam,
        memory_mb=memory_mb(current.pid),
        log=str(settings.log_file),
    )


def require(state_dir: Path) -> Running:
    """The running server, or NotRunning."""
    current = running(state_dir)
    if current is None:
        raise NotRunning("No embedded AWS runs for this project. Start it: medallion local up")
    return current


def running(state_dir: Path) -> Running | None:
    """The server that the state folder records, where its process still is the one that was started."""
    try:
        recorded = Running.model_validate_json((state_dir / "local.json").read_text())
    except (OSError, ValidationError):
        return None
    return recorded if _is(recorded) else None


def healthy(settings: Settings) -> bool:
    """Whether the server answers."""
    try:
        return "services" in json.loads(_ask(settings, "GET", "/_ministack/health", timeout=2))
    except (OSError, ValueError, http.client.HTTPException):
        return False


def _ask(settings: Settings, method: str, path: str, timeout: float) -> bytes:
    connection = http.client.HTTPConnection(HOST, settings.port, timeout=timeout)
    try:
        connection.request(method, path)
        return connection.getresponse().read()
    finally:
        connection.close()


def memory_mb(pid: int) -> int | None:
    """Resident memory of the process and all below it, shared pages counted once, in MB. None where /proc is absent."""
    total, todo = 0, [pid]
    while todo:
        process = Path("/proc") / str(todo.pop())
        try:
            rollup = (process / "smaps_rollup").read_text()
        except OSError:
            # It ended meanwhile; or this is a system without /proc.
            continue
        total += sum(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:"))
        for children in process.glob("task/*/children"):
            with contextlib.suppress(OSError):
                todo += [int(child) for child in children.read_text().split()]
    return total // 1024 or None


def _is(recorded: Running) -> bool:
    mark = _start_mark(recorded.pid)
    return mark is not None and (recorded.started in (0.0, mark))


def _start_mark(pid: int) -> float | None:
    """When the process started, by the system's own clock; 0.0 where that is not told; None where it is gone."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return None if fields[0] == "Z" else float(fields[19])
    except OSError:
        if Path("/proc/self/stat").exists():
            return None
    try:
        os.kill(pid, 0)
    except OSError:
        return None
    return 0.0


def _tail(settings: Settings, lines: int = 12) -> str:
    return "\n".join(settings.log_file.read_text(errors="replace").splitlines()[-lines:])
