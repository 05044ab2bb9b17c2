"""Which resource an API call is judged on, where the emulator names another one than AWS does.

Sources: the service authorization reference's pages of Amazon Athena, AWS Glue, CloudWatch Logs, EMR Serverless,
EventBridge Scheduler, Step Functions and Systems Manager.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from local import athena, stepfunctions
from local.seams import seam
from local.settings import Settings
from local.spark import emr_api

_EXTRACT = seam(
    "core.iam_actions",
    "extract_resource_arn",
    "service",
    "method",
    "path",
    "headers",
    "body",
    "query_params",
    "region",
    "account_id",
)


def install(settings: Settings) -> None:
    """Name resources as AWS does, where IAM is enforced."""
    if settings.enforce_iam:
        _EXTRACT.replace(_as_aws_names_them)


def _as_aws_names_them(original: Callable[..., str]) -> Callable[..., str]:
    def extract(
        service: str,
        method: str,
        path: str,
        headers: dict[str, str],
        body: bytes,
        query_params: dict[str, Any],
        region: str,
        account_id: str,
    ) -> str:
        named = _NAMED.get(service)
        resource = named(path, headers, body, query_params) if named else None
        if resource is None:
            return original(service, method, path, headers, body, query_params, region, account_id)
        return resource if resource.startswith("arn:") else f"arn:aws:{service}:{region}:{account_id}:{resource}"

    return extract


def _glue(path: str, headers: dict[str, str], body: bytes, query: dict[str, Any]) -> str | None:
    """A table is judged as table/<database>/<table>, a database as database/<database>."""
    asked, target = _json(body), headers.get("x-amz-target", "")
    database = asked.get("DatabaseName") or asked.get("DatabaseInput", {}).get("Name")
    table = asked.get("TableName") or asked.get("TableInput", {}).get("Name") or asked.get("Name")
    if target.endswith("Database"):
        return f"database/{asked.get('Name') or database}"
    if database and table:
        return f"table/{database}/{table}"
    return None


def _ssm(path: str, headers: dict[str, str], body: bytes, query: dict[str, Any]) -> str | None:
    """Who lists parameters is judged on the path that is listed."""
    listed = _json(body).get("Path")
    return f"parameter{listed}" if listed else None


_OF_STREAMS = ("CreateLogGroup", "CreateLogStream", "PutLogEvents", "GetLogEvents")


def _logs(path: str, headers: dict[str, str], body: bytes, query: dict[str, Any]) -> str | None:
    """Who writes a log, or reads it, is judged on log-group:<group>:log-stream:<stream>, whose stream may be empty."""
    if headers.get("x-amz-target", "").rpartition(".")[2] not in _OF_STREAMS:
        return None
    asked = _json(body)
    stream = "" if "CreateLog" in headers["x-amz-target"] else asked.get("logStreamName", "")
    return f"log-group:{asked.get('logGroupName', '')}:log-stream:{stream}"


def _scheduler(path: str, headers: dict[str, str], body: bytes, query: dict[str, Any]) -> str | None:
    """A schedule stands in its group: schedule/<group>/<name>."""
    _, _, name = path.partition("/schedules/")
    if not name:
        return None
    group = _json(body).get("GroupName") or query.get("groupName") or "default"
    return f"schedule/{group[0] if isinstance(group, list) else group}/{name}"


def _emr_serverless(path: str, headers: dict[str, str], body: bytes, query: dict[str, Any]) -> str | None:
    """An application, or a job run in it."""
    return emr_api.resource(path)


def _states(path: str, headers: dict[str, str], body: bytes, query: dict[str, Any]) -> str | None:
    """A task token is answered on the state machine whose task waits for it."""
    return stepfunctions.machine_of(_json(body).get("taskToken", ""))


def _athena(path: str, headers: dict[str, str], body: bytes, query: dict[str, Any]) -> str | None:
    """A query is judged on the workgroup that it was started in."""
    workgroup = athena.workgroup_of(_json(body).get("QueryExecutionId", ""))
    return f"workgroup/{workgroup}" if workgroup else None


_NAMED: dict[str, Callable[[str, dict[str, str], bytes, dict[str, Any]], str | None]] = {
    "athena": _athena,
    "emr-serverless": _emr_serverless,
    "glue": _glue,
    "logs": _logs,
    "scheduler": _scheduler,
    "ssm": _ssm,
    "states": _states,
}


def _json(body: bytes) -> dict[str, Any]:
    try:
        found = json.loads(body or b"{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
