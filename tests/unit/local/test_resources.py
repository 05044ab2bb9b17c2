"""Which resource a call is judged on."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from local.resources import _as_aws_names_them

ACCOUNT = "000000000000"


@pytest.fixture
def named() -> Callable[..., str]:
    """What a call is judged on: service, path, operation, body."""
    extract = _as_aws_names_them(lambda *call: "as the emulator says")

    def name(service: str, path: str, operation: str = "", **body: Any) -> str:
        headers = {"x-amz-target": f"Prefix.{operation}"} if operation else {}
        resource: str = extract(service, "POST", path, headers, json.dumps(body).encode(), {}, "us-east-1", ACCOUNT)
        return resource

    return name


def test_log_is_named_with_its_stream_when_it_is_written_or_read(named: Callable[..., str]) -> None:
    group = f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:/g:log-stream:"
    assert named("logs", "/", "CreateLogGroup", logGroupName="/g") == group
    assert named("logs", "/", "CreateLogStream", logGroupName="/g", logStreamName="s") == group
    assert named("logs", "/", "PutLogEvents", logGroupName="/g", logStreamName="s") == f"{group}s"
    assert named("logs", "/", "GetLogEvents", logGroupName="/g", logStreamName="s") == f"{group}s"
    assert named("logs", "/", "DescribeLogStreams", logGroupName="/g") == "as the emulator says"


def test_a_query_is_judged_on_its_workgroup_when_it_is_asked_about(
    named: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("local.athena.workgroup_of", {"q1": "medallion-dev-acme"}.get)
    workgroup = f"arn:aws:athena:us-east-1:{ACCOUNT}:workgroup/medallion-dev-acme"
    assert named("athena", "/", "GetQueryExecution", QueryExecutionId="q1") == workgroup
    assert named("athena", "/", "GetQueryExecution", QueryExecutionId="q2") == "as the emulator says"


@pytest.mark.parametrize(
    ("path", "resource"),
    [
        ("/applications/00a", "/applications/00a"),
        ("/applications/00a/start", "/applications/00a"),
        ("/applications/00a/jobruns", "/applications/00a"),
        ("/applications/00a/jobruns/00b", "/applications/00a/jobruns/00b"),
    ],
)
def test_application_or_run_is_named_when_emr_is_called(named: Callable[..., str], path: str, resource: str) -> None:
    assert named("emr-serverless", path) == f"arn:aws:emr-serverless:us-east-1:{ACCOUNT}:{resource}"


def test_nothing_is_named_when_an_application_is_created(named: Callable[..., str]) -> None:
    assert named("emr-serverless", "/applications") == "as the emulator says"
