"""Lambda execution environments: starting a process per environment, talking to it, keeping warm ones within bounds."""

from __future__ import annotations

import hashlib
import json
import os
import queue
import shutil
import socket
import tempfile
import threading
import time
from collections import OrderedDict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from local import worker
from local.nursery import Starter

INIT_SECONDS = 60.0
"""What an import may take. Lambda's own bound is 10 s, on a machine that does nothing else."""


@dataclass(frozen=True)
class Function:
    """What an execution environment is started from. Two configurations never share one."""

    arn: str
    module: str
    function: str
    code: Path
    layers: tuple[Path, ...]
    environment: tuple[tuple[str, str], ...]
    endpoint_host: str
    depth_header: str

    @property
    def key(self) -> str:
        return hashlib.sha256(repr(self).encode()).hexdigest()

    def settings(self) -> dict[str, Any]:
        return {
            "module": self.module,
            "function": self.function,
            "code": str(self.code),
            "layers": [str(layer) for layer in self.layers],
            "environment": dict(self.environment),
            "endpoint_host": self.endpoint_host,
            "depth_header": self.depth_header,
        }


@dataclass(frozen=True)
class Answer:
    """What came of an invocation: a result, or Lambda's error payload; and what was printed meanwhile."""

    result: Any = None
    error: dict[str, Any] | None = None
    log: str = ""
    alive: bool = True
    """Whether the environment can serve again."""


class Environment:
    """A started process. Not for two threads at once: the pool leases it."""

    def __init__(self, function: Function, starter: Starter) -> None:
        self.function = function
        self.last_used = time.monotonic()
        self.scratch = Path(tempfile.mkdtemp(prefix="medallion-lambda-"))
        self._control, theirs = socket.socketpair()
        log, printed = os.pipe()
        try:
            self._process = starter.start(theirs, printed)
        finally:
            theirs.close()
            os.close(printed)
        self._log_file = os.fdopen(log, "r", encoding="utf-8", errors="replace", newline="\n")
        self._pending = b""
        self._log: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        threading.Thread(target=self._read_log, name="lambda-log", daemon=True).start()
        settings = function.settings()
        settings["environment"]["TMPDIR"] = str(self.scratch)
        self._send(settings)
        self._ready: Answer | None = None

    def invoke(self, invocation: dict[str, Any], timeout: float) -> Answer:
        """Run one invocation, at most `timeout` seconds from when the handler is imported."""
        log: list[str] = []
        if self._ready is None:
            self._ready = self._exchange(None, "init", INIT_SECONDS, "Runtime.InitTimeout", log)
            if self._ready.error is not None:
                return Answer(error=self._ready.error, log="\n".join(log), alive=False)
        return self._exchange(invocation, invocation["request_id"], timeout, "Sandbox.Timedout", log)

    def close(self) -> None:
        """End the process, and forget its scratch folder."""
        self._control.close()
        self._process.end()
        shutil.rmtree(self.scratch, ignore_errors=True)

    def _exchange(
        self, message: dict[str, Any] | None, of: str, timeout: float, on_timeout: str, log: list[str]
    ) -> Answer:
        try:
            if message is not None:
                self._send(message)
            answer = json.loads(self._receive(time.monotonic() + timeout))
        except TimeoutError:
            self._process.end()
            self._collect_log(of, log)
            error = {"errorType": on_timeout, "errorMessage": f"Task timed out after {timeout:.2f} seconds"}
            return Answer(error=error, log="\n".join(log), alive=False)
        except (EOFError, OSError):
            self._process.end()
            self._collect_log(of, log)
            error = {"errorType": "Runtime.ExitError", "errorMessage": f"RequestId: {of} Error: Runtime exited"}
            return Answer(error=error, log="\n".join(log), alive=False)
        self._collect_log(of, log)
        self.last_used = time.monotonic()
        return Answer(answer.get("result"), answer.get("error"), "\n".join(log))

    def _send(self, message: dict[str, Any]) -> None:
        self._control.settimeout(None)
        self._control.sendall(json.dumps(message).encode() + b"\n")

    def _receive(self, deadline: float) -> bytes:
        while b"\n" not in self._pending:
            self._control.settimeout(max(0.001, deadline - time.monotonic()))
            part = self._control.recv(1 << 20)
            if not part:
                raise EOFError
            self._pending += part
        line, _, self._pending = self._pending.partition(b"\n")
        return line

    def _read_log(self) -> None:
        with self._log_file:
            for line in self._log_file:
                self._log.put(line.rstrip("\n"))
        self._log.put(None)

    def _collect_log(self, of: str, log: list[str]) -> None:
        """Take the lines up to the invocation's end mark. A process that ended closes its log by ending."""
        while True:
            try:
                line = self._log.get(timeout=1.0)
            except queue.Empty:
                return
            if line is None or line == f"{worker.LOG_END}{of}":
                return
            if not line.startswith(worker.LOG_END):
                log.append(line)


@dataclass
class Pool:
    """Warm environments, the longest idle first. Bounded in how many run at once and how many wait idle."""

    starter: Starter
    slots: int
    idle: int
    idle_seconds: float
    _slots: threading.BoundedSemaphore = field(init=False)
    _lock: threading.Lock = field(init=False, default_factory=threading.Lock)
    _idle: OrderedDict[int, Environment] = field(init=False, default_factory=OrderedDict)

    def __post_init__(self) -> None:
        self._slots = threading.BoundedSemaphore(self.slots)

    def run(self, function: Function, invocation: dict[str, Any], timeout: float, *, nested: bool) -> Answer:
        """Run one invocation in a warm environment or a new one.

        A nested one, for which another invocation waits, takes no slot: it would wait for the one that waits for it.
        """
        if nested:
            return self._run(function, invocation, timeout)
        with self._slots:
            return self._run(function, invocation, timeout)

    def _run(self, function: Function, invocation: dict[str, Any], timeout: float) -> Answer:
        environment = self._lease(function) or Environment(function, self.starter)
        answer = environment.invoke(invocation, timeout)
        if answer.alive:
            self._keep(environment)
        else:
            environment.close()
        return answer

    def _lease(self, function: Function) -> Environment | None:
        with self._lock:
            for mark, environment in reversed(self._idle.items()):
                if environment.function.key == function.key:
                    return self._idle.pop(mark)
        return None

    def _keep(self, environment: Environment) -> None:
        with self._lock:
            self._idle[id(environment)] = environment
        self.reap()

    def reap(self) -> None:
        """Close idle environments beyond the bound, and those idle for too long."""
        now = time.monotonic()
        with self._lock:
            surplus = len(self._idle) - self.idle
            old = [
                mark
                for n, (mark, environment) in enumerate(self._idle.items())
                if n < surplus or now - environment.last_used > self.idle_seconds
            ]
            closing = [self._idle.pop(mark) for mark in old]
        for environment in closing:
            environment.close()

    def close(self) -> None:
        """Close every idle environment."""
        with self._lock:
            closing = list(self._idle.values())
            self._idle.clear()
        for environment in closing:
            environment.close()
