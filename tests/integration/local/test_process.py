"""Starting, asking and stopping the embedded AWS as a background process."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from local import process
from local.commands import app
from local.deploy import client
from local.errors import NotRunning, PortInUse, StartFailed
from local.settings import HOST, Settings
from tests.integration.local.conftest import free_port

runner = CliRunner()


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Settings]:
    settings = Settings(state_dir=tmp_path / "state", port=free_port())
    yield settings
    process.down(settings.state_dir)


def test_same_server_answers_when_it_is_started_twice(own: Settings) -> None:
    first = process.up(own)
    assert process.up(own) == first
    assert process.status(own.state_dir).healthy


def test_other_settings_are_refused_when_a_server_runs(own: Settings) -> None:
    process.up(own)
    with pytest.raises(StartFailed, match=rf"other settings \(port {own.port}, .*medallion local down"):
        process.up(own.model_copy(update={"port": free_port()}))


def test_sentence_names_port_and_remedy_when_the_port_is_in_use(own: Settings) -> None:
    with socket.create_server((HOST, own.port)), pytest.raises(PortInUse) as raised:
        process.up(own)
    assert f"Port {own.port} on 127.0.0.1 is in use" in str(raised.value)
    assert f"--port {own.port + 1}" in str(raised.value)


def test_everything_is_forgotten_when_it_is_reset(own: Settings) -> None:
    process.up(own)
    client(own, "s3").create_bucket(Bucket="forgotten")
    process.reset(own.state_dir)
    assert client(own, "s3").list_buckets()["Buckets"] == []


def test_buckets_are_there_again_when_the_state_persists(own: Settings) -> None:
    kept = own.model_copy(update={"persist": True})
    process.up(kept)
    client(kept, "s3").create_bucket(Bucket="kept")
    client(kept, "s3").put_object(Bucket="kept", Key="k", Body=b"v")
    process.down(kept.state_dir)
    process.up(kept)
    assert client(kept, "s3").get_object(Bucket="kept", Key="k")["Body"].read() == b"v"


def test_application_is_there_again_when_the_state_persists(own: Settings) -> None:
    kept = own.model_copy(update={"persist": True})
    process.up(kept)
    made = client(kept, "emr-serverless").create_application(
        name="kept", type="Spark", releaseLabel="emr-7.13.0", tags={"tenant": "acme"}
    )
    process.down(kept.state_dir)
    process.up(kept)
    found = client(kept, "emr-serverless").get_application(applicationId=made["applicationId"])["application"]
    assert (found["name"], found["state"], found["tags"]) == ("kept", "CREATED", {"tenant": "acme"})
    process.reset(kept.state_dir)
    assert client(kept, "emr-serverless").list_applications()["applications"] == []


def test_process_is_left_alone_when_its_id_was_given_to_another(own: Settings) -> None:
    own.state_dir.mkdir()
    strange = process.Running(pid=os.getpid(), started=1.0, settings=own)
    own.record_file.write_text(strange.model_dump_json())
    assert process.down(own.state_dir) is False


def test_nothing_is_left_running_when_it_is_stopped(own: Settings) -> None:
    pid = process.up(own).pid
    assert process.down(own.state_dir) is True
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    with pytest.raises(NotRunning, match="medallion local up"):
        process.require(own.state_dir)


def test_commands_report_json_and_exit_codes_when_scripts_use_them(own: Settings) -> None:
    state = ["--state-dir", str(own.state_dir), "--json"]
    assert runner.invoke(app, ["status", *state]).exit_code == 3
    started = runner.invoke(app, ["up", "--port", str(own.port), *state])
    assert (started.exit_code, json.loads(started.stdout)["endpoint"]) == (0, own.endpoint)
    assert runner.invoke(app, ["status", *state]).exit_code == 0
    assert json.loads(runner.invoke(app, ["down", *state]).stdout) == {"stopped": True}
    refused = runner.invoke(app, ["reset", *state])
    assert (refused.exit_code, "medallion local up" in json.loads(refused.stdout)["error"]) == (1, True)


def test_option_is_named_when_its_value_is_not_valid(own: Settings) -> None:
    refused = runner.invoke(app, ["up", "--port", "80", "--state-dir", str(own.state_dir)])
    assert refused.exit_code == 2
    assert "--port: Input should be greater than or equal to 1024" in refused.stderr
