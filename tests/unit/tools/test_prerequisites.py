"""What a machine must have, and what it is told if it has not."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[3] / "tools" / "prerequisites.sh"


def check(what: str, path: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    shell = shutil.which("sh")
    assert shell is not None
    return subprocess.run(
        [shell, str(SCRIPT), what], env={"PATH": str(path), **variables}, capture_output=True, text=True, check=False
    )


def put(folder: Path, name: str, script: str) -> None:
    command = folder / name
    command.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    command.chmod(0o755)


@pytest.fixture
def bin_folder(tmp_path: Path) -> Path:
    """A PATH on which the shell itself is found, and nothing else."""
    shell = shutil.which("sh")
    assert shell is not None
    (tmp_path / "sh").symlink_to(shell)
    return tmp_path


def test_python_is_named_when_it_is_new_enough(bin_folder: Path) -> None:
    put(bin_folder, "python3.11", "exit 1")
    put(bin_folder, "python3.12", "exit 0")
    found = check("python", bin_folder)
    assert (found.returncode, found.stdout) == (0, "python3.12\n")


def test_sentence_names_what_is_there_when_python_is_too_old(bin_folder: Path) -> None:
    put(bin_folder, "python3", '[ "$1" = --version ] && echo "Python 3.9.2" && exit 0; exit 1')
    found = check("python", bin_folder)
    assert found.returncode == 1
    assert "Python 3.11 or later is needed and this machine has Python 3.9.2" in found.stderr


def test_sentence_names_the_choice_when_the_chosen_python_is_wrong(bin_folder: Path) -> None:
    put(bin_folder, "python3.11", "exit 0")
    put(bin_folder, "old", "exit 1")
    found = check("python", bin_folder, PYTHON="old")
    assert (found.returncode, found.stdout) == (1, "")
    assert "PYTHON=old is not a Python 3.11 or later" in found.stderr


@pytest.mark.parametrize("version", ["v20.0.0", "v22.11.0", "v100.1.0"])
def test_node_passes_when_it_is_new_enough(bin_folder: Path, version: str) -> None:
    put(bin_folder, "node", f"echo {version}")
    put(bin_folder, "npm", "exit 0")
    assert check("node", bin_folder).returncode == 0


@pytest.mark.parametrize(
    ("commands", "said"),
    [
        ({}, "there is no 'node' on PATH"),
        ({"node": "echo v18.19.1", "npm": "exit 0"}, "this machine has v18.19.1"),
        ({"node": "echo nonsense", "npm": "exit 0"}, "this machine has nonsense"),
        ({"node": "echo v20.1.0"}, "npm is needed"),
    ],
)
def test_sentence_says_what_is_missing_when_node_is_wrong(
    bin_folder: Path, commands: dict[str, str], said: str
) -> None:
    for name, script in commands.items():
        put(bin_folder, name, script)
    found = check("node", bin_folder)
    assert found.returncode == 1
    assert said in found.stderr
