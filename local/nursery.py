"""Starting Lambda processes: forked from one that has the heavy packages imported, or each on its own."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
from dataclasses import dataclass
from typing import Protocol

from local import worker

PRELOADED = (
    "boto3",
    "pydantic",
    "aws_lambda_powertools",
    "sqlglot",
    "pyarrow",
    "pyarrow.parquet",
    "pyiceberg.catalog.glue",
    "pyiceberg.io.pyarrow",
)
"""What most of the project's functions import. Nothing that reads its environment, or starts a thread, when
imported."""

_ENVIRONMENT = {
    "PATH": os.environ.get("PATH", ""),
    "PYTHONUNBUFFERED": "1",
    # A library that starts threads when it is imported cannot be forked.
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
}


class Process(Protocol):
    """A started worker."""

    def end(self) -> None:
        """Kill it; nothing where it has ended."""


class Starter(Protocol):
    """A way to start workers."""

    def start(self, control: socket.socket, log: int) -> Process:
        """Start a worker on its end of the control socket, printing to the log's descriptor."""

    def close(self) -> None:
        """Give up what the starter holds."""


@dataclass(frozen=True)
class Spawned:
    """A worker that is a child of this process."""

    process: subprocess.Popen[bytes]

    def end(self) -> None:
        self.process.kill()
        self.process.wait()


class Spawner:
    """Start each worker on its own: about a second, and its own memory, for the packages that a handler imports."""

    def start(self, control: socket.socket, log: int) -> Process:
        return Spawned(
            subprocess.Popen(
                [sys.executable, "-I", worker.__file__, str(control.fileno())],
                pass_fds=[control.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=_ENVIRONMENT,
            )
        )

    def close(self) -> None:
        return


@dataclass(frozen=True)
class Forked:
    """A worker that is a child of the nursery."""

    nursery: Nursery
    pid: int

    def end(self) -> None:
        self.nursery.end(self.pid)


class Nursery:
    """Fork workers from one process, which starts at the first need and again should it ever end."""

    def __init__(self, modules: tuple[str, ...] = PRELOADED) -> None:
        self._modules = modules
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._requests: socket.socket | None = None

    def warm_up(self) -> None:
        """Start the process before the first need."""
        with self._lock:
            self._connected()

    def start(self, control: socket.socket, log: int) -> Process:
        with self._lock:
            requests = self._connected()
            socket.send_fds(requests, [b'{"start": true}'], [control.fileno(), log])
            return Forked(self, json.loads(requests.recv(1024))["pid"])

    def end(self, pid: int) -> None:
        """Kill the worker; the nursery knows whether it is still its own."""
        with self._lock:
            if self._requests is not None and self._process is not None and self._process.poll() is None:
                self._requests.send(json.dumps({"end": pid}).encode())
                self._requests.recv(1024)

    def close(self) -> None:
        with self._lock:
            if self._requests is not None:
                self._requests.close()
            if self._process is not None:
                self._process.kill()
                self._process.wait()
            self._requests = self._process = None

    def _connected(self) -> socket.socket:
        if self._requests is not None and self._process is not None and self._process.poll() is None:
            return self._requests
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-I", worker.__file__, "nursery", str(theirs.fileno()), *self._modules],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                env=_ENVIRONMENT,
            )
        self._requests = ours
        return ours


def starter() -> Starter:
    """The nursery where forking a process with libraries loaded is safe; elsewhere each worker starts on its own."""
    return Nursery() if sys.platform == "linux" else Spawner()
