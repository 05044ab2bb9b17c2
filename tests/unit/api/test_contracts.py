"""Contracts, schedules, models and sources through the API: who may do what, and what is told."""

from __future__ import annotations

import json
from typing import Any

import pytest
from httpx2 import Response
from starlette.testclient import TestClient

from medallion.contracts import parse_contract
from medallion.contracts.model import Lane, Trigger
from medallion.contracts.ruleset import ruleset_hash
from medallion.control.items import ContractVersion, Source
from medallion.control.keys import Role
from medallion.control.operations import Operation
from medallion.steps.platform import Platform
from tests.unit.api.calling import NOW, MemoryTenancy, as_key, as_operator, as_signer, once
from tests.unit.steps.keeping import contract

WHY = {"reason": "it is needed"}
MODEL = "/* medallion\ndescription: What was ordered.\nkeys: [id]\n*/\nSELECT id FROM silver.orders\n"
TEXT_OF_MODEL = {"text": MODEL, **WHY}


@pytest.fixture
def tenancy(monkeypatch: pytest.MonkeyPatch) -> MemoryTenancy:
    """Tenant acme, whose function OPERATE is called and does nothing; its source `orders` is active."""
    monkeypatch.setattr(Platform, "invoke", lambda platform, task, event: None)
    made = MemoryTenancy("acme", "skyline")
    live(made)
    return made


def live(tenancy: MemoryTenancy, version: str = "1.0.0") -> None:
    control = tenancy.platform("acme", Role.OPERATOR).control
    text = contract("orders", version)
    rules = ruleset_hash(parse_contract(text, "a test's contract"))
    source = Source(
        name="orders",
        contract_version=version,
        ruleset=rules,
        trigger=Trigger.ON_ARRIVAL,
        lane=Lane.AUTO,
        approval="automatic",
    )
    written = ContractVersion(source="orders", version=version, text=text, ruleset=rules, registered_at=NOW)
    assert control.activate(source, None, written)
    control.schedules.ensure("orders", NOW)


def engineer(tenancy: MemoryTenancy, tenant: str = "acme") -> TestClient:
    return as_key(tenancy, tenant, Role.ENGINEER)


def steward(tenancy: MemoryTenancy) -> TestClient:
    return as_key(tenancy, "acme", Role.STEWARD, "ba9876543210", "another test")


def proposed(tenancy: MemoryTenancy, version: str = "1.1.0", columns: str = "note: string") -> dict[str, Any]:
    body = {"text": contract("orders", version, columns), **WHY}
    answer = engineer(tenancy).post("/sources/orders/proposals", json=body, headers=once(f"propose-{version}"))
    assert answer.status_code == 201, answer.text
    assert answer.headers["location"] == f"/v1/sources/orders/proposals/{answer.json()['proposal_id']}"
    told: dict[str, Any] = answer.json()
    return told


def decide(client: TestClient, proposal: dict[str, Any], how: str) -> Response:
    address = f"/sources/orders/proposals/{proposal['proposal_id']}/{how}"
    return client.post(address, json=WHY, headers=once(f"{how}-of-the-proposal"))


# --- contracts


def test_contract_is_proposed_approved_and_asked_to_be_active_by_those_who_may(tenancy: MemoryTenancy) -> None:
    made = proposed(tenancy)
    assert (made["status"], made["against"], made["breaking"]) == ("proposed", "1.0.0", [])
    assert made["compatible"] == ["column note is new and need not be in every header"]
    assert decide(engineer(tenancy), made, "approval").status_code == 403
    assert decide(engineer(tenancy), made, "activation").json()["type"] == "/problems/proposal-not-open"
    assert decide(as_key(tenancy, "acme", Role.VIEWER), made, "approval").status_code == 403
    approved = decide(steward(tenancy), made, "approval")
    assert (approved.status_code, approved.json()["status"]) == (200, "approved")
    assert decide(steward(tenancy), made, "activation").status_code == 403
    asked = decide(engineer(tenancy), made, "activation")
    assert asked.status_code == 202
    assert asked.headers["location"] == f"/v1/operations/{asked.json()['operation_id']}"
    operation = tenancy.platform("acme", Role.OPERATOR).control.operations.operation(asked.json()["operation_id"])
    assert (operation.kind, operation.subject, operation.asked) == (
        "activate_contract",
        "orders",
        {"proposal_id": made["proposal_id"]},
    )
    viewer = as_key(tenancy, "acme", Role.VIEWER)
    assert [one["proposal_id"] for one in viewer.get("/proposals").json()["items"]] == [made["proposal_id"]]
    shown = viewer.get(f"/sources/orders/proposals/{made['proposal_id']}").json()
    assert parse_contract(shown["text"], "the text").version == "1.1.0"


def test_all_that_is_wrong_is_told_when_a_proposal_is_no_contract(tenancy: MemoryTenancy) -> None:
    text = contract("orders", "2.0.0").replace("integer", "number").replace("v3.1.0", "v2.0.0")
    answer = engineer(tenancy).post("/sources/orders/proposals", json={"text": text, **WHY}, headers=once())
    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/invalid-contract")
    assert len(answer.json()["detail"].splitlines()) >= 2
    assert engineer(tenancy).get("/sources/orders/proposals").json()["items"] == []


