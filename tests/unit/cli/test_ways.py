"""One command, two ways: the same document, the same errors; and which way is taken."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from rich.console import Console

from cli.exits import Exit
from medallion.control.items import Approval, Breaker, Run, RunKind, RunStatus
from medallion.control.keys import Role
from medallion.control.operations import Operation
from medallion.errors import NotRepeatable
from medallion.ledger.outcomes import ObjectOutcomes
from medallion.steps import operate
from medallion.steps.operations import OperationKind
from medallion.steps.platform import Platform
from tests.unit.api.calling import NOW, MemoryPlatform
from tests.unit.api.sources import save_source
from tests.unit.api.test_quarantine import entry
from tests.unit.cli.calling import API, CALLER, Command

ACME = ("--tenant", "acme")
WHY = ("--reason", "looked at it")
OBJECT = "s3://landing/orders/a.csv?version=1"


@pytest.fixture
def acme(command: Command) -> MemoryPlatform:
    """Tenant acme with a source, and runs that ended, are held and go on."""
    platform = command.platform()
    save_source(platform.control)
    outcomes = ObjectOutcomes(source_file_id=OBJECT, rows_in=3, inserted=2, quarantined=1)
    ended = {
        "status": RunStatus.PROMOTED,
        "objects": (OBJECT,),
        "outcomes": (outcomes,),
        "quarantined_by_code": {"TYPE_ERROR": 1},
        "ended_at": NOW + timedelta(seconds=3),
        "snapshots": {"silver": "123456789012345678"},
        "approval": Approval(approved=True, by="Ada", reason="fine", at=NOW, digest="d"),
        "warnings": ("late",),
        "lane": "lambda",
    }
    made(platform, 1, **ended)
    made(platform, 2, status=RunStatus.HELD, task_token="token-2", reason="too many failed")  # noqa: S106  # no secret
    platform.waiting.tasks["token-2"] = None
    made(platform, 3, status=RunStatus.RUNNING)
    made(platform, 4, kind=RunKind.MODEL, subject="spend", status=RunStatus.FAILED, rows=7, job_log=("oh",))
    platform.control.breakers.open(
        Breaker(source="orders", run_id=run_id(1), opened_at=NOW, code="TYPE_ERROR", failures=9, rows=10)
    )
    return platform


def made(platform: MemoryPlatform, number: int, **how: Any) -> None:
    about = {"run_id": run_id(number), "kind": RunKind.INGEST, "subject": "orders", "created_at": NOW}
    platform.control.create_run(Run.model_validate({**about, **how}))


def run_id(number: int) -> str:
    return f"20260301t12000{number}-abc"


@pytest.mark.parametrize(
    "arguments",
    [
        ("runs",),
        ("runs", "--source", "orders", "--status", "held"),
        ("runs", "--limit", "2"),
        ("run", run_id(1)),
        ("run", run_id(2)),
        ("run", run_id(4)),
        ("breaker", "show", "--source", "orders"),
        ("quarantine", "ls", "--source", "orders", "--code", "TYPE_ERROR", "--object", OBJECT, "--row", "1"),
        ("usage", "--from", "2026-02-27", "--to", "2026-03-01"),
        ("usage",),
        ("cost",),
        ("cost", "--month", "2026-02"),
        ("audit",),
        ("operations", "ls"),
    ],
    ids=" ".join,
)
@pytest.mark.usefixtures("acme")
def test_document_is_the_same_when_it_comes_either_way(command: Command, arguments: tuple[str, ...]) -> None:
    command.session.athena.rows = [entry(1), entry(2)]
    command.directly("key", "new", "loader", "--role", "viewer", *ACME)
    directly = command.directly(*arguments, *ACME, "--json")
    by_api = command.by_api(Role.STEWARD, *arguments, "--json")
    assert (by_api.code, by_api.err) == (directly.code, directly.err)
    assert by_api.json == directly.json
    assert directly.json or arguments[0] == "operations"


@pytest.mark.usefixtures("acme")
def test_entry_has_its_history_when_it_is_shown_either_way(command: Command) -> None:
    whole = {**entry(1, run_id(1)), "raw": b"a,x".hex(), "record_names": "id\x1famount", "record_values": "=a\x1f=x"}
    told = {"event": "quarantined", "event_time": "2026-03-01 12:00:00", "actor": None, "run_id": run_id(1)}
    said = {**told, "attempt": "1", "reason": None, "standing": "promoted", "codes": "TYPE_ERROR"}
    show = ("quarantine", "show", run_id(1), "1")
    command.session.athena.answers = [[whole], [said]]
    directly = command.directly(*show, *ACME, "--json")
    # The list names the entry; then it is asked for.
    command.session.athena.answers = [[entry(1, run_id(1))], [whole], [said]]
    assert command.by_api(Role.VIEWER, *show, "--json").json == directly.json
    assert [one["event"] for one in directly.json[0]["history"]] == ["quarantined"]
    command.session.athena.rows = []
    for called in (command.directly(*show, *ACME), command.by_api(Role.VIEWER, *show)):
        assert called.code == Exit.NOT_FOUND
        assert f"medallion quarantine ls --run {run_id(1)}" in called.err


# --- what takes an engine

DONE: dict[OperationKind, dict[str, Any]] = {
    OperationKind.ROLLBACK: {"to_run_id": run_id(1), "from_snapshot": "2", "to_snapshot": "1", "undone": [run_id(2)]},
    OperationKind.FORESEE_CORRECTION: {"entries": 1, "columns": {"amount": 1}},
    OperationKind.CORRECT: {"entries": 1},
    OperationKind.RELEASE: {"entries": 2},
    OperationKind.FORESEE_RELEASE: {"entries": 2},
    OperationKind.REPROCESS: {"run_id": run_id(1), "attempt": 1, "status": "pending"},
    OperationKind.BACKFILL: {"run_id": None},
    OperationKind.RERUN: {"run_id": run_id(4)},
    OperationKind.CANCEL: {"run_id": run_id(3)},
    OperationKind.EXPLAIN: {"table": "silver.orders", "rows": [], "total": 0, "runs": []},
}
FORECAST = {"inserted": 1, "updated": 0, "duplicates": 0, "quarantined": 1, "condemned": 0, "withdrawn": 0}
DONE[OperationKind.FORESEE_REPROCESS] = {"records": 2, "by_code": {"TYPE_ERROR": 1}, **FORECAST}
DONE[OperationKind.FORESEE_BACKFILL] = {"objects": 1, **DONE[OperationKind.FORESEE_REPROCESS]}


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Operation]:
    """The operations that were done; each kind answers at once. The tenant's function does those of the API."""
    asked: list[Operation] = []

    def doing(kind: OperationKind) -> operate.Doing:
        def do(_: Platform, operation: Operation) -> operate.Result:
            asked.append(operation)
            return DONE[kind]

        return do

    monkeypatch.setattr(operate, "DOING", {kind: doing(kind) for kind in DONE})
    monkeypatch.setattr(MemoryPlatform, "invoke", lambda self, _, event: operate.operate(self, event["operation_id"]))
    return asked


