"""Lambda: bounded concurrency, environments that outlive an exception, and errors that keep their class."""

from __future__ import annotations

import atexit
import contextvars
import logging
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

from local import iam
from local.environments import Function, Pool
from local.faults import CLOCK_SHIFT, FAULTS
from local.nursery import Nursery, starter
from local.packages import layer_paths, unpacked
from local.seams import seam
from local.settings import HOST, Settings

logger = logging.getLogger("local.lambdas")

_EXECUTE = seam("services.lambda_svc", "_execute_function_warm", "func", "event", "request_id")
_EXECUTE_IN_SCOPE = seam("services.lambda_svc", "_execute_function_with_config_scope", "func", "event")
_ASYNCHRONOUS = seam("services.lambda_svc", "invoke_async_with_retry", "func", "event")
_RESET = seam("services.lambda_svc", "reset")
_LAYER_ZIP = seam("services.lambda_svc", "_resolve_layer_zip", "attachment")
_TRACE_ID = seam("services.lambda_svc", "_xray_trace_id_for_invocation", "config")
_DEPTH = seam("services.lambda_svc", "_invoke_depth")
_DEPTH_HEADER = seam("core.lambda_runtime", "INVOKE_DEPTH_HEADER")
_CREDENTIALS = seam("core.lambda_runtime", "execution_credentials", "config")
_DELIVER_RESPONSE = seam("services.cloudformation.custom_resource", "deliver_response", "token", "response")

_RESPONSE_PATH = "/_ministack/cfn-response/"
_RESERVED = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_REGION", "AWS_DEFAULT_REGION")

_asynchronous: contextvars.ContextVar[str] = contextvars.ContextVar("asynchronous", default="")
"""The request id of the asynchronous invocation that goes on: Lambda tries it again under the same one."""


def install(settings: Settings) -> Pool:
    """Run Python functions in this package's environments; other runtimes stay the emulator's business."""
    workers = starter()
    pool = Pool(workers, settings.lambda_slots, settings.lambda_idle, settings.lambda_idle_seconds)
    atexit.register(workers.close)
    atexit.register(pool.close)
    if isinstance(workers, Nursery):
        threading.Thread(target=workers.warm_up, name="lambda-nursery", daemon=True).start()
    threading.Thread(target=_reap_for_ever, args=(pool,), name="lambda-reaper", daemon=True).start()
    _EXECUTE.replace(lambda original: _executor(original, pool, settings))
    _EXECUTE_IN_SCOPE.replace(_answering_custom_resources)
    _ASYNCHRONOUS.replace(_without_waiting)
    _RESET.replace(lambda original: _resetting(original, pool))
    return pool


def _reap_for_ever(pool: Pool) -> None:
    while True:
        time.sleep(15)
        pool.reap()


def _executor(original: Callable[..., Any], pool: Pool, settings: Settings) -> Callable[..., Any]:
    def execute(func: dict[str, Any], event: Any, request_id: str) -> Any:
        config = func.get("config") or func
        if not str(config.get("Runtime", "")).startswith("python") or not func.get("code_zip"):
            return original(func, event, request_id)
        if settings.enforce_iam and (refusal := iam.refuse_role(config["Role"], "lambda.amazonaws.com")):
            return _failed({"errorType": "AccessDeniedException", "errorMessage": refusal}, "")
        invocation = {
            "event": event,
            "request_id": _asynchronous.get() or request_id,
            "function_arn": config["FunctionArn"],
            "timeout": float(config.get("Timeout", 3)),
            "trace_id": _TRACE_ID.get()(config),
            "depth": _DEPTH.get().get(),
        }
        nested = (invocation["depth"] or 0) > 1 and not _asynchronous.get()
        try:
            function = _function(config, func["code_zip"], settings)
        except ValueError as error:
            return _failed({"errorType": "Runtime.ImportModuleError", "errorMessage": str(error)}, "")
        answer = pool.run(function, invocation, invocation["timeout"], nested=nested)
        if answer.error is not None:
            return _failed({"requestId": request_id, **answer.error}, answer.log)
        return {"body": answer.result, "log": answer.log}

    return execute


