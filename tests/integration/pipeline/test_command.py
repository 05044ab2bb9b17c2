"""The `medallion` command against the deployed platform, as a shell runs it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cli.exits import Exit
from local.settings import Settings
from medallion.layout import Zone
from tests.integration.pipeline.deployed import Deployed

Call = Callable[..., subprocess.CompletedProcess[str]]
BAD = "id,customer,amount,note\n" + "900,1,1.00,\n" + '901,77,-1,"two, faults"\n'
GOOD = "".join(f"{number},1,1.00,\n" for number in range(902, 960))


@pytest.fixture(scope="module")
def medallion(embedded: Settings, trial: Deployed) -> Call:
    """Call the command for the trial tenant; nothing but the state folder tells it where AWS is."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "MEDALLION_"))}
    own = {"MEDALLION_LOCAL_STATE": str(embedded.state_dir), "MEDALLION_TENANT": trial.layout.tenant}

    def call(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "cli.main", *arguments],
            env={**kept, **own},
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    return call


def result(called: subprocess.CompletedProcess[str], code: Exit = Exit.OK) -> Any:
    """What was printed as JSON, once it is seen that the command ended so and printed nothing else."""
    assert called.returncode == code, called.stderr
    return json.loads(called.stdout)


@pytest.fixture(scope="module")
def ingested(medallion: Call, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """A file of orders, one of them wrong in two ways, that went through the command."""
    file = tmp_path_factory.mktemp("files") / "orders.csv"
    file.write_text(BAD + GOOD, encoding="utf-8")
    run: dict[str, Any] = result(medallion("ingest", str(file), "--source", "orders", "--wait", "--json"))
    return run


def test_run_is_told_whole_when_a_file_is_ingested(medallion: Call, ingested: dict[str, Any]) -> None:
    assert ingested["status"] == "promoted"
    assert ingested["totals"] == {
        "rows_in": 60,
        "inserted": 59,
        "updated": 0,
        "duplicates": 0,
        "quarantined": 1,
        "condemned": 0,
    }
    assert ingested["step_seconds"]["RefineRun"] > 0
    assert "task_token" not in ingested
    again = result(medallion("run", "show", ingested["run_id"], "--json"))
    # The execution's last state may end after the run's record does.
    assert {**again, "step_seconds": None} == {**ingested, "step_seconds": None}
    assert ingested["run_id"] in [run["run_id"] for run in result(medallion("runs", "--source", "orders", "--json"))]
    shown = medallion("run", ingested["run_id"])
    assert (shown.returncode, shown.stderr) == (Exit.OK, "")
    assert "RefineRun" in shown.stdout


def test_entry_shows_every_error_when_a_record_is_quarantined(medallion: Call, ingested: dict[str, Any]) -> None:
    listed = result(medallion("quarantine", "ls", "--run", ingested["run_id"], "--json"))
    assert [(one["source"], one["source_row"], one["state"]) for one in listed] == [("orders", 2, "open")]
    [entry] = result(medallion("quarantine", "show", ingested["run_id"], "2", "--json"))
    assert sorted(error["code"] for error in entry["errors"]) == ["RANGE_ERROR", "REFERENCE_ERROR"]
    assert entry["raw"] == '901,77,-1,"two, faults"'
    assert entry["record"] == {"id": "901", "customer_id": "77", "amount": "-1", "note": "two, faults"}
    assert result(medallion("quarantine", "ls", "--code", "NULL_VALUE_ERROR", "--source", "orders", "--json")) == []
    missing = medallion("quarantine", "show", ingested["run_id"], "1")
    assert missing.returncode == Exit.NOT_FOUND
    assert "quarantine ls" in missing.stderr


def test_rows_are_typed_when_athena_is_asked(medallion: Call, ingested: dict[str, Any]) -> None:
    sql = f"SELECT id, amount, note FROM orders WHERE run_id = '{ingested['run_id']}' ORDER BY id"
    answer = result(medallion("query", sql, "--zone", "silver", "--limit", "2", "--json"))
    assert answer["rows"] == [{"id": 900, "amount": "1.00", "note": None}, {"id": 902, "amount": "1.00", "note": None}]
    assert answer["complete"] is False
    refused = medallion("query", "SELECT nope FROM orders", "--zone", "silver", "--json")
    assert "nope" in result(refused, Exit.FAILED)["error"]


def test_person_decides_when_a_run_is_held(medallion: Call, tmp_path: Path) -> None:
    file = tmp_path / "reviewed.csv"
    file.write_text("id\n4001\n", encoding="utf-8")
    held = result(medallion("ingest", str(file), "-s", "reviewed", "--wait", "--json"), Exit.RUN_HELD)
    assert held["status"] == "held"
    nameless = medallion("approve", held["run_id"], "--by", " ", "--reason", "x")
    assert nameless.returncode == Exit.USAGE
    approve = ("approve", held["run_id"], "--by", "Ada", "--reason", "counted by hand", "--wait", "--json")
    approved = result(medallion(*approve))
    assert (approved["status"], approved["approval"]["by"]) == ("promoted", "Ada")
    assert medallion(*approve).returncode == Exit.NOT_FOUND
    file.write_text("id\n4002\n", encoding="utf-8")
    held = result(medallion("ingest", str(file), "-s", "reviewed", "--wait", "--json"), Exit.RUN_HELD)
    reject = ("reject", held["run_id"], "--by", "Ada", "--reason", "not ours", "--wait", "--json")
    assert result(medallion(*reject))["status"] == "rejected"
    assert medallion("run", held["run_id"]).returncode == Exit.RUN_FAILED


def test_readers_go_back_when_a_person_rolls_back(medallion: Call, ingested: dict[str, Any], tmp_path: Path) -> None:
    file = tmp_path / "later.csv"
    file.write_text("id,customer,amount,note\n990,1,1.00,\n", encoding="utf-8")
    later = result(medallion("ingest", str(file), "-s", "orders", "--wait", "--json"))
    back = ("rollback", "--source", "orders", "--to", ingested["run_id"], "--by", "Ada")
    assert medallion(*back, "--reason", " ").returncode == Exit.USAGE
    done = result(medallion(*back, "--reason", "a wrong file", "--json"))
    assert later["run_id"] in done["undone"]
    assert result(medallion("run", later["run_id"], "--json"), Exit.RUN_FAILED)["status"] == "rolled_back"
    unknown = medallion("rollback", "--source", "orders", "--to", "nope", "--by", "Ada", "--reason", "x")
    assert unknown.returncode == Exit.NOT_FOUND
    assert result(medallion("rerun", later["run_id"], "--wait", "--json"))["status"] == "promoted"


def test_every_table_is_named_when_housekeeping_is_asked_what_it_would_do(medallion: Call, trial: Deployed) -> None:
    told = result(medallion("housekeeping", "--dry-run", "--json"))
    assert told["dry_run"] is True
    tables = {table["table"] for subject in told["subjects"] for table in subject["tables"]}
    assert tables >= {layout.qualified for layout in (trial.layout.bronze("orders"), trial.layout.silver("orders"))}
    alone = result(medallion("housekeeping", "--dry-run", "--only", "gold#spend", "--json"))
    assert [[table["table"] for table in one["tables"]] for one in alone["subjects"]] == [
        [trial.layout.gold("spend").qualified]
    ]
    assert "no gold#spent; it has" in medallion("housekeeping", "--dry-run", "--only", "gold#spent").stderr


def test_refused_object_is_listed_when_its_source_is_unknown(medallion: Call, trial: Deployed) -> None:
    identity = trial.put("strangers", "id\n1\n", "who.csv")
    trial.settled(identity)
    [refused] = result(medallion("runs", "--status", "refused", "--source", "strangers", "--json"))
    assert "strangers" in refused["reason"]
    shown = result(medallion("run", refused["run_id"], "--json"), Exit.RUN_FAILED)
    assert identity in shown["objects"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("run", "no-such-run"), "no-such-run"),
        (("runs", "--tenant", "nobody"), "nobody"),
        (("--environment", "prod", "runs"), "medallion deploy"),
        (("ingest", __file__, "--source", "nope"), "registered: "),
    ],
)
def test_sentence_says_what_to_do_when_something_does_not_exist(
    medallion: Call, arguments: tuple[str, ...], said: str
) -> None:
    called = medallion(*arguments)
    assert (called.returncode, called.stdout) == (Exit.NOT_FOUND, "")
    assert said in called.stderr
    assert "Traceback" not in called.stderr


def test_nothing_is_put_when_the_source_is_unknown(medallion: Call, trial: Deployed) -> None:
    assert medallion("ingest", __file__, "--source", "nope").returncode == Exit.NOT_FOUND
    listed = trial.client("s3").list_objects_v2(Bucket=trial.layout.bucket(Zone.LANDING), Prefix="nope/")
    assert listed["KeyCount"] == 0


def test_wait_ends_when_time_is_up(medallion: Call, tmp_path: Path) -> None:
    file = tmp_path / "nightly.csv"
    file.write_text("id\n1\n", encoding="utf-8")
    called = medallion("ingest", str(file), "--source", "nightly", "--wait", "--timeout", "1")
    assert called.returncode == Exit.TIMED_OUT
    assert "by schedule" in called.stderr
