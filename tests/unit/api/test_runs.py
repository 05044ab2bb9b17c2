"""Runs through the API: listed, shown, decided over; what takes an engine is asked for as an operation."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from starlette.testclient import TestClient

from medallion.control.items import Breaker, Run, RunKind, RunStatus
from medallion.control.keys import Role
from medallion.control.plane import ControlPlane
from medallion.control.rollbacks import Rollback
from medallion.layout import Task
from tests.unit.api.calling import NOW, MemoryTenancy, as_key, once
from tests.unit.api.sources import save_source

WHY = {"reason": "it was a test"}


@pytest.fixture
def tenancy() -> MemoryTenancy:
    return MemoryTenancy("acme", "skyline")


@pytest.fixture
def control(tenancy: MemoryTenancy) -> ControlPlane:
    return tenancy.platform("acme", Role.OPERATOR).control


@pytest.fixture
def engineer(tenancy: MemoryTenancy) -> TestClient:
    return as_key(tenancy, "acme", Role.ENGINEER)


@pytest.fixture
def steward(tenancy: MemoryTenancy) -> TestClient:
    return as_key(tenancy, "acme", Role.STEWARD)


def made(control: ControlPlane, number: int, **how: Any) -> Run:
    about = {"run_id": f"20260301t12000{number}-abc", "kind": RunKind.INGEST, "subject": "orders", "created_at": NOW}
    run = Run.model_validate({**about, **how})
    control.create_run(run)
    return run


def held(tenancy: MemoryTenancy, control: ControlPlane, number: int = 1) -> Run:
    run = made(control, number, status=RunStatus.HELD, task_token=f"token-{number}", reason="too many failed")
    tenancy.platform("acme", Role.OPERATOR).waiting.tasks[run.task_token] = None
    save_source(control)
    return run


# --- looking


def test_runs_come_newest_first_and_in_pages(control: ControlPlane, engineer: TestClient) -> None:
    runs = [made(control, number, status=RunStatus.PROMOTED).run_id for number in range(5)]
    first = engineer.get("/runs", params={"limit": 3}).json()
    rest = engineer.get("/runs", params={"limit": 3, "cursor": first["next"]}).json()
    assert [one["run_id"] for one in first["items"] + rest["items"]] == runs[::-1]
    assert rest["next"] is None


def test_runs_are_those_of_a_source_and_a_status_when_these_are_named(
    control: ControlPlane, engineer: TestClient
) -> None:
    made(control, 1, subject="orders", status=RunStatus.FAILED)
    wanted = made(control, 2, subject="customers", status=RunStatus.FAILED)
    made(control, 3, subject="customers", status=RunStatus.PROMOTED)
    found = engineer.get("/runs", params={"source": "customers", "status": "failed"}).json()["items"]
    assert [one["run_id"] for one in found] == [wanted.run_id]


def test_a_run_is_shown_without_the_token_that_answers_it(
    tenancy: MemoryTenancy, control: ControlPlane, engineer: TestClient
) -> None:
    run = held(tenancy, control)
    answer = engineer.get(f"/runs/{run.run_id}")
    assert answer.json()["reason"] == "too many failed"
    assert answer.json()["totals"]["rows_in"] == 0
    assert "token" not in answer.text


def test_a_foreign_run_looks_like_a_missing_one(control: ControlPlane, tenancy: MemoryTenancy) -> None:
    run = made(control, 1)
    other = as_key(tenancy, "skyline", Role.ENGINEER)
    for path in (f"/runs/{run.run_id}", "/runs/no-such-run"):
        assert (other.get(path).status_code, other.get(path).json()["type"]) == (404, "/problems/unknown-run")


# --- deciding


def test_held_runs_are_listed_the_oldest_first(
    tenancy: MemoryTenancy, control: ControlPlane, steward: TestClient
) -> None:
    made(control, 0, status=RunStatus.RUNNING)
    runs = [held(tenancy, control, number).run_id for number in (1, 2, 3)]
    first = steward.get("/approvals", params={"limit": 2}).json()
    rest = steward.get("/approvals", params={"limit": 2, "cursor": first["next"]}).json()
    assert [one["run_id"] for one in first["items"]] == runs[:2]
    assert ([one["run_id"] for one in rest["items"]], rest["next"]) == (runs[2:], None)
    assert steward.get("/approvals", params={"limit": 3}).json()["next"] is None


@pytest.mark.parametrize(("decision", "attempt"), [("approve", 2), ("reject", 1)])
def test_a_held_run_is_decided_once(
    tenancy: MemoryTenancy, control: ControlPlane, steward: TestClient, decision: str, attempt: int
) -> None:
    run = held(tenancy, control)
    asked = {"decision": decision, "reason": "looked at it"}
    answer = steward.post(f"/runs/{run.run_id}/approval", json=asked, headers=once("the-first"))
    assert (answer.status_code, answer.json()["attempt"]) == (200, attempt)
    waiting = tenancy.platform("acme", Role.OPERATOR).waiting
    assert waiting.tasks[run.task_token] == f'{{"decision": "{decision}"}}'
    found = control.run(run.run_id).approval
    assert found is not None
    assert (found.by, found.reason) == ("key 0123456789ab (a test)", "looked at it")
    again = steward.post(f"/runs/{run.run_id}/approval", json=asked, headers=once("the-second"))
    assert (again.status_code, again.json()["type"]) == (409, "/problems/not-held")


def test_nobody_decides_when_the_role_does_not(tenancy: MemoryTenancy, control: ControlPlane) -> None:
    run = held(tenancy, control)
    asked = {"decision": "approve", "reason": "x"}
    for role, path, body in (
        (Role.ENGINEER, f"/runs/{run.run_id}/approval", asked),
        (Role.VIEWER, f"/runs/{run.run_id}/approval", asked),
        (Role.STEWARD, f"/runs/{run.run_id}/cancellation", WHY),
        (Role.STEWARD, f"/runs/{run.run_id}/rerun", WHY),
        (Role.STEWARD, "/tables/silver/orders/rollback", {"run_id": run.run_id, **WHY}),
        (Role.STEWARD, "/sources/orders/backfills", {"objects": ["o"], **WHY}),
        (Role.ENGINEER, "/sources/orders/quarantine/release", WHY),
        (Role.ENGINEER, "/sources/orders/breaker/closing", WHY),
    ):
        assert as_key(tenancy, "acme", role).post(path, json=body, headers=once()).status_code == 403, path


# --- asking


@pytest.mark.parametrize(
    ("path", "body", "kind", "subject", "said"),
    [
        ("/runs/{run}/cancellation", {}, "cancel", "{run}", {}),
        ("/runs/{run}/rerun", {}, "rerun", "{run}", {"attempt": 1}),
        (
            "/tables/silver/orders/rollback",
            {"run_id": "{run}"},
            "rollback",
            "silver.orders",
            {"zone": "silver", "name": "orders", "run_id": "{run}"},
        ),
    ],
)
def test_an_operation_is_asked_for_when_it_takes_an_engine(
    tenancy: MemoryTenancy,
    control: ControlPlane,
    engineer: TestClient,
    path: str,
    body: dict[str, str],
    kind: str,
    subject: str,
    said: dict[str, Any],
) -> None:
    run_id = made(control, 1, status=RunStatus.FAILED).run_id
    named = {name: value.format(run=run_id) for name, value in body.items()}
    answer = engineer.post(path.format(run=run_id), json={**named, **WHY}, headers=once())
    told = answer.json()
    assert (answer.status_code, told["status"]) == (202, "pending")
    assert (told["kind"], told["subject"]) == (kind, subject.format(run=run_id))
    wanted = {name: value.format(run=run_id) if isinstance(value, str) else value for name, value in said.items()}
    assert told["asked"] == wanted
    assert (told["requested_by"], told["reason"]) == ("key 0123456789ab (a test)", "it was a test")
    assert answer.headers["location"] == f"/v1/operations/{told['operation_id']}"
    invoked = tenancy.platform("acme", Role.OPERATOR).invoked
    assert invoked == [(Task.OPERATE, {"operation_id": told["operation_id"]})]
    assert engineer.get(f"/operations/{told['operation_id']}").json() == told
    [listed] = engineer.get("/operations").json()["items"]
    assert listed["operation_id"] == told["operation_id"]


def test_it_is_asked_for_once_when_the_request_is_sent_again(
    tenancy: MemoryTenancy, control: ControlPlane, engineer: TestClient
) -> None:
    run_id = made(control, 1, status=RunStatus.FAILED).run_id
    first, again = (engineer.post(f"/runs/{run_id}/rerun", json=WHY, headers=once()) for _ in range(2))
    assert first.json() == again.json()
    assert first.headers["location"] == again.headers["location"]
    assert len(tenancy.platform("acme", Role.OPERATOR).invoked) == 1


def test_nothing_is_asked_for_when_there_is_no_such_run(tenancy: MemoryTenancy, engineer: TestClient) -> None:
    for path, body in (
        ("/runs/no-such-run/rerun", WHY),
        ("/runs/no-such-run/cancellation", WHY),
        ("/tables/gold/spend/rollback", {"run_id": "no-such-run", **WHY}),
    ):
        assert engineer.post(path, json=body, headers=once()).status_code == 404
    assert tenancy.platform("acme", Role.OPERATOR).invoked == []


def test_the_end_is_told_when_the_caller_prefers_to_wait(control: ControlPlane, engineer: TestClient) -> None:
    run_id = made(control, 1, status=RunStatus.FAILED).run_id
    operation_id = engineer.post(f"/runs/{run_id}/rerun", json=WHY, headers=once()).json()["operation_id"]
    control.operations.fail(operation_id, "NotRepeatable", "it goes on", NOW)
    told = engineer.get(f"/operations/{operation_id}", headers={"Prefer": "respond-async, wait=5"}).json()
    assert (told["status"], told["problem_kind"], told["problem"]) == ("failed", "NotRepeatable", "it goes on")


def test_it_is_told_as_it_stands_when_the_time_is_over(control: ControlPlane, engineer: TestClient) -> None:
    run_id = made(control, 1, status=RunStatus.FAILED).run_id
    answer = engineer.post(f"/runs/{run_id}/rerun", json=WHY, headers={**once(), "Prefer": "wait=1"})
    assert (answer.status_code, answer.json()["status"]) == (202, "pending")


# --- tables that went back, sources that stand still


def test_a_tables_rollbacks_come_in_pages(control: ControlPlane, engineer: TestClient) -> None:
    for number in range(3):
        control.rollbacks.begin(
            Rollback(
                subject="silver#orders",
                to_run_id=f"r{number}",
                to_snapshot="1",
                from_snapshot="2",
                by="Ada",
                reason="x",
                begun_at=NOW + timedelta(hours=number),
            )
        )
    first = engineer.get("/tables/silver/orders/rollbacks", params={"limit": 2}).json()
    rest = engineer.get("/tables/silver/orders/rollbacks", params={"limit": 2, "cursor": first["next"]}).json()
    assert [one["to_run_id"] for one in first["items"] + rest["items"]] == ["r2", "r1", "r0"]


def test_a_breaker_is_closed_once(control: ControlPlane, steward: TestClient) -> None:
    save_source(control)
    assert steward.get("/sources/orders/breaker").json() == {
        "source": "orders",
        "open": False,
        "last": None,
        "closings": [],
    }
    breaker = Breaker(source="orders", run_id="r1", opened_at=NOW, code="TYPE_ERROR", failures=9, rows=10)
    control.breakers.open(breaker)
    closed = steward.post("/sources/orders/breaker/closing", json=WHY, headers=once("the-first")).json()
    assert (closed["open"], closed["last"]["closed_by"]) == (False, "key 0123456789ab (a test)")
    assert [one["code"] for one in closed["closings"]] == ["TYPE_ERROR"]
    again = steward.post("/sources/orders/breaker/closing", json=WHY, headers=once("the-second"))
    assert (again.status_code, again.json()["type"]) == (409, "/problems/breaker-not-open")
    assert steward.get("/sources/nothing/breaker").status_code == 404