def _failed(payload: dict[str, Any], log: str) -> dict[str, Any]:
    return {"body": payload, "error": True, "log": log or payload["errorMessage"]}


def _function(config: dict[str, Any], code: bytes, settings: Settings) -> Function:
    module, _, name = config.get("Handler", "index.handler").rpartition(".")
    folder = unpacked(code, settings.state_dir / "code")
    archives = [_LAYER_ZIP.get()(layer) for layer in config.get("Layers") or []]
    layers = [path for zipped in archives if zipped for path in layer_paths(zipped, settings.state_dir / "layers")]
    return Function(
        arn=config["FunctionArn"],
        module=module.replace("/", "."),
        function=name,
        code=folder,
        layers=tuple(layers),
        environment=tuple(sorted(_environment(config, folder, settings).items())),
        endpoint_host=f"{HOST}:{settings.port}",
        depth_header=_DEPTH_HEADER.get(),
    )


def _environment(config: dict[str, Any], code: Path, settings: Settings) -> dict[str, str]:
    """What a handler finds in its environment: Lambda's own variables, the function's, and where AWS is."""
    name = config["FunctionName"]
    declared = (config.get("Environment") or {}).get("Variables") or {}
    logging_config = config.get("LoggingConfig") or {}
    region = config["FunctionArn"].split(":")[3]
    return {
        "PATH": f"{Path(sys.executable).parent}:/usr/local/bin:/usr/bin:/bin",
        "LANG": "en_US.UTF-8",
        "TZ": ":UTC",
        "PYTHONUNBUFFERED": "1",
        "LAMBDA_TASK_ROOT": str(code),
        "_HANDLER": config.get("Handler", "index.handler"),
        "AWS_EXECUTION_ENV": f"AWS_Lambda_{config['Runtime']}",
        "AWS_LAMBDA_FUNCTION_NAME": name,
        "AWS_LAMBDA_FUNCTION_VERSION": config.get("Version", "$LATEST"),
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(config.get("MemorySize", 128)),
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_GROUP_NAME": logging_config.get("LogGroup") or f"/aws/lambda/{name}",
        "AWS_LAMBDA_LOG_STREAM_NAME": "local",
        "AWS_XRAY_CONTEXT_MISSING": "LOG_ERROR",
        "AWS_XRAY_DAEMON_ADDRESS": f"{HOST}:2000",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_ENDPOINT_URL": settings.endpoint,
        **{key: str(value) for key, value in declared.items() if key not in _RESERVED},
        "AWS_REGION": region,
        "AWS_DEFAULT_REGION": region,
        **_CREDENTIALS.get()(config),
        **({CLOCK_SHIFT: str(shift)} if (shift := FAULTS.clock_of(name)) else {}),
    }


def _answering_custom_resources(original: Callable[..., Any]) -> Callable[..., Any]:
    """A custom resource's function that fails before it answers fails its resource at once, not after an hour."""

    def execute(func: dict[str, Any], event: Any) -> Any:
        result = original(func, event)
        url = event.get("ResponseURL", "") if isinstance(event, dict) else ""
        if _RESPONSE_PATH in url and isinstance(result, dict) and result.get("error"):
            body = result.get("body") or {}
            reason = f"{body.get('errorType')}: {body.get('errorMessage')}" if isinstance(body, dict) else str(body)
            token = url.rpartition(_RESPONSE_PATH)[2]
            _DELIVER_RESPONSE.get()(token, {"Status": "FAILED", "Reason": reason, "PhysicalResourceId": token})
        return result

    return execute


def _without_waiting(original: Callable[..., Any]) -> Callable[..., Any]:
    """An asynchronous invocation has one request id over all its tries, and queues for a slot even where a function
    asked for it: nobody waits for its end.
    """

    def invoke(func: dict[str, Any], event: Any) -> None:
        mark = _asynchronous.set(str(uuid4()))
        try:
            original(func, event)
        finally:
            _asynchronous.reset(mark)

    return invoke


def _resetting(original: Callable[..., Any], pool: Pool) -> Callable[..., Any]:
    def reset() -> None:
        pool.close()
        original()

    return reset
