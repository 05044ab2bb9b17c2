"""Sources, schedules and contracts by both ways."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cli.exits import Exit
from medallion.control.keys import Role
from medallion.control.operations import Operation
from medallion.control.proposals import ProposalStatus
from medallion.steps import operate
from medallion.steps.operations import OperationKind
from medallion.steps.platform import Platform
from medallion.steps.proposals import check_approved
from tests.unit.api.calling import MemoryPlatform
from tests.unit.api.test_contracts import live
from tests.unit.cli.calling import CALLER, Command
from tests.unit.steps.keeping import contract

ACME = ("--tenant", "acme")
ORDERS = ("--source", "orders")
WHY = ("--reason", "it is needed")
TRIAL = {
    "recovered": 1,
    "rejected": 2,
    "changed": 3,
    "unchanged": 4,
    "retried": 5,
    "condemned_passing": 6,
    "failing": {"TYPE_ERROR": 2},
    "gold": [{"model": "spend", "added": 1, "removed": 2, "changed": 3}],
}
DONE: dict[OperationKind, dict[str, Any]] = {
    OperationKind.RESUME_SOURCE: {"run_ids": ["r1", "r2"]},
    OperationKind.APPLY_SCHEDULE: {},
    OperationKind.FORESEE_CONTRACT: TRIAL,
    OperationKind.ACTIVATE_CONTRACT: {"version": "1.1.0"},
}


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Operation]:
    """What was asked of the tenant's function, which does it at once."""
    asked: list[Operation] = []

    def doing(kind: OperationKind) -> operate.Doing:
        def do(_: Platform, operation: Operation) -> operate.Result:
            asked.append(operation)
            return DONE[kind]

        return do

    monkeypatch.setattr(operate, "DOING", {kind: doing(kind) for kind in DONE})
    monkeypatch.setattr(MemoryPlatform, "invoke", lambda self, _, event: operate.operate(self, event["operation_id"]))
    return asked


@pytest.fixture(autouse=True)
def registered(command: Command) -> None:
    live(command.tenancy)


@pytest.fixture
def changed(tmp_path: Path) -> str:
    """The file of a changed contract."""
    file = tmp_path / "orders.odcs.yaml"
    file.write_text(contract("orders", "1.1.0", "note: string"), encoding="utf-8")
    return str(file)


@pytest.mark.parametrize(
    "arguments",
    [
        ("source", "ls"),
        ("source", "show", "orders"),
        ("schedule", "show", *ORDERS),
        ("contract", "ls", *ORDERS),
        ("source", "show", "nothing"),
        ("schedule", "show", "--source", "nothing"),
    ],
    ids=" ".join,
)
def test_document_is_the_same_when_it_comes_either_way(command: Command, arguments: tuple[str, ...]) -> None:
    directly = command.directly(*arguments, *ACME, "--json")
    by_api = command.by_api(Role.VIEWER, *arguments, "--json")
    assert (by_api.code, by_api.json) == (directly.code, directly.json)
    assert directly.json


def test_view_is_the_same_query_when_it_is_printed_either_way(command: Command) -> None:
    view = ("quarantine", "view", *ORDERS)
    directly = command.directly(*view, *ACME)
    assert '"dev_acme_quarantine"."orders"' in directly.out
    assert command.by_api(Role.VIEWER, *view) == directly


@pytest.mark.usefixtures("asked")
def test_source_waits_and_goes_on_when_an_engineer_says_so(command: Command) -> None:
    paused = command.by_api(Role.ENGINEER, "source", "pause", "orders", *WHY, "--json").json
    assert paused["pause"]["reason"] == "it is needed"
    assert paused == command.directly("source", "show", "orders", *ACME, "--json").json
    resumed = command.by_api(Role.ENGINEER, "source", "resume", "orders", *WHY, "--json")
    assert resumed.json == {"run_ids": ["r1", "r2"]}
    command.directly("source", "pause", "orders", *ACME, *WHY)
    assert command.directly("source", "resume", "orders", *ACME, *WHY, "--json").json == resumed.json
    again = command.directly("source", "resume", "orders", *ACME, *WHY, "--json")
    assert command.by_api(Role.ENGINEER, "source", "resume", "orders", *WHY, "--json") == again


