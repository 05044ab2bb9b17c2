"""EventBridge and EventBridge Scheduler deliveries: who may receive, what is retried, where a refused one goes.

On AWS a rule reaches a target by the target's resource policy or by the target's role, a schedule by its role; an
undelivered
event goes to the target's dead-letter queue; a Lambda target is invoked asynchronously, with its own retries and
dead letters.
"""

from __future__ import annotations

import contextvars
import json
import logging
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from local import iam
from local.seams import seam
from local.settings import Settings

logger = logging.getLogger("local.delivery")

_INVOKE_TARGET = seam("services.eventbridge", "_invoke_target", "target", "event", "rule", "view")
_DISPATCH_TO_LAMBDA = seam("services.eventbridge", "_dispatch_to_lambda", "arn", "payload")
_DISPATCH_EVENT = seam("services.eventbridge", "_dispatch_event", "event", "view")
_FIRE_S3_EVENT = seam("services.s3", "_fire_s3_event", "bucket_name", "key", "event_name")
_FUNCTION_BY_REF = seam("services.lambda_svc", "_get_func_record_for_ref", "function_ref")
_EXECUTION_RECORD = seam("services.lambda_svc", "_execution_record_for_config", "func", "config")
_INVOKE_ASYNC = seam("services.lambda_svc", "invoke_async_with_retry", "func", "event")
_QUEUE_ALLOWS = seam("services.sqs", "queue_policy_allows", "queue_arn", "service", "source_arn", "source_account")
_TOPIC_ALLOWS = seam("services.sns", "topic_policy_allows", "topic_arn", "service", "source_arn", "source_account")
_SEND_MESSAGE = seam("services.sqs", "_act_send_message", "data", "qurl")
_QUEUE_BY_ARN = seam("services.sqs", "_queue_by_arn", "arn")
_ROUTE_FAILURE = seam("services.lambda_svc", "_route_async_failure", "target_arn", "func_name", "event", "result")
_FUNCTIONS = seam("services.lambda_svc", "_functions")
_TICK_SECONDS = seam("services.scheduler", "_SCHEDULE_TICK_INTERVAL")
_ACCOUNT = seam("core.responses", "get_account_id")

_DUE_AT = "<aws.scheduler.scheduled-time>"
_RULES = "events.amazonaws.com"
_SCHEDULES = "scheduler.amazonaws.com"
_ROLE_ACTIONS = {
    "lambda": "lambda:InvokeFunction",
    "states": "states:StartExecution",
    "sqs": "sqs:SendMessage",
    "sns": "sns:Publish",
    "events": "events:PutEvents",
}

_object_version: contextvars.ContextVar[str | None] = contextvars.ContextVar("object_version", default=None)


def install(settings: Settings) -> None:
    """Put permissions, retries, dead letters, the object's version and the schedule's moment in place."""
    _DISPATCH_TO_LAMBDA.replace(_asynchronous)
    _FIRE_S3_EVENT.replace(_noting_version)
    _DISPATCH_EVENT.replace(_naming_version)
    _TICK_SECONDS.put(1.0)
    _ROUTE_FAILURE.replace(lambda original: _failed_for_good(original, enforce=settings.enforce_iam))
    _INVOKE_TARGET.replace(
        lambda original: _permitted(_telling_moment(original)) if settings.enforce_iam else _telling_moment(original)
    )


def _asynchronous(original: Callable[..., Any]) -> Callable[..., Any]:
    """Invoke a function as its event source does on AWS: the function's own retries and dead-letter target apply."""

    def dispatch(arn: str, payload: str) -> None:
        function, config, name = _FUNCTION_BY_REF.get()(arn)
        if not function or not config:
            logger.warning("no function %s for an event", name)
            return
        _INVOKE_ASYNC.get()(_EXECUTION_RECORD.get()(function, config), json.loads(payload))

    return dispatch


def _noting_version(original: Callable[..., Any]) -> Callable[..., Any]:
    def fire(*positional: Any, version_id: str | None = None, **named: Any) -> None:
        mark = _object_version.set(version_id)
        try:
            original(*positional, version_id=version_id, **named)
        finally:
            _object_version.reset(mark)

    return fire


def _naming_version(original: Callable[..., Any]) -> Callable[..., Any]:
    """An S3 event names the version of its object, as AWS does for a versioned bucket."""

    def dispatch(event: dict[str, Any], view: Any = None) -> None:
        version = _object_version.get()
        if version and event.get("Source") == "aws.s3":
            detail = json.loads(event["Detail"])
            detail["object"]["version-id"] = version
            event, view = {**event, "Detail": json.dumps(detail)}, None
        original(event, view)

    return dispatch


