"""EMR Serverless's REST API, its permissions, and its CloudFormation type, on an emulator that has none of them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

from local.seams import seam
from local.spark.emr import RUNS, Refused

_SERVICES = seam("app", "SERVICE_HANDLERS")
_IAM_NAMESPACES = seam("core.iam_actions", "SERVICE_TO_IAM_NAMESPACE")
_MODELS = seam("core.iam_actions", "_BOTOCORE_SERVICE_MAP")
_PROTOCOLS = seam("core.iam_actions", "_SERVICE_PROTOCOL")
_HANDLERS = seam("services.cloudformation.provisioners", "_RESOURCE_HANDLERS")
_RESET = seam("services.emr", "reset")

SERVICE = "emr-serverless"
TYPE = "AWS::EMRServerless::Application"

Document = dict[str, Any]
Answer = tuple[int, dict[str, str], bytes]


def install() -> None:
    """Serve the API. The emulator's router knows the service by its signature, and judges it by botocore's model."""
    _SERVICES.get()[SERVICE] = handle
    _IAM_NAMESPACES.get()[SERVICE] = SERVICE
    _MODELS.get()[SERVICE] = [SERVICE]
    _PROTOCOLS.get()[SERVICE] = "rest-json"
    _HANDLERS.get()[TYPE] = {"create": _created, "update": _updated, "delete": _deleted}
    _RESET.replace(_resetting)


async def handle(method: str, path: str, headers: dict[str, str], body: bytes, query: Document) -> Answer:
    """Answer one request."""
    for verb, pattern, operation in _ROUTES:
        found = re.fullmatch(pattern, path.rstrip("/"))
        if verb == method and found:
            try:
                asked = json.loads(body or b"{}")
                return _answer(200, operation(*map(unquote, found.groups()), asked, query))
            except Refused as refused:
                return _answer(refused.status, {"message": str(refused)}, refused.code)
            except ValueError:
                return _answer(400, {"message": "the request's body is no JSON"}, "ValidationException")
    return _answer(404, {"message": f"{method} {path} is not served"}, "ResourceNotFoundException")


def _answer(status: int, document: Document, code: str = "") -> Answer:
    headers = {"Content-Type": "application/json", **({"x-amzn-errortype": code} if code else {})}
    return status, headers, json.dumps(document).encode()


# --- operations: path parameters, body, query → answer


def _create_application(asked: Document, query: Document) -> Document:
    return _of(RUNS.create(asked), "applicationId", "name", "arn")


def _list_applications(asked: Document, query: Document) -> Document:
    states = set(_values(query, "states"))
    found = [record for record in RUNS.applications() if not states or record["state"] in states]
    summary = ("name", "arn", "releaseLabel", "type", "state", "stateDetails", "createdAt", "updatedAt", "architecture")
    return {"applications": [{"id": record["applicationId"], **_of(record, *summary)} for record in found]}


def _get_application(identity: str, asked: Document, query: Document) -> Document:
    return {"application": RUNS.application(identity).record}


def _update_application(identity: str, asked: Document, query: Document) -> Document:
    return {"application": RUNS.update(identity, asked)}


def _delete_application(identity: str, asked: Document, query: Document) -> Document:
    RUNS.delete(identity)
    return {}


def _start_application(identity: str, asked: Document, query: Document) -> Document:
    RUNS.change_state(identity, "STARTED")
    return {}


def _stop_application(identity: str, asked: Document, query: Document) -> Document:
    RUNS.change_state(identity, "STOPPED")
    return {}


def _start_job_run(identity: str, asked: Document, query: Document) -> Document:
    return _of(RUNS.start({**asked, "applicationId": identity}), "applicationId", "jobRunId", "arn")


def _list_job_runs(identity: str, asked: Document, query: Document) -> Document:
    states = set(_values(query, "states"))
    runs = [run for run in RUNS.application(identity).runs.values() if not states or run["state"] in states]
    summary = ("applicationId", "name", "mode", "arn", "createdBy", "createdAt", "updatedAt", "executionRole")
    more = ("state", "stateDetails", "releaseLabel", "attempt")
    newest_first = sorted(runs, key=lambda run: float(run["createdAt"]), reverse=True)
    return {"jobRuns": [{"id": run["jobRunId"], "type": "Spark", **_of(run, *summary, *more)} for run in newest_first]}


def _get_job_run(identity: str, run_id: str, asked: Document, query: Document) -> Document:
    return {"jobRun": RUNS.run(identity, run_id)}


def _cancel_job_run(identity: str, run_id: str, asked: Document, query: Document) -> Document:
    return _of(RUNS.cancel(identity, run_id), "applicationId", "jobRunId")


def _tags(arn: str) -> Document:
    identity, _, run_id = arn.partition("/applications/")[2].partition("/jobruns/")
    record = RUNS.run(identity, run_id) if run_id else RUNS.application(identity).record
    tags: Document = record["tags"]
    return tags


def _list_tags(arn: str, asked: Document, query: Document) -> Document:
    return {"tags": _tags(arn)}


def _tag(arn: str, asked: Document, query: Document) -> Document:
    _tags(arn).update(asked.get("tags") or {})
    return {}


def _untag(arn: str, asked: Document, query: Document) -> Document:
    for name in _values(query, "tagKeys"):
        _tags(arn).pop(name, None)
    return {}


_APPLICATION = r"/applications/([^/]+)"
_RUN = rf"{_APPLICATION}/jobruns/([^/]+)"
_TAGS = r"/tags/(.+)"

_ROUTES: tuple[tuple[str, str, Callable[..., Document]], ...] = (
    ("POST", "/applications", _create_application),
    ("GET", "/applications", _list_applications),
    ("GET", _APPLICATION, _get_application),
    ("PATCH", _APPLICATION, _update_application),
    ("DELETE", _APPLICATION, _delete_application),
    ("POST", rf"{_APPLICATION}/start", _start_application),
    ("POST", rf"{_APPLICATION}/stop", _stop_application),
    ("POST", rf"{_APPLICATION}/jobruns", _start_job_run),
    ("GET", rf"{_APPLICATION}/jobruns", _list_job_runs),
    ("GET", _RUN, _get_job_run),
    ("DELETE", _RUN, _cancel_job_run),
    ("GET", _TAGS, _list_tags),
    ("POST", _TAGS, _tag),
    ("DELETE", _TAGS, _untag),
)


def _of(record: Document, *names: str) -> Document:
    return {name: record[name] for name in names if name in record}


def _values(query: Document, name: str) -> list[str]:
    value = query.get(name) or []
    return value if isinstance(value, list) else [value]


# --- permissions


def resource(path: str) -> str | None:
    """What a call is judged on: the application or the job run in its path."""
    tagged = re.fullmatch(_TAGS, unquote(path))
    if tagged:
        return tagged[1]
    found = re.match(rf"{_RUN}|{_APPLICATION}", path)
    return found[0] if found else None


# --- CloudFormation


def _created(logical_id: str, properties: Document, stack_name: str) -> tuple[str, Document]:
    record = RUNS.create({"name": f"{stack_name}-{logical_id}", **_from_template(properties)})
    return record["applicationId"], _attributes(record)


def _updated(physical_id: str, old: Document, new: Document, stack_name: str) -> tuple[str, Document]:
    if old.get("Type") != new.get("Type") or old.get("Name") != new.get("Name"):
        # As on AWS: a new application takes the old one's place, which CloudFormation then deletes.
        return _created(physical_id, new, stack_name)
    return physical_id, _attributes(RUNS.update(physical_id, _from_template(new)))


def _deleted(physical_id: str, properties: Document) -> None:
    try:
        RUNS.change_state(physical_id, "STOPPED")
        RUNS.delete(physical_id)
    except Refused as refused:
        if refused.code != "ResourceNotFoundException":
            raise ValueError(str(refused)) from refused


def _attributes(record: Document) -> Document:
    return {"ApplicationId": record["applicationId"], "Arn": record["arn"]}


def _from_template(properties: Document) -> Document:
    """CloudFormation's members as the API has them."""
    lowered = {name[:1].lower() + name[1:]: _lowered(value) for name, value in properties.items()}
    lowered["tags"] = {tag["Key"]: tag["Value"] for tag in properties.get("Tags") or []}
    return lowered


def _lowered(value: Any) -> Any:
    if isinstance(value, dict):
        return {name[:1].lower() + name[1:]: _lowered(inner) for name, inner in value.items()}
    return [_lowered(item) for item in value] if isinstance(value, list) else value


def _resetting(original: Callable[..., Any]) -> Callable[..., Any]:
    def reset() -> None:
        RUNS.reset()
        original()

    return reset