def test_what_is_not_said_stays_when_a_schedule_is_set(command: Command, asked: list[Operation]) -> None:
    new = ("schedule", "set", *ORDERS, "--cron", "30 5 * * MON-FRI", "--pause", *WHY, "--json")
    directly, by_api = command.directly(*new, *ACME), command.by_api(Role.ENGINEER, *new)
    assert by_api.json == directly.json
    [first, second] = asked
    assert first.asked == second.asked
    assert first.asked == {
        "cron": "30 5 * * MON-FRI",
        "time_zone": "UTC",
        "paused": True,
        "catch_up": "once",
        "revision": 1,
    }


def test_changed_contract_is_tried_when_it_is_proposed(command: Command, asked: list[Operation], changed: str) -> None:
    directly = command.directly("contract", "try", changed, *ACME, "--json")
    assert command.by_api(Role.ENGINEER, "contract", "try", changed, "--json").json == directly.json == TRIAL
    assert [one.asked for one in asked] == [{"text": Path(changed).read_text(encoding="utf-8")}] * 2
    shown = command.by_api(Role.ENGINEER, "contract", "try", changed).out
    assert "newly rejected" in shown
    assert "spend" in shown


def test_nobody_approves_their_own_under_another_name(
    command: Command, changed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    control = command.platform().control
    control.save_tenant(control.tenant().model_copy(update={"approvals_by_another": True}))
    made = command.directly("contract", "propose", changed, *ACME, *WHY, "--by", "Ada", "--json").json
    named = ("contract", "approve", made["proposal_id"], *ORDERS, *WHY, "--json")
    assert command.directly(*named, *ACME, "--by", "Grace").json["kind"] == "OwnProposal"
    new = ("key", "new", "laptop", "--role", "steward", *ACME, "--json")
    own = command.directly(*new, "--for", CALLER).json
    assert own["holder"] == CALLER
    monkeypatch.setattr(command, "key", lambda _: own["key"])
    assert command.by_api(Role.STEWARD, *named).json["kind"] == "OwnProposal"
    others = command.directly(*new, "--for", "Grace").json
    monkeypatch.setattr(command, "key", lambda _: others["key"])
    assert command.by_api(Role.STEWARD, *named).json["status"] == "approved"


@pytest.mark.usefixtures("asked")
def test_contract_goes_its_way_when_each_says_its_part(command: Command, changed: str) -> None:
    made = command.by_api(Role.ENGINEER, "contract", "propose", changed, *WHY, "--json").json
    assert (made["status"], made["against"]) == ("proposed", "1.0.0")
    named = (made["proposal_id"], *ORDERS, *WHY, "--json")
    listed = command.directly("contract", "proposals", *ACME, "--json").json
    assert listed == command.by_api(Role.VIEWER, "contract", "proposals", "--json").json == [made]
    refused = command.by_api(Role.ENGINEER, "contract", "approve", *named)
    assert (refused.code, refused.json["kind"]) == (Exit.UNREACHABLE, "NotAllowed")
    assert command.by_api(Role.STEWARD, "contract", "approve", *named).json["status"] == "approved"
    assert command.by_api(Role.ENGINEER, "contract", "activate", *named).json == {"version": "1.1.0"}
    rejected = command.directly("contract", "reject", *named, *ACME).json
    assert (rejected["status"], rejected["decision"]["by"]) == ("rejected", CALLER)
    again = command.directly("contract", "reject", *named, *ACME)
    assert command.by_api(Role.STEWARD, "contract", "reject", *named) == again


# --- applied: the whole way, as far as one may go it


@pytest.fixture
def done(command: Command, asked: list[Operation], monkeypatch: pytest.MonkeyPatch) -> list[Operation]:
    """What was asked of the tenant's function. An activation makes the contract active, a backfill finds nothing."""

    def activate(platform: Platform, operation: Operation) -> operate.Result:
        asked.append(operation)
        proposal = platform.control.proposals.proposal(operation.subject, operation.asked["proposal_id"])
        check_approved(proposal)
        if proposal.status is ProposalStatus.APPROVED:
            platform.control.proposals.move(proposal, ProposalStatus.ACTIVE)
        return {"version": proposal.version}

    def backfill(_: Platform, operation: Operation) -> operate.Result:
        asked.append(operation)
        return {"run_id": None}

    doing = {OperationKind.ACTIVATE_CONTRACT: activate, OperationKind.BACKFILL: backfill}
    monkeypatch.setattr(operate, "DOING", doing)
    return asked


def audited(command: Command) -> set[tuple[str, str]]:
    """What the audit trail says was done, and by whom."""
    return {(one["action"], one["by"]) for one in command.directly("audit", *ACME, "--json").json}


def another_approves(command: Command) -> None:
    """As in production."""
    control = command.platform().control
    control.save_tenant(control.tenant().model_copy(update={"approvals_by_another": True}))


def test_contract_is_applied_at_one_word_where_its_proposer_may_approve_it(
    command: Command, done: list[Operation], changed: str
) -> None:
    called = command.directly("contract", "apply", changed, *ACME, *WHY, "--json")
    assert (called.code, called.json) == (Exit.OK, {"run_id": None})
    assert [one.kind for one in done] == [OperationKind.ACTIVATE_CONTRACT, OperationKind.BACKFILL]
    assert done[1].asked["since"] == "1970-01-01T00:00:00Z"
    steps = ["propose_contract", "approve_proposal", "activate_proposal", "backfill_source"]
    assert audited(command) == {(step, CALLER) for step in steps}
    [proposal] = command.directly("contract", "proposals", *ORDERS, *ACME, "--json").json
    assert (proposal["status"], proposal["proposed"]["by"], proposal["decision"]["by"]) == ("active", CALLER, CALLER)


def test_records_are_taken_up_when_the_active_contract_is_applied_again(
    command: Command, done: list[Operation], changed: str
) -> None:
    for _ in range(2):
        assert command.by_api(Role.OPERATOR, "contract", "apply", changed, *ACME, *WHY).code == Exit.OK
    assert [one.kind for one in done] == [OperationKind.ACTIVATE_CONTRACT, OperationKind.BACKFILL] * 2
    assert len(command.directly("contract", "proposals", *ORDERS, *ACME, "--json").json) == 1


@pytest.mark.usefixtures("done")
def test_contract_waits_for_a_steward_when_an_engineer_applies_it(command: Command, changed: str) -> None:
    applying = ("contract", "apply", changed, *WHY)
    waits = command.by_api(Role.ENGINEER, *applying, "--json")
    again = command.by_api(Role.ENGINEER, *applying, "--json")
    assert (again.code, again.json, waits.code) == (Exit.RUN_HELD, waits.json, Exit.RUN_HELD)
    assert f"medallion contract approve {waits.json['proposal_id']} --source orders" in waits.err
    [standing] = command.directly("contract", "proposals", *ORDERS, *ACME, "--json").json
    assert standing == waits.json
    approve = ("contract", "approve", waits.json["proposal_id"], *ORDERS, *WHY)
    assert command.by_api(Role.STEWARD, *approve).code == Exit.OK
    assert command.by_api(Role.ENGINEER, *applying).code == Exit.OK
    [ended] = command.directly("contract", "proposals", *ORDERS, *ACME, "--json").json
    assert ended["status"] == "active"


def test_contract_waits_in_production_until_another_applies_it(
    command: Command, done: list[Operation], changed: str
) -> None:
    another_approves(command)
    applying = ("contract", "apply", changed, *ACME, *WHY)
    for named in ((), ("--by", "Grace")):
        assert command.directly(*applying, *named).code == Exit.RUN_HELD
    assert done == []
    assert command.by_api(Role.OPERATOR, *applying).code == Exit.OK
    [proposal] = command.directly("contract", "proposals", *ORDERS, *ACME, "--json").json
    assert proposal["proposed"]["by"] == CALLER
    assert "a test" in proposal["decision"]["by"]


@pytest.mark.usefixtures("done")
def test_another_proposal_of_that_version_is_left_alone_when_a_contract_is_applied(
    command: Command, tmp_path: Path, changed: str
) -> None:
    file = tmp_path / "another.odcs.yaml"
    file.write_text(contract("orders", "1.1.0", "remark: string"), encoding="utf-8")
    made = command.by_api(Role.ENGINEER, "contract", "propose", str(file), *WHY, "--json").json
    assert command.by_api(Role.OPERATOR, "contract", "apply", changed, *ACME, *WHY).code == Exit.OK
    found = command.directly("contract", "proposals", *ORDERS, *ACME, "--json").json
    assert {one["proposal_id"]: one["status"] for one in found}[made["proposal_id"]] == "proposed"


def test_what_is_wrong_with_a_contract_is_told_when_it_is_applied(command: Command, tmp_path: Path) -> None:
    file = tmp_path / "lower.odcs.yaml"
    file.write_text(contract("orders", "0.9.0"), encoding="utf-8")
    applying = ("contract", "apply", str(file), *ACME, *WHY, "--json")
    directly, by_api = command.directly(*applying), command.by_api(Role.OPERATOR, *applying)
    assert (directly.code, directly.json) == (by_api.code, by_api.json)
    assert "raise the version" in directly.json["error"]
