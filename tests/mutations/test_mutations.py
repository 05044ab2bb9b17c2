"""Each mutation, on a copy of the project of its own, turns at least one of its tests red."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.mutations.mutations import MUTATIONS, Mutation

PROJECT = Path(__file__).resolve().parents[2]
LINKED = (".venv", "node_modules", "build")
LEFT_OUT = (".git", ".cache", ".medallion", "cdk.out", "__pycache__", "*.egg-info")
TESTS_FAILED = 1
"""pytest's exit code; a test that cannot even be collected ends with another, and has noticed nothing."""


@pytest.fixture
def copy(tmp_path: Path) -> Iterator[Path]:
    """The project as it is, to be spoilt; what is installed is shared."""
    tree = tmp_path / "medallion"
    shutil.copytree(PROJECT, tree, ignore=shutil.ignore_patterns(*LINKED, *LEFT_OUT))
    for name in LINKED:
        (tree / name).symlink_to(PROJECT / name)
    yield tree
    shutil.rmtree(tree)


def run(tree: Path, tests: tuple[str, ...]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-x", *tests],
        cwd=tree,
        env={**os.environ, "PYTHONPATH": str(tree), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )


def test_the_copys_own_code_is_tested_when_it_is_spoilt(copy: Path) -> None:
    (copy / "tests/unit/test_where.py").write_text(
        "import medallion, local\n"
        "def test_where() -> None:\n"
        f"    assert medallion.__file__.startswith({str(copy)!r}) and local.__file__.startswith({str(copy)!r})\n"
    )
    assert run(copy, ("tests/unit/test_where.py",)).returncode == 0


def test_named_tests_are_green_when_nothing_is_spoilt(copy: Path) -> None:
    named = dict.fromkeys(test for mutation in MUTATIONS for test in mutation.tests)
    found = run(copy, tuple(named))
    assert found.returncode == 0, found.stdout


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.name.replace(" ", "-"))
def test_a_test_turns_red_when_the_safeguard_is_gone(copy: Path, mutation: Mutation) -> None:
    mutation.apply(copy)
    found = run(copy, mutation.tests)
    assert found.returncode == TESTS_FAILED, f"{mutation.name} survives:\n{found.stdout}"