def test_a_breaking_version_is_refused_when_its_number_does_not_say_so(tenancy: MemoryTenancy) -> None:
    body = {"text": contract("orders", "1.1.0", "amount: integer!"), **WHY}
    answer = engineer(tenancy).post("/sources/orders/proposals", json=body, headers=once())
    assert answer.status_code == 422
    assert "column amount is new and must be in every header. Raise the first number" in answer.json()["detail"]


def test_another_person_approves_where_the_environment_says_so(tenancy: MemoryTenancy) -> None:
    control = tenancy.platform("acme", Role.OPERATOR).control
    control.save_tenant(control.tenant().model_copy(update={"approvals_by_another": True}))
    operator = as_operator(tenancy, "acme")
    body = {"text": contract("orders", "1.1.0", "note: string"), **WHY}
    made = operator.post("/sources/orders/proposals", json=body, headers=once("by-the-operator")).json()
    refused = decide(operator, made, "approval")
    assert (refused.status_code, refused.json()["type"]) == (403, "/problems/own-proposal")
    assert decide(steward(tenancy), made, "approval").status_code == 200


@pytest.mark.parametrize("holder", ["Ada", " ada"])
def test_nobody_approves_their_own_with_another_key(tenancy: MemoryTenancy, holder: str) -> None:
    control = tenancy.platform("acme", Role.OPERATOR).control
    control.save_tenant(control.tenant().model_copy(update={"approvals_by_another": True}))
    proposing = as_key(tenancy, "acme", Role.ENGINEER, "0123456789ab", holder="Ada")
    body = {"text": contract("orders", "1.1.0", "note: string"), **WHY}
    made = proposing.post("/sources/orders/proposals", json=body, headers=once()).json()
    assert made["proposed"]["by"] == "key 0123456789ab (a test, of Ada)"
    refused = decide(as_key(tenancy, "acme", Role.STEWARD, "ba9876543210", holder), made, "approval")
    assert (refused.status_code, refused.json()["type"]) == (403, "/problems/own-proposal")
    signer = as_signer(tenancy, "Ada")
    signer.headers["Medallion-Tenant"] = "acme"
    assert decide(signer, made, "approval").status_code == 403, "who is known by the ARN signs"
    grace = decide(as_key(tenancy, "acme", Role.STEWARD, "ba9876543210", holder="Grace"), made, "approval")
    assert (grace.status_code, grace.json()["decision"]["by"]) == (200, "key ba9876543210 (a test, of Grace)")


def test_a_proposal_ends_once_when_it_is_withdrawn_or_rejected(tenancy: MemoryTenancy) -> None:
    made = proposed(tenancy)
    assert decide(engineer(tenancy), made, "withdrawal").json()["status"] == "withdrawn"
    assert decide(steward(tenancy), made, "rejection").status_code == 409
    assert engineer(tenancy).get("/proposals").json()["items"] == []


def test_versions_and_differences_are_told_when_a_viewer_looks(tenancy: MemoryTenancy) -> None:
    made = proposed(tenancy)
    viewer = as_key(tenancy, "acme", Role.VIEWER)
    [version] = viewer.get("/sources/orders/contracts").json()["items"]
    assert (version["version"], version["active"]) == ("1.0.0", True)
    assert viewer.get("/sources/orders/contracts/1.0.0").json()["text"] == contract()
    assert viewer.get("/sources/orders/contracts/9.0.0").status_code == 404
    told = viewer.get(f"/sources/orders/proposals/{made['proposal_id']}/comparison").json()
    assert (told["breaking"], [one["path"] for one in told["changes"]]) == (False, ["columns.note"])
    same = viewer.get("/sources/orders/comparison", params={"before": "1.0.0", "after": "1.0.0"})
    assert same.json() == {"changes": [], "breaking": False, "said": []}


def test_another_tenants_looks_as_if_it_were_not_there(tenancy: MemoryTenancy) -> None:
    made = proposed(tenancy)
    stranger = engineer(tenancy, "skyline")
    for address in (
        "/sources/orders",
        "/sources/orders/contracts",
        "/sources/orders/schedule",
        f"/sources/orders/proposals/{made['proposal_id']}",
    ):
        assert stranger.get(address).status_code == 404, address
    assert stranger.get("/sources/orders/proposals").json()["items"] == []
    assert stranger.get("/proposals").json()["items"] == []
    assert stranger.get("/sources").json()["items"] == []


def test_a_contract_is_tried_when_it_is_one(tenancy: MemoryTenancy) -> None:
    text = contract("orders", "1.1.0")
    asked = steward(tenancy).post("/sources/orders/contract-trials", json={"text": text}, headers=once())
    assert (asked.status_code, asked.json()["kind"]) == (202, "foresee_contract")
    wrong = {"text": contract("others")}
    assert (
        steward(tenancy).post("/sources/orders/contract-trials", json=wrong, headers=once("w" * 9)).status_code == 422
    )


