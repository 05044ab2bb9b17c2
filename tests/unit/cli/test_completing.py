"""What shells are offered."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.completing import complete_tenant
from cli.main import app

PROJECT = Path(__file__).parents[3]


def test_script_is_printed_when_a_shell_asks_for_it() -> None:
    # The shell is found by who started the command.
    asked = [sys.executable, "-c", "import sys; sys.argv[0] = 'medallion'; from cli.main import main; main()"]
    line = " ".join(f"'{word}'" for word in asked[:2]) + f' "{asked[2]}" --show-completion bash; exit $?'
    called = subprocess.run(["bash", "-c", line], cwd=PROJECT, capture_output=True, text=True, check=True, timeout=60)
    assert "_MEDALLION_COMPLETE=complete_bash" in called.stdout


def offered(typed: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What bash is offered for the half-typed line."""
    monkeypatch.chdir(folder)
    words = ("medallion " + typed).split(" ")
    variables = {
        "_MEDALLION_COMPLETE": "complete_bash",
        "COMP_WORDS": "medallion " + typed,
        "COMP_CWORD": str(len(words) - 1),
    }
    result = CliRunner().invoke(app, [], env=variables, prog_name="medallion")
    return result.stdout.split()


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("runs --tenant ", ["acme", "skyline"]),
        ("runs --tenant s", ["skyline"]),
        ("ingest x --source tr", ["transactions"]),
        ("ingest x --tenant skyline --source tr", []),
        ("wat", ["watch"]),
    ],
)
def test_tenants_and_sources_are_offered_when_they_are_half_typed(
    typed: str, found: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert offered(typed, PROJECT / "docs", monkeypatch) == found


@pytest.mark.parametrize("typed", ["runs --tenant ", "ingest x --source "])
def test_nothing_is_offered_when_there_is_no_tenants_folder(
    typed: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert offered(typed, tmp_path, monkeypatch) == []


def test_nothing_is_offered_when_the_folder_is_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    assert complete_tenant("") == []
