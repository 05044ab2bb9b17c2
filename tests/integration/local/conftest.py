"""One embedded AWS, and one small pipeline deployed on it, for this folder's tests."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from local import process
from local.deploy import client
from local.settings import HOST, Settings
from tests.integration.local import pipeline

Clients = Callable[[str], Any]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def eventually(ask: Callable[[], Any], seconds: float = 20.0) -> Any:
    """The first true answer; fails after `seconds`."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if answer := ask():
            return answer
        time.sleep(0.05)
    raise AssertionError(f"nothing within {seconds} s")


@pytest.fixture(scope="session")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    settings = Settings(state_dir=tmp_path_factory.mktemp("embedded"), port=free_port())
    process.up(settings)
    yield settings
    process.down(settings.state_dir)


@pytest.fixture(scope="session")
def aws(settings: Settings) -> Clients:
    """Clients as the account's administrator, by service."""
    made: dict[str, Any] = {}
    return lambda service: made.setdefault(service, client(settings, service))


@pytest.fixture(scope="session")
def outputs(aws: Clients) -> dict[str, str]:
    """The pipeline's outputs, once it stands."""
    s3 = aws("s3")
    s3.create_bucket(Bucket=pipeline.CODE_BUCKET)
    s3.put_object(Bucket=pipeline.CODE_BUCKET, Key="code.zip", Body=pipeline.archive(pipeline.HANDLERS))
    layer = pipeline.archive({"python/greeting.py": "WORD = 'hello'\n"})
    s3.put_object(Bucket=pipeline.CODE_BUCKET, Key="layer.zip", Body=layer)
    cloudformation = aws("cloudformation")
    cloudformation.create_stack(
        StackName="pipeline", TemplateBody=json.dumps(pipeline.TEMPLATE), Capabilities=["CAPABILITY_IAM"]
    )
    stack = eventually(lambda: _settled(cloudformation), 60)
    reasons = [
        event.get("ResourceStatusReason")
        for event in cloudformation.describe_stack_events(StackName="pipeline")["StackEvents"]
        if event["ResourceStatus"].endswith("FAILED")
    ]
    assert stack["StackStatus"] == "CREATE_COMPLETE", reasons
    return {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}


def _settled(cloudformation: Any) -> Any:
    stack = cloudformation.describe_stacks(StackName="pipeline")["Stacks"][0]
    return None if stack["StackStatus"].endswith("IN_PROGRESS") else stack


@pytest.fixture(scope="session")
def state_folder(settings: Settings) -> Path:
    return settings.state_dir
