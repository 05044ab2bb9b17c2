"""The command as a shell sees it: what it prints where, and how it ends."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from cli.exits import Exit
from cli.main import main


def call(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr(sys, "argv", ["medallion", *arguments])
    with pytest.raises(SystemExit) as ended:
        main()
    return int(ended.value.code or 0)


@pytest.fixture(autouse=True)
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No embedded AWS, no account."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MEDALLION_LOCAL_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    for name in (
        "AWS_ENDPOINT_URL",
        "AWS_PROFILE",
        "AWS_REGION",
        "AWS_DEFAULT_REGION",
        "MEDALLION_TENANT",
        "MEDALLION_TARGET",
    ):
        monkeypatch.delenv(name, raising=False)


def test_help_lists_every_command_when_asked(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(monkeypatch, "--help") == Exit.OK
    printed = capsys.readouterr().out
    for command in ("ingest", "runs", "run", "approve", "reject", "query", "quarantine", "synth", "deploy", "local"):
        assert f" {command} " in printed


def test_error_is_a_sentence_when_nothing_can_be_reached(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(monkeypatch, "--target", "local", "runs", "--tenant", "acme") == Exit.UNREACHABLE
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith("medallion: No embedded AWS runs")
    assert "Traceback" not in printed.err


def test_error_is_json_when_json_is_asked_for(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(monkeypatch, "--target", "local", "runs", "--tenant", "acme", "--json") == Exit.UNREACHABLE
    printed = json.loads(capsys.readouterr().out)
    assert printed["kind"] == "Unreachable"
    assert "medallion local up" in printed["error"]


@pytest.mark.parametrize(
    "arguments",
    [
        ("runs",),
        ("runs", "--tenant"),
        ("nope",),
        ("ingest", "no-such-file", "-t", "acme", "-s", "x"),
        ("--target", "moon", "runs"),
    ],
)
def test_code_is_usage_when_arguments_are_wrong(monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...]) -> None:
    assert call(monkeypatch, *arguments) == Exit.USAGE


def test_synth_says_where_to_go_when_outside_the_project(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(monkeypatch, "synth") == Exit.USAGE
    assert "no cdk.json here or above" in capsys.readouterr().err