CORRECTION = ("--set", "amount=it's", "--expr", "note=UPPER(note)")


@pytest.mark.parametrize(
    ("role", "arguments"),
    [
        (Role.ENGINEER, ("rollback", "--source", "orders", "--to", run_id(1), *WHY)),
        (Role.ENGINEER, ("backfill", "--source", "orders", "--since", "2026-01-31", *WHY)),
        (Role.ENGINEER, ("backfill", "--source", "orders", "--object", OBJECT, "--dry-run", *WHY)),
        (Role.ENGINEER, ("rerun", run_id(4), *WHY)),
        (Role.ENGINEER, ("cancel", run_id(3), *WHY)),
        (Role.STEWARD, ("quarantine", "correct", "-s", "orders", "--code", "TYPE_ERROR", *CORRECTION, *WHY)),
        (Role.STEWARD, ("quarantine", "correct", "-s", "orders", *CORRECTION, "--dry-run", *WHY)),
        (Role.STEWARD, ("quarantine", "release", "-s", "orders", "--until", "2026-01-31", *WHY)),
        (Role.STEWARD, ("quarantine", "release", "-s", "orders", "--dry-run", *WHY)),
        (Role.STEWARD, ("quarantine", "reprocess", "-s", "orders", "--object", OBJECT, "--row", "3", *WHY)),
        (Role.STEWARD, ("quarantine", "reprocess", "-s", "orders", "--run", "r", *CORRECTION, "--dry-run", *WHY)),
    ],
    ids=lambda given: " ".join(given[:2]) if isinstance(given, tuple) else given,
)
@pytest.mark.usefixtures("acme")
def test_the_same_is_asked_and_told_when_an_engine_does_it_either_way(
    command: Command, asked: list[Operation], role: Role, arguments: tuple[str, ...]
) -> None:
    directly = command.directly(*arguments, *ACME, "--json")
    first, asked[:] = list(asked), []
    by_api = command.by_api(role, *arguments, "--json")
    assert (by_api.code, by_api.err) == (directly.code, directly.err)
    assert by_api.json == directly.json
    about = {"kind", "subject", "asked", "reason"}
    assert [one.model_dump(include=about) for one in asked] == [one.model_dump(include=about) for one in first]
    assert {one.requested_by for one in first} == {CALLER}
    assert all("a test" in one.requested_by for one in asked)