def _telling_moment(original: Callable[..., Any]) -> Callable[..., Any]:
    """A schedule's target is told when it was due, where its input asks for it by Scheduler's word."""

    def invoke(target: dict[str, Any], event: dict[str, Any], rule: dict[str, Any], view: Any = None) -> None:
        if _is_schedule(rule) and _DUE_AT in target.get("Input", ""):
            exact = datetime.fromtimestamp(event["Time"], UTC).replace(microsecond=0)
            due = exact.replace(second=0) if rule["ScheduleExpression"].startswith("cron(") else exact
            target = {**target, "Input": target["Input"].replace(_DUE_AT, f"{due:%Y-%m-%dT%H:%M:%SZ}")}
        original(target, event, rule, view)

    return invoke


def _permitted(original: Callable[..., Any]) -> Callable[..., Any]:
    def invoke(target: dict[str, Any], event: dict[str, Any], rule: dict[str, Any], view: Any = None) -> None:
        refusal = refuse(target, rule)
        if refusal is None:
            original(target, event, rule, view)
            return
        logger.warning("%s", refusal)
        _dead_letter(target, event, rule, refusal)

    return invoke


def refuse(target: dict[str, Any], rule: dict[str, Any]) -> str | None:
    """Why the rule, or the schedule, may not reach the target; None where it may."""
    arn, source = target.get("Arn", ""), rule.get("Arn", "")
    service = arn.split(":")[2] if arn.count(":") >= 5 else ""
    action = _ROLE_ACTIONS.get(service)
    principal = _SCHEDULES if _is_schedule(rule) else _RULES
    if action is None:
        return None
    if principal == _SCHEDULES or service in ("states", "events"):
        role = target.get("RoleArn")
        if not role:
            return f"{source}: the target {arn} has no role"
        return iam.refuse_action(role, principal, "delivery", action, arn)
    if service == "lambda":
        return iam.refuse_function_call(arn, principal, source)
    allows = _QUEUE_ALLOWS if service == "sqs" else _TOPIC_ALLOWS
    if allows.get()(arn, principal, source, _ACCOUNT.get()()):
        return None
    return f"{principal} is not authorized to perform: {action} on resource: {arn} for {source}"


def _is_schedule(rule: dict[str, Any]) -> bool:
    return ":scheduler:" in rule.get("Arn", "")


def _dead_letter(target: dict[str, Any], event: dict[str, Any], rule: dict[str, Any], reason: str) -> None:
    """Give the event to the target's dead-letter queue, with the attributes by which AWS explains itself."""
    queue_arn = (target.get("DeadLetterConfig") or {}).get("Arn")
    if not queue_arn:
        return
    queue = _QUEUE_BY_ARN.get()(queue_arn)
    source = rule.get("Arn", "")
    principal = _SCHEDULES if _is_schedule(rule) else _RULES
    if queue is None or not _QUEUE_ALLOWS.get()(queue_arn, principal, source, _ACCOUNT.get()()):
        logger.warning("%s: the dead-letter queue %s refuses the event", source, queue_arn)
        return
    explained = {
        "RULE_ARN": source,
        "TARGET_ARN": target.get("Arn", ""),
        "ERROR_CODE": "NO_PERMISSIONS",
        "ERROR_MESSAGE": reason,
    }
    _send(queue["url"], json.dumps(event, default=str), explained)


def _failed_for_good(original: Callable[..., Any], *, enforce: bool) -> Callable[..., Any]:
    """A function's dead-letter queue gets the event as it was, a destination the emulator's envelope of it.

    Both are written in the function's role, which needs the permission.
    """

    def route(target_arn: str, func_name: str, event: Any, result: dict[str, Any]) -> None:
        config = _FUNCTIONS.get()[func_name]["config"]
        service = target_arn.split(":")[2]
        if enforce:
            action = _ROLE_ACTIONS.get(service, f"{service}:*")
            refusal = iam.refuse_action(config["Role"], "lambda.amazonaws.com", func_name, action, target_arn)
            if refusal:
                logger.warning("%s: a failed event is lost: %s", func_name, refusal)
                return
        queue = _QUEUE_BY_ARN.get()(target_arn) if service == "sqs" else None
        if queue is None or (config.get("DeadLetterConfig") or {}).get("TargetArn") != target_arn:
            original(target_arn, func_name, event, result)
            return
        body = result.get("body")
        message = body.get("errorMessage", "") if isinstance(body, dict) else ""
        _send(queue["url"], json.dumps(event), {"ErrorCode": "200", "ErrorMessage": str(message)[:1024]})

    return route


def _send(queue_url: str, body: str, attributes: dict[str, str]) -> None:
    named = {name: {"DataType": "String", "StringValue": value} for name, value in attributes.items() if value}
    _SEND_MESSAGE.get()({"QueueUrl": queue_url, "MessageBody": body, "MessageAttributes": named}, queue_url)
