"""The settings, from the command line and by themselves."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from local.__main__ import parse
from local.server import environment
from local.settings import Settings, project_root


def test_iam_is_enforced_when_nothing_is_said(tmp_path: Path) -> None:
    settings = parse(["--state-dir", str(tmp_path)])
    assert (settings.enforce_iam, settings.port, settings.lambda_slots) == (True, 4566, 4)
    assert environment(settings)["AUTH"] == "true"


def test_command_line_decides_when_it_says_so(tmp_path: Path) -> None:
    settings = parse(["--state-dir", str(tmp_path), "--port", "4999", "--no-iam", "--lambda-slots", "2"])
    assert (settings.enforce_iam, settings.port, settings.lambda_slots) == (False, 4999, 2)


def test_only_loopback_is_served(tmp_path: Path) -> None:
    assert environment(Settings(state_dir=tmp_path))["BIND_HOST"] == "127.0.0.1"


@pytest.mark.parametrize("wrong", [{"account": "12"}, {"port": 80}, {"region": "europe"}, {"lambda_slots": 0}])
def test_settings_are_refused_when_a_value_cannot_be(tmp_path: Path, wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError, match=next(iter(wrong))):
        Settings.model_validate({"state_dir": tmp_path, **wrong})


def test_root_is_the_folder_with_the_project_file_when_a_folder_below_is_current(tmp_path: Path) -> None:
    (tmp_path / "cdk.json").touch()
    (tmp_path / "a" / "b").mkdir(parents=True)
    assert project_root(tmp_path / "a" / "b") == tmp_path.resolve()