@pytest.mark.usefixtures("acme")
def test_failed_operation_is_the_error_itself_when_it_ends(
    command: Command, asked: list[Operation], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any) -> Any:
        raise NotRepeatable("it goes on")

    monkeypatch.setattr(operate, "DOING", {OperationKind.RERUN: refuse})
    directly = command.directly("rerun", run_id(4), *ACME, "--json")
    by_api = command.by_api(Role.ENGINEER, "rerun", run_id(4), "--json")
    assert (by_api.code, by_api.json) == (directly.code, directly.json)
    assert (by_api.code, by_api.json) == (Exit.FAILED, {"error": "it goes on", "kind": "NotRepeatable"})
    assert asked == []


# --- decisions


@pytest.mark.parametrize(("verb", "approved"), [("approve", True), ("reject", False)])
def test_run_is_decided_when_a_steward_says_so(
    command: Command, acme: MemoryPlatform, verb: str, *, approved: bool
) -> None:
    refused = command.by_api(Role.ENGINEER, verb, run_id(2), *WHY, "--json")
    assert (refused.code, refused.json["kind"]) == (Exit.UNREACHABLE, "NotAllowed")
    named = command.by_api(Role.STEWARD, verb, run_id(2), "--by", "Ada", *WHY)
    assert (named.code, "leave --by out" in named.err) == (Exit.USAGE, True)
    told = command.by_api(Role.STEWARD, verb, run_id(2), *WHY, "--json").json
    assert (told["approval"]["approved"], told["approval"]["reason"]) == (approved, "looked at it")
    assert "task_token" not in told
    again = command.by_api(Role.STEWARD, verb, run_id(2), *WHY, "--json")
    assert (again.code, again.json["kind"]) == (Exit.NOT_FOUND, "NotHeld")
    directly = command.directly(verb, run_id(2), *ACME, *WHY, "--json")
    assert (directly.code, directly.json) == (again.code, again.json)


