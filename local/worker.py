"""One Lambda execution environment: a process that imports a handler and serves its invocations, one at a time.

Runs in a process of its own, started by path, and imports nothing of the project but the handler. It speaks JSON
lines over a socket: first its settings, then one line per invocation, each answered by one line. Everything that the
handler prints goes to the log pipe (standard output and error); a line that begins with LOG_END closes an
invocation's log.

As a nursery (`worker.py nursery FD MODULE…`) the process imports the heavy packages once and forks an environment at
each request: the packages' memory is shared, and a cold start takes milliseconds.
"""

from __future__ import annotations

import contextlib
import gc
import http.client
import importlib
import json
import os
import signal
import socket
import sys
import time
import traceback
from typing import Any, NoReturn, TextIO

LOG_END = "\x1e"
CLOCK_SHIFT = "MEDALLION_LOCAL_CLOCK_SHIFT"
"""How many seconds this environment's clock is off, where a test asked for that."""


class Context:
    """What Lambda's Python runtime gives a handler as its second argument."""

    identity = None
    client_context = None

    def __init__(self, request_id: str, function_arn: str, deadline: float) -> None:
        self.aws_request_id = request_id
        self.invoked_function_arn = function_arn
        self.function_name = os.environ["AWS_LAMBDA_FUNCTION_NAME"]
        self.function_version = os.environ["AWS_LAMBDA_FUNCTION_VERSION"]
        self.memory_limit_in_mb = os.environ["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"]
        self.log_group_name = os.environ["AWS_LAMBDA_LOG_GROUP_NAME"]
        self.log_stream_name = os.environ["AWS_LAMBDA_LOG_STREAM_NAME"]
        self._deadline = deadline

    def get_remaining_time_in_millis(self) -> int:
        return max(0, int((self._deadline - time.time()) * 1000))


def serve(control: socket.socket) -> None:
    """Serve invocations until the other side hangs up."""
    requests = control.makefile("r", encoding="utf-8")
    answers = control.makefile("w", encoding="utf-8")
    settings = json.loads(requests.readline())
    _enter(settings)
    try:
        module = importlib.import_module(settings["module"])
        handler = getattr(module, settings["function"])
    except BaseException as error:  # noqa: BLE001  # whatever an import raises is reported to the caller
        _answer(answers, {"error": _import_failure(settings, error)}, "init")
        return
    _answer(answers, {"ready": True}, "init")
    for line in requests:
        invocation = json.loads(line)
        _answer(answers, _invoke(handler, invocation), invocation["request_id"])


def _enter(settings: dict[str, Any]) -> None:
    """Take on the function's environment, code and layers, as Lambda's runtime would."""
    os.environ.clear()
    os.environ.update(settings["environment"])
    time.tzset()
    sys.path[:0] = [settings["code"], *settings["layers"]]
    os.chdir(settings["code"])
    _use_plain_http_on_loopback(settings["endpoint_host"])
    _carry_depth(settings["depth_header"])
    if shift := os.environ.pop(CLOCK_SHIFT, None):
        _shift_clock(float(shift))


def _shift_clock(seconds: float) -> None:
    """Let everything in this process read a clock that is off, but for signatures: AWS would refuse every call whose
    signature is minutes away from its own clock, and nothing of the handler's would be seen.
    """
    time_machine = importlib.import_module("time_machine")
    datetime = importlib.import_module("datetime")
    signing: Any = importlib.import_module("botocore.auth")
    time_machine.travel(time.time() + seconds, tick=True).start()
    true_clock = time_machine.escape_hatch.datetime.datetime
    signing.get_current_datetime = lambda remove_tzinfo=True: true_clock.now(datetime.timezone.utc).replace(
        tzinfo=None if remove_tzinfo else datetime.timezone.utc
    )


def _invoke(handler: Any, invocation: dict[str, Any]) -> dict[str, Any]:
    for name in ("_X_AMZN_TRACE_ID", "_MEDALLION_INVOKE_DEPTH"):
        os.environ.pop(name, None)
    if invocation["trace_id"]:
        os.environ["_X_AMZN_TRACE_ID"] = invocation["trace_id"]
    if invocation["depth"]:
        os.environ["_MEDALLION_INVOKE_DEPTH"] = str(invocation["depth"])
    context = Context(invocation["request_id"], invocation["function_arn"], time.time() + invocation["timeout"])
    try:
        result = handler(invocation["event"], context)
    except Exception as error:  # noqa: BLE001  # whatever a handler raises is its outcome
        traceback.print_exc()
        return {"error": _failure(error)}
    try:
        return {"result": json.loads(json.dumps(result))}
    except (TypeError, ValueError) as error:
        message = f"Unable to marshal response: {error}"
        return {"error": {"errorType": "Runtime.MarshalError", "errorMessage": message, "stackTrace": []}}


