"""The command through the deployed API: files in, runs, rows, quarantine, decisions; and the same told directly."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from cli.exits import Exit
from cli.main import main
from local.settings import Settings
from medallion.control.keys import Role
from tests.integration.pipeline.calling import address, key
from tests.integration.pipeline.deployed import Deployed, eventually
from tests.unit.steps.keeping import contract

Call = Callable[..., Any]
WHY = ("--reason", "looked at it")
ROWS = "id,customer,amount,note\n" + "".join(f"{number},1,1.00,\n" for number in range(7000, 7040))


class Command:
    """The command in this process: directly, or with a key of each role."""

    def __init__(self, settings: Settings, trial: Deployed, patch: pytest.MonkeyPatch) -> None:
        self._patch = patch
        self._keys = {role: key(trial, role) for role in (Role.VIEWER, Role.STEWARD, Role.ENGINEER)}
        patch.setenv("MEDALLION_LOCAL_STATE", str(settings.state_dir))
        patch.setenv("MEDALLION_API", address(trial, settings))

    def directly(self, *arguments: str, code: Exit = Exit.OK) -> Any:
        self._patch.delenv("MEDALLION_API_KEY", raising=False)
        return self._call(code, "--target", "local", *arguments, "--tenant", "trial")

    def by_api(self, role: Role, *arguments: str, code: Exit = Exit.OK) -> Any:
        self._patch.setenv("MEDALLION_API_KEY", self._keys[role])
        return self._call(code, *arguments)

    def _call(self, code: Exit, *arguments: str) -> Any:
        printed: list[str] = []
        self._patch.setattr(sys, "argv", ["medallion", *arguments, "--json"])
        self._patch.setattr("cli.output.typer.echo", lambda text, err=False: None if err else printed.append(text))
        with pytest.raises(SystemExit) as ended:
            main()
        assert (ended.value.code or 0) == code, printed
        return json.loads("\n".join(printed))


@pytest.fixture(scope="module")
def command(embedded: Settings, trial: Deployed) -> Iterator[Command]:
    with pytest.MonkeyPatch.context() as patch:
        yield Command(embedded, trial, patch)


def written(folder: Path, name: str, text: str) -> str:
    (folder / name).write_text(text, encoding="utf-8")
    return str(folder / name)


@pytest.fixture(scope="module")
def run(command: Command, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """A file of orders, one of them wrong, that went in through a form of the API."""
    file = written(tmp_path_factory.mktemp("files"), "by api.csv", ROWS + "7999,77,1.00,\n")
    ingested: dict[str, Any] = command.by_api(Role.ENGINEER, "ingest", file, "-s", "orders", "--wait")
    return ingested


def test_file_is_published_when_it_goes_in_by_the_api(command: Command, run: dict[str, Any]) -> None:
    assert (run["status"], run["totals"]["inserted"], run["totals"]["quarantined"]) == ("promoted", 40, 1)
    directly = eventually(lambda: _settled(command.directly("run", run["run_id"])))
    assert command.by_api(Role.VIEWER, "run", run["run_id"]) == directly


def _settled(run: dict[str, Any]) -> dict[str, Any] | None:
    """The run, once its execution has left its last state and its receipt is written."""
    return run if run["step"] is None and run["receipt"] is not None else None


@pytest.mark.parametrize(
    "arguments",
    [
        ("runs", "--source", "customers"),
        ("quarantine", "ls", "--source", "orders", "--code", "REFERENCE_ERROR"),
        ("source", "show", "reviewed"),
        ("schedule", "show", "--source", "customers"),
        ("contract", "ls", "--source", "orders"),
        ("breaker", "show", "--source", "orders"),
        ("ledger", "ls", "--chain", "silver#customers"),
    ],
    ids=" ".join,
)
@pytest.mark.usefixtures("run")
def test_document_is_the_same_when_it_comes_either_way(command: Command, arguments: tuple[str, ...]) -> None:
    assert command.by_api(Role.VIEWER, *arguments) == command.directly(*arguments) != []


def test_rows_are_the_same_when_they_are_asked_for_either_way(command: Command, run: dict[str, Any]) -> None:
    sql = f"SELECT id, amount, note FROM orders WHERE run_id = '{run['run_id']}' ORDER BY id"
    query = ("query", sql, "--zone", "silver", "--limit", "5")
    by_api, directly = command.by_api(Role.VIEWER, *query), command.directly(*query)
    assert by_api["rows"][0] == {"id": 7000, "amount": "1.00", "note": None}
    assert {**by_api, "query_id": None} == {**directly, "query_id": None}
    assert by_api["complete"] is False


def test_entry_is_shown_with_its_history_when_a_record_failed(command: Command, run: dict[str, Any]) -> None:
    show = ("quarantine", "show", run["run_id"], "41")
    [entry] = command.by_api(Role.VIEWER, *show)
    assert [entry] == command.directly(*show)
    assert [one["event"] for one in entry["history"]] == ["quarantined"]


@pytest.mark.parametrize(
    "arguments",
    [
        ("explain", "silver.customers", "id=1"),
        ("explain", "gold.spend", "customer_id=1", "--limit", "2"),
        ("ledger", "show", "silver#customers", "1"),
        ("ledger", "verify", "--only", "customers"),
    ],
    ids=" ".join,
)
@pytest.mark.usefixtures("run")
def test_proof_is_the_same_when_it_is_asked_for_either_way(
    command: Command, trial: Deployed, arguments: tuple[str, ...]
) -> None:
    trial.models_rest()
    by_api = command.by_api(Role.STEWARD, "--target", "api", *arguments)
    directly = command.directly(*arguments)
    assert by_api.pop("ran_by", "the API") != directly.pop("ran_by", "this machine")
    assert by_api == directly
    assert by_api.get("clean", True)


def test_proof_ends_otherwise_when_there_is_none(command: Command) -> None:
    missing = ("ledger", "show", "silver#customers", "9999")
    by_api = command.by_api(Role.VIEWER, "--target", "api", *missing, code=Exit.NOT_FOUND)
    assert by_api == command.directly(*missing, code=Exit.NOT_FOUND)
    refused = command.by_api(Role.VIEWER, "--target", "api", "ledger", "verify", code=Exit.UNREACHABLE)
    assert refused["kind"] == "NotAllowed"


def test_held_run_is_decided_when_a_steward_does(command: Command, tmp_path: Path) -> None:
    for number, (verb, status) in enumerate((("approve", "promoted"), ("reject", "rejected"))):
        file = written(tmp_path, "by-api.csv", f"id\n{71000 + number}\n")
        held = command.by_api(Role.ENGINEER, "ingest", file, "-s", "reviewed", "--wait", code=Exit.RUN_HELD)
        refused = command.by_api(Role.VIEWER, verb, held["run_id"], *WHY, code=Exit.UNREACHABLE)
        assert refused["kind"] == "NotAllowed"
        decided = command.by_api(Role.STEWARD, verb, held["run_id"], *WHY, "--wait")
        assert (decided["status"], decided["approval"]["reason"]) == (status, "looked at it")
        again = command.by_api(Role.STEWARD, verb, held["run_id"], *WHY, code=Exit.NOT_FOUND)
        assert again["kind"] == "NotHeld"


def test_contract_is_applied_when_a_steward_approved_it(command: Command, trial: Deployed, tmp_path: Path) -> None:
    file = written(tmp_path, "applied.odcs.yaml", contract("applied", columns="note: string"))
    applying = ("contract", "apply", file, *WHY)
    waits = command.by_api(Role.ENGINEER, *applying, code=Exit.RUN_HELD)
    approving = ("contract", "approve", waits["proposal_id"], "--source", "applied", *WHY)
    assert command.by_api(Role.STEWARD, *approving)["status"] == "approved"
    assert command.by_api(Role.ENGINEER, *applying) == {"run_id": None}
    run = trial.ingest("applied", "id,note\n1,first\n")
    assert (run.status, run.contract_version) == ("promoted", "1.0.0")
    again = command.by_api(Role.ENGINEER, *applying, "--wait")
    assert (again["kind"], again["status"], again["totals"]["duplicates"]) == ("backfill", "promoted", 1)