def test_who_decided_is_whom_the_credentials_name_when_nobody_is_named(command: Command, acme: MemoryPlatform) -> None:
    assert command.directly("approve", run_id(2), *ACME, *WHY, "--json").json["approval"]["by"] == CALLER
    [line] = command.directly("audit", *ACME, "--json").json
    assert (line["action"], line["subject"], line["by"]) == ("decide_run", {"run_id": run_id(2)}, CALLER)
    closed = command.directly("breaker", "close", "-s", "orders", *ACME, "--by", "Ada", *WHY, "--json").json
    assert (closed["open"], closed["last"]["closed_by"]) == (False, "Ada")


# --- errors


@pytest.mark.parametrize(
    "arguments",
    [
        ("run", "no-such-run"),
        ("breaker", "show", "--source", "nothing"),
        ("quarantine", "ls", "--source", "nothing"),
        ("breaker", "close", "--source", "nothing", *WHY),
        ("operations", "show", "no-such-operation"),
        ("key", "revoke", "ffffffffffff"),
    ],
    ids=" ".join,
)
def test_error_is_the_same_when_it_comes_either_way(command: Command, arguments: tuple[str, ...]) -> None:
    directly = command.directly(*arguments, *ACME, "--json")
    by_api = command.by_api(Role.OPERATOR, *arguments, *ACME, "--json")
    assert (by_api.code, by_api.json) == (directly.code, directly.json)
    assert directly.code == Exit.NOT_FOUND


# --- which way


def test_tenant_is_the_keys_own_when_none_is_named(command: Command) -> None:
    told = command.by_api(Role.VIEWER, "whoami", "--json").json
    assert (told["tenant"], told["role"], told["target"], told["at"]) == ("acme", "viewer", "api", API)
    foreign = command.by_api(Role.VIEWER, "runs", "--tenant", "skyline")
    assert (foreign.code, "does not reach skyline" in foreign.err) == (Exit.USAGE, True)
    nameless = command.by_api(Role.OPERATOR, "runs")
    assert (nameless.code, "--tenant T" in nameless.err) == (Exit.USAGE, True)
    assert command.by_api(Role.OPERATOR, "whoami", "--tenant", "skyline", "--json").json["tenant"] == "skyline"


def test_tenant_is_asked_for_when_the_way_is_direct(command: Command) -> None:
    called = command.directly("runs")
    assert (called.code, "--tenant T" in called.err) == (Exit.USAGE, True)


@pytest.mark.parametrize("arguments", [("deploy",), ("key", "ls", "--operators"), ("housekeeping", "--dry-run")])
def test_sentence_says_how_when_the_api_does_not_do_it(command: Command, arguments: tuple[str, ...]) -> None:
    called = command.by_api(Role.ENGINEER, *arguments)
    assert (called.code, "--target aws" in called.err) == (Exit.USAGE, True)


# --- widths


@pytest.mark.parametrize(
    ("arguments", "ids"),
    [
        (("runs",), [run_id(1), run_id(4)]),
        (("run", run_id(1)), [run_id(1)]),
        (("watch", "--once"), [run_id(2), run_id(4)]),
        (("quarantine", "ls"), ["r2"]),
        (("breaker", "show", "--source", "orders"), [run_id(1)]),
        (("source", "ls"), ["orders"]),
        (("key", "ls"), []),
        (("audit",), []),
        (("usage",), []),
        (("cost",), []),
    ],
    ids=" ".join,
)
@pytest.mark.usefixtures("acme")
def test_table_fits_when_the_terminal_has_eighty_columns(
    command: Command, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], ids: list[str]
) -> None:
    for module in ("cli.output", "cli.watch"):
        monkeypatch.setattr(f"{module}.console", lambda: Console(width=80, highlight=False))
    command.session.athena.rows = [entry(1), entry(2)]
    command.directly("key", "new", "the nightly loader of the branch in Zurich", "--role", "viewer", *ACME)
    called = command.directly(*arguments, *ACME)
    assert max(map(len, called.out.splitlines())) <= 80
    assert all(one in called.out for one in ids)