def _failure(error: BaseException) -> dict[str, Any]:
    """The payload by which Lambda's Python runtime reports an exception: its class decides what ErrorEquals matches."""
    frames = traceback.extract_tb(error.__traceback__)[1:]
    return {
        "errorType": type(error).__name__,
        "errorMessage": str(error),
        "stackTrace": traceback.format_list(frames),
    }


def _import_failure(settings: dict[str, Any], error: BaseException) -> dict[str, Any]:
    traceback.print_exc()
    kind = {
        ImportError: "Runtime.ImportModuleError",
        ModuleNotFoundError: "Runtime.ImportModuleError",
        AttributeError: "Runtime.HandlerNotFound",
        SyntaxError: "Runtime.UserCodeSyntaxError",
    }.get(type(error), type(error).__name__)
    message = f"Unable to import module '{settings['module']}': {error}"
    return {"errorType": kind, "errorMessage": message, "stackTrace": []}


def _answer(answers: TextIO, answer: dict[str, Any], of: str) -> None:
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(ValueError, OSError):
            stream.flush()
    os.write(2, f"{LOG_END}{of}\n".encode())
    answers.write(json.dumps(answer) + "\n")
    answers.flush()


def _use_plain_http_on_loopback(endpoint_host: str) -> None:
    """Let code that insists on HTTPS reach the embedded AWS, which speaks plain HTTP on loopback only.

    A custom resource's library answers CloudFormation through `http.client.HTTPSConnection`, whatever the URL's scheme.
    """
    secure = http.client.HTTPSConnection.connect
    names = (endpoint_host, endpoint_host.replace("127.0.0.1", "localhost"))

    def connect(connection: http.client.HTTPSConnection) -> None:
        if f"{connection.host}:{connection.port}" in names:
            http.client.HTTPConnection.connect(connection)
        else:
            secure(connection)

    http.client.HTTPSConnection.connect = connect  # type: ignore[assignment,method-assign]  # for any library's use


def _carry_depth(header: str) -> None:
    """Stamp outgoing AWS calls with how deep this invocation is, so that a nested invocation is known for one."""
    try:
        handlers = importlib.import_module("botocore.handlers")
    except ImportError:
        return

    def stamp(params: dict[str, Any], **_: Any) -> None:
        depth = os.environ.get("_MEDALLION_INVOKE_DEPTH")
        if depth:
            params["headers"].setdefault(header, depth)

    handlers.BUILTIN_HANDLERS.append(("before-call", stamp))


# --- the nursery


def nurse(requests: socket.socket, modules: list[str]) -> None:
    """Import the modules, then fork an environment, or end one, as asked, until the other side hangs up."""
    for name in modules:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    # A collection in a child would touch, and so copy, every page that it shares.
    gc.collect()
    gc.freeze()
    children: set[int] = set()
    while True:
        message, descriptors, _, _ = socket.recv_fds(requests, 1024, 2)
        if not message:
            break
        _forget_ended(children)
        request = json.loads(message)
        if "end" in request:
            if request["end"] in children:
                os.kill(request["end"], signal.SIGKILL)
            requests.send(b"{}")
            continue
        control, log = descriptors
        child = os.fork()
        if child == 0:
            requests.close()
            _become_environment(control, log)
        os.close(control)
        os.close(log)
        children.add(child)
        requests.send(json.dumps({"pid": child}).encode())
    for child in children:
        with contextlib.suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)


def _become_environment(control: int, log: int) -> NoReturn:
    status = 1
    try:
        os.dup2(log, 1)
        os.dup2(log, 2)
        os.close(log)
        serve(socket.socket(fileno=control))
        status = 0
    except SystemExit as leaving:
        status = leaving.code if isinstance(leaving.code, int) else 1
    finally:
        # Nothing of the nursery's may run in the child.
        os._exit(status)


def _forget_ended(children: set[int]) -> None:
    """Collect the children that ended: an id is given to another process only after that."""
    for child in list(children):
        if os.waitpid(child, os.WNOHANG)[0]:
            children.remove(child)


if __name__ == "__main__":
    if sys.argv[1] == "nursery":
        nurse(socket.socket(fileno=int(sys.argv[2])), sys.argv[3:])
    else:
        serve(socket.socket(fileno=int(sys.argv[1])))
