"""Dependencies: pinned, reproducible from any index, and the same wherever they are listed twice."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[3]


@pytest.fixture
def project() -> dict[str, Any]:
    with (ROOT / "pyproject.toml").open("rb") as stream:
        found: dict[str, Any] = tomllib.load(stream)["project"]
    return found


def names(requirements: list[str]) -> set[str]:
    """Requirements by name and extras, without versions."""
    return {re.split(r"[<>=!~; ]", requirement, maxsplit=1)[0] for requirement in requirements}


def lines(file: Path) -> list[str]:
    read = (line.partition("#")[0].strip() for line in file.read_text(encoding="utf-8").splitlines())
    return [line for line in read if line]


def test_layer_holds_the_runtime_when_both_lists_are_read(project: dict[str, Any]) -> None:
    layer = names(lines(ROOT / "lambdas" / "requirements.txt"))
    assert layer == names(project["optional-dependencies"]["runtime"])


def test_every_requirement_is_pinned_when_constraints_are_read(project: dict[str, Any]) -> None:
    pins = lines(ROOT / "constraints.txt")
    assert [pin for pin in pins if not re.fullmatch(r"[a-z0-9-]+==[0-9][0-9a-z.+]*", pin)] == []
    pinned = {pin.partition("==")[0] for pin in pins}
    asked = names(
        [*project["dependencies"], *(one for extra in project["optional-dependencies"].values() for one in extra)]
    )
    wanted = {re.sub(r"[-_.]+", "-", name.partition("[")[0]).lower() for name in asked} - {"medallion"}
    assert wanted - pinned == set()


def test_locks_name_no_registry_when_read() -> None:
    assert "://" not in (ROOT / "constraints.txt").read_text(encoding="utf-8")
    packages = json.loads((ROOT / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    assert [name for name, package in packages.items() if "resolved" in package] == []
    assert packages["node_modules/aws-cdk"]["version"] == packages[""]["devDependencies"]["aws-cdk"]
