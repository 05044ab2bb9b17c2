"""The CDK command: found or not, its failure in words, and the assembly that it leaves."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from cli.deploying import run_cdk, synthesized
from cli.errors import ToolFailed


def put_cdk(root: Path, script: str) -> None:
    """A stand-in for the CDK command."""
    command = root / "node_modules" / ".bin" / "cdk"
    command.parent.mkdir(parents=True)
    command.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    command.chmod(0o755)


def test_error_says_how_to_install_when_the_cdk_is_missing(tmp_path: Path) -> None:
    with pytest.raises(ToolFailed, match="make setup"):
        run_cdk(tmp_path, ["synth"], {}, lambda text: None)


def test_error_has_the_last_lines_when_the_cdk_fails(tmp_path: Path) -> None:
    put_cdk(tmp_path, "echo started; echo 'the reason' >&2; exit 3")
    told: list[str] = []
    with pytest.raises(ToolFailed, match=r"(?s)`cdk synth` ended with exit code 3.*the reason"):
        run_cdk(tmp_path, ["synth"], {}, told.append)
    assert told == ["started", "the reason"]


def test_app_runs_with_this_interpreter_when_the_cdk_calls_python(tmp_path: Path) -> None:
    put_cdk(tmp_path, 'echo "${PATH%%:*} $SAID $*"')
    told: list[str] = []
    run_cdk(tmp_path, ["deploy", "--all"], {"SAID": "hello"}, told.append)
    assert told == [f"{Path(sys.executable).parent} hello deploy --all --no-notices"[:100]]


def test_stacks_are_listed_when_an_assembly_is_read(tmp_path: Path) -> None:
    (tmp_path / "A.template.json").write_text(json.dumps({"Resources": {"One": {}, "Two": {}}}), encoding="utf-8")
    stack = {
        "type": "aws:cloudformation:stack",
        "properties": {"templateFile": "A.template.json", "stackName": "medallion-dev-shared"},
    }
    artifacts = {"A": stack, "Tree": {"type": "cdk:tree", "properties": {}}}
    (tmp_path / "manifest.json").write_text(json.dumps({"artifacts": artifacts}), encoding="utf-8")
    [found] = synthesized(tmp_path)
    assert (found["stack"], found["resources"]) == ("medallion-dev-shared", 2)
