"""The command by which a person looks at quarantine, corrects records and has them tried once more."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cli.exits import Exit
from medallion.layout import Zone
from tests.integration.steps.test_loads import contract
from tests.integration.steps.test_replay import BODY, silver
from tests.integration.steps.workbench import Workbench

Call = Callable[..., Any]
SAID = ("--by", "Ada", "--reason", "looked at it")


@pytest.fixture
def medallion(bench: Workbench) -> Call:
    """Call the command for the bench's tenant and the source `stewarded`: what it prints as JSON."""
    layout = bench.platform.layout
    results = {"OutputLocation": f"s3://{layout.bucket(Zone.ARTIFACTS)}/answers/"}
    athena: Any = bench.platform.session.client("athena")
    athena.create_work_group(Name=layout.workgroup, Configuration={"ResultConfiguration": results})

    def call(*arguments: str, code: Exit = Exit.OK) -> Any:
        given = ("--tenant", layout.tenant, "--source", "stewarded", "--json")
        command = [sys.executable, "-m", "cli.main", *arguments, *given]
        called = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
        assert called.returncode == code, called.stderr + called.stdout
        return json.loads(called.stdout)

    return call


def test_person_corrects_and_reprocesses_when_records_are_wrong(
    bench: Workbench, medallion: Call, tmp_path: Path
) -> None:
    bench.register(contract("stewarded"))
    [one] = bench.ingest("stewarded", BODY + "1,x,a\n2,y,toolong\n3,z,c\n").objects
    listed = medallion("quarantine", "ls", "--code", "TYPE_ERROR", "--column", "seen", "--since", "2025-12-31")
    assert [(entry["source_row"], entry["corrected"]) for entry in listed] == [(51, False), (52, False), (53, False)]
    assert medallion("quarantine", "ls", "--object", one, "--row", "52", "--until", "2025-12-31") == []

    file = tmp_path / "fix.csv"
    file.write_text(f'source_file_id,source_row,name\n"{one}",52,two\n', encoding="utf-8")
    fix = ("--from", str(file), "--expr", "seen=LENGTH(name)", "--object", one, "--row", "52", *SAID)
    assert medallion("quarantine", "correct", *fix, "--dry-run") == {
        "entries": 1,
        "columns": {"seen": 1, "name": 1},
        "written": False,
    }
    assert medallion("quarantine", "correct", *fix)["written"] is True
    [entry] = medallion("quarantine", "ls", "--object", one, "--row", "52")
    assert entry["corrected"] is True

    again = ("quarantine", "reprocess", "--object", one, "--row", "51", "--row", "52", "--set", "seen=7", *SAID)
    told = medallion(*again, "--dry-run")
    assert (told["records"], told["inserted"], told["by_code"]) == (2, 2, {})
    run = medallion(*again)
    assert (run["kind"], run["requested_by"]) == ("reprocess", "Ada")
    bench.walk(bench.platform.control.run(run["run_id"]))
    assert silver(bench, "stewarded") == [(1, 7, "a", 1), (2, 7, "two", 1)]
    assert medallion(*again) == {"run_id": None}
    assert [e["source_row"] for e in medallion("quarantine", "ls", "--state", "resolved")] == [51, 52]

    assert medallion("quarantine", "release", "--dry-run", *SAID) == {"entries": 0, "written": False}
    told = medallion("backfill", "--object", one, "--dry-run", *SAID)
    assert (told["records"], told["duplicates"]) == (52, 52)
    refused = medallion("quarantine", "correct", "--set", "colour=red", *SAID, code=Exit.USAGE)
    assert "no column colour" in refused["error"]