# --- sources


def test_a_source_waits_and_goes_on_when_an_engineer_says_so(tenancy: MemoryTenancy) -> None:
    paused = engineer(tenancy).post("/sources/orders/pause", json=WHY, headers=once("pause-it"))
    assert (paused.status_code, paused.json()["pause"]["reason"]) == (200, "it is needed")
    assert engineer(tenancy).post("/sources/orders/pause", json=WHY, headers=once("again-it")).status_code == 409
    asked = engineer(tenancy).post("/sources/orders/resumption", json=WHY, headers=once("go-on-with-it"))
    assert (asked.status_code, asked.json()["kind"]) == (202, "resume_source")
    [shown] = engineer(tenancy).get("/sources").json()["items"]
    assert shown == {
        "name": "orders",
        "description": "",
        "owner": "",
        "contract_version": "1.0.0",
        "trigger": "on_arrival",
        "lane": "auto",
        "approval": "automatic",
        "load": "append",
        "pause": None,
        "breaker": "",
        "waiting": 0,
        "last_run": None,
    }
    assert steward(tenancy).post("/sources/orders/pause", json=WHY, headers=once()).status_code == 403


# --- schedules


def test_a_schedule_is_shown_with_its_next_moments(tenancy: MemoryTenancy) -> None:
    shown = steward(tenancy).get("/sources/orders/schedule", params={"runs": 2}).json()
    assert (shown["cron"], shown["time_zone"], shown["catch_up"], shown["revision"]) == ("0 2 * * *", "UTC", "once", 1)
    assert shown["next_runs"] == ["2026-03-02T02:00:00Z", "2026-03-03T02:00:00Z"]


def test_a_schedule_is_asked_for_when_it_can_be_taken(tenancy: MemoryTenancy) -> None:
    def put(**said: object) -> Response:
        return engineer(tenancy).put("/sources/orders/schedule", json={**WHY, **said})

    asked = put(cron="30  5 * * MON-FRI", time_zone="Europe/Zurich", revision=1)
    assert asked.status_code == 202, asked.text
    operations: list[Operation] = tenancy.platform("acme", Role.OPERATOR).control.operations.page(5).operations
    assert operations[0].asked == {
        "cron": "30 5 * * MON-FRI",
        "time_zone": "Europe/Zurich",
        "paused": False,
        "catch_up": "once",
        "revision": 1,
    }
    assert put(cron="0 0 1 * MON").json()["type"] == "/problems/invalid-schedule"
    assert put(cron="0 2 * * *", time_zone="Zurich").status_code == 422
    assert put(cron="0 2 * * *", revision=7).json()["type"] == "/problems/schedule-changed"
    assert put(cron="0 2 * * *", catch_up="all").status_code == 422
    assert steward(tenancy).put("/sources/orders/schedule", json={**WHY, "cron": "0 2 * * *"}).status_code == 403


# --- models


def test_a_model_is_set_shown_and_built_when_an_engineer_asks(tenancy: MemoryTenancy) -> None:
    made = engineer(tenancy).put("/models/listed", json=TEXT_OF_MODEL)
    assert made.status_code == 200, made.text
    assert (made.json()["revision"], made.json()["inputs"], made.json()["keys"]) == (1, ["silver.orders"], ["id"])
    second = engineer(tenancy).put(
        "/models/listed", json={**TEXT_OF_MODEL, "text": MODEL.replace("id FROM", "1 AS id FROM")}
    )
    assert second.json()["revision"] == 2
    viewer = as_key(tenancy, "acme", Role.VIEWER)
    page = viewer.get("/models/listed/versions", params={"limit": 1}).json()
    assert [one["revision"] for one in page["items"]] == [2]
    rest = viewer.get("/models/listed/versions", params={"cursor": page["next"]}).json()
    assert ([one["revision"] for one in rest["items"]], rest["next"]) == ([1], None)
    assert viewer.get("/models/listed/versions/1").json()["text"] == MODEL
    assert [one["name"] for one in viewer.get("/models").json()["items"]] == ["listed"]
    stale = engineer(tenancy).put("/models/listed", json={**TEXT_OF_MODEL, "replaces": 1})
    assert (stale.status_code, stale.json()["type"]) == (409, "/problems/model-changed")
    asked = engineer(tenancy).post("/models/listed/builds", json=WHY, headers=once())
    assert (asked.status_code, asked.json()["kind"]) == (202, "build_model")
    assert viewer.get("/models/none").status_code == 404
    assert viewer.put("/models/listed", json=TEXT_OF_MODEL).status_code == 403


def test_a_model_is_refused_when_it_reads_what_is_not_there(tenancy: MemoryTenancy) -> None:
    body = {**TEXT_OF_MODEL, "text": MODEL.replace("orders", "nothing")}
    answer = engineer(tenancy).put("/models/listed", json=body)
    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/invalid-model")
    assert "silver.nothing" in json.dumps(answer.json())
