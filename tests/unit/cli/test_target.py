"""Which AWS the command takes."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.errors import BadArgument, Unreachable
from cli.target import Embedded, Where, default_state_dir, find_target, project_root, running_embedded
from medallion.layout import Environment


@pytest.fixture
def listening() -> Iterator[int]:
    """A port on which something listens."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        yield int(server.getsockname()[1])


@pytest.fixture(autouse=True)
def no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ENDPOINT_URL", "AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION", "LOCALSTACK_HOST"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nonexistent")


def record(folder: Path, port: int) -> None:
    settings = {"port": port, "account": "111111111111", "region": "eu-central-1"}
    (folder / "local.json").write_text(json.dumps({"pid": 1, "settings": settings}), encoding="utf-8")


def test_embedded_is_taken_when_it_runs(tmp_path: Path, listening: int) -> None:
    record(tmp_path, listening)
    target = find_target(None, Environment.DEV, tmp_path, {})
    assert (target.where, target.endpoint) == (Where.LOCAL, f"http://127.0.0.1:{listening}")
    assert (target.layout.account, target.layout.region) == ("111111111111", "eu-central-1")
    assert target.session.client("s3").meta.endpoint_url == target.endpoint
    assert target.variables()["CDK_DEFAULT_ACCOUNT"] == "111111111111"
    assert target.variables()["AWS_ENDPOINT_URL"] == target.endpoint


def test_embedded_is_not_found_when_nothing_listens(tmp_path: Path, listening: int) -> None:
    record(tmp_path, listening)
    assert running_embedded(tmp_path) == Embedded(f"http://127.0.0.1:{listening}", "111111111111", "eu-central-1")
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        record(tmp_path, closed.getsockname()[1])
    assert running_embedded(tmp_path) is None


@pytest.mark.parametrize("text", ["", "{}", '{"settings": 3}', '{"settings": {"port": "x"}}'])
def test_embedded_is_not_found_when_the_state_file_is_damaged(tmp_path: Path, text: str) -> None:
    (tmp_path / "local.json").write_text(text, encoding="utf-8")
    assert running_embedded(tmp_path) is None


def test_error_says_how_to_start_when_local_is_asked_for_and_none_runs(tmp_path: Path) -> None:
    with pytest.raises(Unreachable, match="medallion local up"):
        find_target(Where.LOCAL, Environment.DEV, tmp_path, {})


def test_error_says_how_to_choose_when_there_is_neither_embedded_nor_region(tmp_path: Path) -> None:
    with pytest.raises(Unreachable, match="Set AWS_REGION"):
        find_target(None, Environment.DEV, tmp_path, {})


def test_named_endpoint_goes_first_when_an_embedded_runs_too(
    tmp_path: Path, listening: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    record(tmp_path, listening)
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:4566")
    variables = {"AWS_ENDPOINT_URL": "http://127.0.0.1:4566", "AWS_REGION": "eu-west-1"}
    target = find_target(None, Environment.STAGING, tmp_path, variables)
    assert (target.endpoint, target.layout.account) == ("http://127.0.0.1:4566", "000000000000")
    assert target.session.client("sqs").meta.endpoint_url == "http://127.0.0.1:4566"
    assert target.tenant("acme").workgroup == "medallion-staging-acme"


def test_state_folder_stands_in_the_project_when_called_below_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    below = tmp_path / "a" / "b"
    below.mkdir(parents=True)
    (tmp_path / "cdk.json").touch()
    monkeypatch.chdir(below)
    assert default_state_dir({}) == tmp_path / ".medallion"
    assert default_state_dir({"MEDALLION_LOCAL_STATE": "/elsewhere"}) == Path("/elsewhere")
    assert project_root() == tmp_path


def test_error_says_where_to_go_when_there_is_no_project(tmp_path: Path) -> None:
    with pytest.raises(BadArgument, match=r"no cdk\.json"):
        project_root(tmp_path)
