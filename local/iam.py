"""IAM where the emulator does not ask: roles that a service assumes to act for a state machine, a rule or a schedule.

The emulator verifies signatures and judges every API call, Lambda functions' calls among them. What a service does
with a role
inside the emulator never becomes an API call, so it is judged here, by the emulator's own evaluator.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from local.seams import seam
from local.settings import Settings

_PIN_ORIGIN = seam("app", "pin_request_origin", "source_ip", "secure_transport")
_CONTEXT = seam("core.iam_evaluator", "EvalContext")
_EVALUATE = seam("core.iam_evaluator", "evaluate", "ctx")
_EVALUATE_RESOURCE = seam("core.iam_evaluator", "evaluate_resource_policy", "doc", "ctx", "service")
_ROLE_POLICIES = seam("core.iam_evaluator", "_gather_role_policies", "role_name", "account_id")
_NAMES_SERVICE = seam("core.iam_evaluator", "_service_principal_matches", "principal", "service")
_ENFORCE = seam("core.iam_evaluator", "enforce", "access_key_id", "iam_action", "service", "region", "resource_arn")
_ROLES = seam("services.iam", "_roles")
_BUCKETS = seam("services.s3", "_buckets")
_FUNCTION_POLICY = seam("services.lambda_svc", "function_policy_for_arn", "resource_arn")
_ACCOUNT = seam("core.responses", "get_account_id")
_REGION = seam("core.responses", "get_region")


def install(settings: Settings) -> None:
    """Take loopback for a secure transport: policies that refuse plain HTTP stay as they are deployed. Tell of a
    missing object only to those who may list its bucket.
    """
    if settings.enforce_iam:
        _PIN_ORIGIN.replace(_secured)
        _ENFORCE.replace(_hiding_what_is_missing)


def _secured(original: Callable[..., None]) -> Callable[..., None]:
    def pin(source_ip: str, secure_transport: Any) -> None:
        original(source_ip, secure_transport or source_ip in ("127.0.0.1", "::1"))

    return pin


def _hiding_what_is_missing(original: Callable[..., Any]) -> Callable[..., Any]:
    """S3 answers 403, not 404, when an object is missing and the caller may not list the bucket."""

    def enforce(
        access_key_id: str, iam_action: str, service: str, region: str, resource_arn: str = "*", **context: Any
    ) -> Any:
        refusal = original(access_key_id, iam_action, service, region, resource_arn=resource_arn, **context)
        if refusal is not None or iam_action != "s3:GetObject" or _stored(resource_arn):
            return refusal
        return original(access_key_id, "s3:ListBucket", service, region, resource_arn=resource_arn.partition("/")[0])

    return enforce


def _stored(object_arn: str) -> bool:
    name, _, key = object_arn.removeprefix("arn:aws:s3:::").partition("/")
    bucket = _BUCKETS.get().get(name)
    return bucket is None or key in bucket["objects"]


def refuse_role(role_arn: str, service: str) -> str | None:
    """Why `service` ("states.amazonaws.com") cannot assume the role, or None where it can."""
    role = _ROLES.get().get(role_arn.rpartition("/")[2])
    if role is None:
        return f"The role {role_arn} does not exist"
    trust = role.get("AssumeRolePolicyDocument") or "{}"
    for statement in _statements(trust):
        if statement.get("Effect") == "Allow" and _NAMES_SERVICE.get()(statement.get("Principal", {}), service):
            return None
    return f"The role {role_arn} cannot be assumed by {service}: its trust policy does not name it"


def refuse_action(role_arn: str, service: str, session: str, action: str, resource: str) -> str | None:
    """Why `service`, in the role, may not perform the action on the resource; None where it may."""
    if refusal := refuse_role(role_arn, service):
        return refusal
    account, name = role_arn.split(":")[4], role_arn.rpartition("/")[2]
    principal = f"arn:aws:sts::{account}:assumed-role/{name}/{session}"
    context = _CONTEXT.get()(principal, "AssumedRole", account, action, resource, _REGION.get()())
    if _EVALUATE.get()(context, _ROLE_POLICIES.get()(name, account)).decision == "Allow":
        return None
    return f"User: {principal} is not authorized to perform: {action} on resource: {resource}"


def refuse_function_call(function_arn: str, service: str, source_arn: str) -> str | None:
    """Why the function's resource policy does not let `service` invoke it for `source_arn`; None where it does."""
    found = _FUNCTION_POLICY.get()(function_arn)
    if found is None:
        return f"The function {function_arn} does not exist"
    account = _ACCOUNT.get()()
    context = _CONTEXT.get()(
        principal_arn="*",
        principal_type="Service",
        principal_account="",
        action="lambda:InvokeFunction",
        resource_arn=function_arn,
        region=_REGION.get()(),
        service_context={"aws:sourcearn": source_arn, "aws:sourceaccount": account},
    )
    if _EVALUATE_RESOURCE.get()(found[0], context, service).decision == "Allow":
        return None
    return f"{service} is not authorized to perform: lambda:InvokeFunction on resource: {function_arn} for {source_arn}"


def _statements(document: str | dict[str, Any]) -> list[dict[str, Any]]:
    parsed = json.loads(document) if isinstance(document, str) else document
    statements = parsed.get("Statement", [])
    return statements if isinstance(statements, list) else [statements]
