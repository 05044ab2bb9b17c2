"""Step Functions: the state machine's own role is asked before a task acts, a failed callback task fails at once, and
a task learns that nobody waits for it."""

from __future__ import annotations

import contextvars
import json
import threading
from collections.abc import Callable
from typing import Any

from local import iam
from local.seams import seam
from local.settings import Settings

_EXECUTE_TASK = seam("services.stepfunctions", "_execute_task", "state_def", "raw_input", "execution", "ctx")
_INVOKE = seam("services.stepfunctions", "_invoke_resource", "resource", "input_data")
_INVOKE_IN_TIME = seam("services.stepfunctions", "_invoke_resource_with_timeout", "resource", "input_data", "timeout")
_INVOKE_WITH_CALLBACK = seam(
    "services.stepfunctions", "_invoke_with_callback", "resource", "input_data", "token", "state_def"
)
_CALL_LAMBDA = seam("services.stepfunctions", "_call_lambda", "func_ref", "event")
_PUBLISH = seam("services.stepfunctions", "_invoke_sns_publish", "resource", "input_data")
_DISPATCH = seam("services.stepfunctions", "_SERVICE_DISPATCH")
_TOKENS = seam("services.stepfunctions", "_task_tokens")
_MACHINES = seam("services.stepfunctions", "_state_machines")
_ERROR = seam("services.stepfunctions", "_ExecutionError")
_ACCOUNT = seam("core.responses", "get_account_id")
_REGION = seam("core.responses", "get_region")

_SERVICE = "states.amazonaws.com"
_IAM_PREFIX = {"sfn": "states", "eventbridge": "events", "cloudwatchlogs": "logs", "s3control": "s3"}

_REFUSALS = {
    "lambda": "Lambda.AWSLambdaException",
    "sns": "SNS.AuthorizationErrorException",
    "sqs": "SQS.AmazonSQSException",
    "dynamodb": "DynamoDB.AmazonDynamoDBException",
    "emr-serverless": "EmrServerless.AccessDeniedException",
}
"""The error names under which Step Functions reports a refusal, where they are not AccessDeniedException."""

_role: contextvars.ContextVar[str | None] = contextvars.ContextVar("state_machine_role", default=None)
_token: contextvars.ContextVar[str | None] = contextvars.ContextVar("task_token", default=None)
_machine: contextvars.ContextVar[str | None] = contextvars.ContextVar("state_machine", default=None)
_execution: contextvars.ContextVar[dict[str, Any] | None] = contextvars.ContextVar("execution", default=None)
_given_up: contextvars.ContextVar[threading.Event | None] = contextvars.ContextVar("task_given_up", default=None)
_machines_by_token: dict[str, str] = {}


def machine_of(token: str) -> str | None:
    """The ARN of the state machine whose task waits for this token, or has waited for it."""
    return _machines_by_token.get(token)


def abandoned() -> bool:
    """Whether nobody waits for the task in hand any longer: its time is up, or its execution was stopped."""
    execution, given_up = _execution.get(), _given_up.get()
    return (execution is not None and execution["status"] != "RUNNING") or (given_up is not None and given_up.is_set())


def task_error(error: str, cause: str) -> Exception:
    """What a task raises to fail under this name."""
    raised: Exception = _ERROR.get()(error, cause)
    return raised


def install(settings: Settings) -> None:
    """Repair the integrations; with IAM enforced, judge each task by the state machine's role."""
    _DISPATCH.get()["arn:aws:states:::sns:publish"] = _publish
    _CALL_LAMBDA.replace(_failing_callbacks)
    _INVOKE_WITH_CALLBACK.replace(lambda original: _with_token(original, enforce=settings.enforce_iam))
    _EXECUTE_TASK.replace(lambda original: _in_context(original, enforce=settings.enforce_iam))
    _INVOKE_IN_TIME.replace(_giving_up)
    if settings.enforce_iam:
        _INVOKE.replace(_judged)


def _in_context(original: Callable[..., Any], *, enforce: bool) -> Callable[..., Any]:
    def execute(state_def: Any, raw_input: Any, execution: dict[str, Any] | None, ctx: Any) -> Any:
        machine = _MACHINES.get().get((execution or {}).get("stateMachineArn")) or {}
        mark = _role.set(machine.get("roleArn") if enforce else None)
        named = _machine.set((execution or {}).get("stateMachineArn"))
        within = _execution.set(execution)
        try:
            return original(state_def, raw_input, execution, ctx)
        finally:
            _execution.reset(within)
            _machine.reset(named)
            _role.reset(mark)

    return execute


def _giving_up(original: Callable[..., Any]) -> Callable[..., Any]:
    """A task whose time is up goes on in the emulator, unheard; one that looks for it can stop what it started."""

    def invoke(resource: str, input_data: Any, timeout: float) -> Any:
        given_up = threading.Event()
        mark = _given_up.set(given_up)
        try:
            return original(resource, input_data, timeout)
        except _ERROR.get():
            given_up.set()
            raise
        finally:
            _given_up.reset(mark)

    return invoke


def _judged(original: Callable[..., Any]) -> Callable[..., Any]:
    def invoke(resource: str, input_data: Any) -> Any:
        judge(resource, input_data)
        return original(resource, input_data)

    return invoke


def _with_token(original: Callable[..., Any], *, enforce: bool) -> Callable[..., Any]:
    def invoke(resource: str, input_data: Any, token: str, state_def: Any) -> Any:
        if enforce:
            judge(resource, input_data)
        mark = _token.set(token)
        _machines_by_token[token] = _machine.get() or "*"
        try:
            return original(resource, input_data, token, state_def)
        finally:
            _token.reset(mark)

    return invoke


def _failing_callbacks(original: Callable[..., Any]) -> Callable[..., Any]:
    """A function that raises fails its waitForTaskToken task; the emulator alone would wait for an answer for ever."""

    def call(func_ref: str, event: Any) -> Any:
        try:
            return original(func_ref, event)
        except _ERROR.get() as error:
            waiting = _TOKENS.get().get(_token.get()) if _token.get() else None
            if waiting is not None and not waiting["event"].is_set():
                waiting["error"] = {"Error": error.error, "Cause": error.cause}
                waiting["event"].set()
            raise

    return call


def _publish(resource: str, arguments: dict[str, Any]) -> Any:
    """sns:publish: the emulator reads query parameters, and would lose attributes and a message given as an object."""
    query = {k: v if isinstance(v, str) else json.dumps(v) for k, v in arguments.items() if k != "MessageAttributes"}
    for n, (name, attribute) in enumerate((arguments.get("MessageAttributes") or {}).items(), 1):
        query[f"MessageAttributes.entry.{n}.Name"] = name
        query.update({f"MessageAttributes.entry.{n}.Value.{k}": v for k, v in attribute.items()})
    return _PUBLISH.get()(resource, query)


def judge(resource: str, arguments: Any) -> None:
    """Raise the task's error where the state machine's role may not do what the task asks."""
    role = _role.get()
    if role is None or ":activity:" in resource:
        return
    for action, target in required(resource, arguments if isinstance(arguments, dict) else {}):
        if refusal := refused(action, target):
            service = action.partition(":")[0]
            raise _ERROR.get()(_REFUSALS.get(service, f"{service.capitalize()}.AccessDeniedException"), refusal)


def refused(action: str, target: str) -> str | None:
    """Why the role of the state machine in hand may not do this; None where it may, or where IAM is not enforced."""
    role = _role.get()
    return iam.refuse_action(role, _SERVICE, "states", action, target) if role else None


def required(resource: str, arguments: dict[str, Any]) -> list[tuple[str, str]]:
    """The IAM actions, each with its resource, that a task needs. A service not known here is judged on resource
    "*"."""
    if resource.startswith("arn:aws:lambda:"):
        return [("lambda:InvokeFunction", resource)]
    if found := _required_of_jobs(resource, arguments):
        return found
    service, _, operation = resource.removeprefix("arn:aws:states:::").removeprefix("aws-sdk:").partition(":")
    operation = operation.partition(".")[0]
    service = _IAM_PREFIX.get(service, service)
    action = f"{service}:{operation[:1].upper()}{operation[1:]}"
    if service == "lambda":
        return [("lambda:InvokeFunction", _function_arn(arguments.get("FunctionName", "")))]
    if service == "s3":
        key = arguments.get("Key")
        return [(action, f"arn:aws:s3:::{arguments.get('Bucket')}" + (f"/{key}" if key else ""))]
    if service == "events":
        buses = {entry.get("EventBusName", "default") for entry in arguments.get("Entries", [])} or {"default"}
        return [
            (action, bus if bus.startswith("arn:") else _arn("events", f"event-bus/{bus}")) for bus in sorted(buses)
        ]
    target = {
        "dynamodb": _arn("dynamodb", f"table/{arguments.get('TableName')}"),
        "sns": arguments.get("TopicArn"),
        "sqs": _arn("sqs", str(arguments.get("QueueUrl", "")).rpartition("/")[2]),
        "states": arguments.get("StateMachineArn"),
        "glue": _arn("glue", f"job/{arguments.get('JobName')}"),
        "athena": _arn("athena", f"workgroup/{arguments.get('WorkGroup', 'primary')}"),
    }.get(service)
    return [(action, target or "*")]


def _required_of_jobs(resource: str, arguments: dict[str, Any]) -> list[tuple[str, str]]:
    """What the start of a job run needs, and with `.sync` the wait for its end: Step Functions looks after it in the
    machine's role, and has EMR's events sent by a rule that it manages itself.
    """
    match resource.partition("arn:aws:states:::")[2]:
        case "glue:startJobRun.sync":
            job = _arn("glue", f"job/{arguments.get('JobName')}")
            return [("glue:StartJobRun", job), ("glue:GetJobRun", job)]
        case "emr-serverless:startJobRun" | "emr-serverless:startJobRun.sync":
            application = _arn("emr-serverless", f"/applications/{arguments.get('ApplicationId')}")
            started = [("emr-serverless:StartJobRun", application)]
            if not resource.endswith(".sync"):
                return started
            rule = _arn("events", "rule/StepFunctionsGetEventsForEMRServerlessJobRule")
            managed = [(f"events:{action}", rule) for action in ("PutTargets", "PutRule", "DescribeRule")]
            return [*managed, *started, ("emr-serverless:GetJobRun", f"{application}/jobruns/*")]
    return []


def _function_arn(name: str) -> str:
    return name if name.startswith("arn:") else _arn("lambda", f"function:{name}")


def _arn(service: str, rest: str) -> str:
    return f"arn:aws:{service}:{_REGION.get()()}:{_ACCOUNT.get()()}:{rest}"
