"""Operate: done once, whoever calls; why it failed is told; what broke off is done again."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from medallion.control.items import Run, RunKind, RunStatus
from medallion.control.operations import Operation, OperationStatus
from medallion.layout import Machine, execution
from medallion.people import Person
from medallion.steps import operate as operating
from medallion.steps.operate import BESIDE, DOING, operate
from medallion.steps.operations import TERM, TRIES, OperationKind, ask
from tests.unit.control.waiting import LAYOUT, NOW, Clock, InMemory


@pytest.fixture
def platform() -> InMemory:
    return InMemory.at(Clock())


def asked(platform: InMemory, kind: OperationKind, subject: str, **said: Any) -> Operation:
    return ask(platform, kind, subject, said, Person("Ada", "a test", NOW))


def failed_run(platform: InMemory) -> Run:
    run = Run(run_id="r1", kind=RunKind.INGEST, subject="orders", created_at=NOW, status=RunStatus.FAILED)
    platform.control.create_run(run)
    return run


def test_every_kind_is_done_when_it_is_asked_for() -> None:
    assert DOING.keys() | BESIDE == set(OperationKind)
    assert not DOING.keys() & BESIDE


def test_a_kind_is_done_by_who_brings_it(platform: InMemory) -> None:
    operation = asked(platform, OperationKind.VERIFY_LEDGER, "ledger", only=[])
    done = operate(platform, operation.operation_id, {OperationKind.VERIFY_LEDGER: lambda *_: {"clean": True}})
    assert (done.status, done.result) == (OperationStatus.SUCCEEDED, {"clean": True})


def test_the_error_is_told_when_the_platform_refuses(platform: InMemory) -> None:
    done = operate(platform, asked(platform, OperationKind.CANCEL, "no-such-run").operation_id)
    assert (done.status, done.problem_kind) == (OperationStatus.FAILED, "UnknownRun")
    assert "no-such-run" in done.problem
    assert done.ended_at == NOW


def test_nothing_of_the_error_is_told_but_it_is_raised_when_nobody_knows_it(platform: InMemory) -> None:
    operation = asked(platform, OperationKind.BACKFILL, "orders", objects="no list")
    with pytest.raises(ValueError, match="objects"):
        operate(platform, operation.operation_id)
    found = platform.control.operations.operation(operation.operation_id)
    assert (found.status, found.problem_kind) == (OperationStatus.FAILED, "Unexpected")
    assert "no list" not in found.problem


def test_it_is_left_alone_when_it_has_ended_or_another_works_on_it(platform: InMemory) -> None:
    operation = asked(platform, OperationKind.CANCEL, "no-such-run")
    platform.control.operations.begin(operation, NOW)
    assert operate(platform, operation.operation_id).status is OperationStatus.RUNNING
    platform.control.operations.succeed(operation.operation_id, {}, NOW)
    assert operate(platform, operation.operation_id).tries == 1


def test_it_is_given_up_when_it_breaks_off_time_and_again(platform: InMemory) -> None:
    assert isinstance(platform.clock, Clock)
    operation = asked(platform, OperationKind.CANCEL, "no-such-run")
    for number in range(TRIES):
        found = platform.control.operations.operation(operation.operation_id)
        assert platform.control.operations.begin(found, NOW + number * TERM)
    platform.clock.now = NOW + TRIES * TERM
    done = operate(platform, operation.operation_id)
    assert (done.status, done.problem_kind) == (OperationStatus.FAILED, "OperationBroken")


def broken_off(platform: InMemory, operation: Operation) -> None:
    """Somebody began the operation, and was heard of no more."""
    assert isinstance(platform.clock, Clock)
    platform.control.operations.begin(operation, NOW)
    platform.clock.now = NOW + TERM + timedelta(seconds=1)


@pytest.mark.parametrize("status", ["RUNNING", "SUCCEEDED"])
def test_a_run_is_done_again_once_when_who_did_it_broke_off_afterwards(platform: InMemory, status: str) -> None:
    run = failed_run(platform)
    operation = asked(platform, OperationKind.RERUN, "r1", attempt=1)
    platform.control.reopen(run)
    platform.waiting.executions[LAYOUT.execution_arn(Machine.INGEST, execution("r1", 2))] = status
    broken_off(platform, operation)
    done = operate(platform, operation.operation_id)
    assert done.result == {"run_id": "r1", "attempt": 2, "status": "pending"}


def test_the_run_of_an_earlier_try_is_told_when_a_reprocess_broke_off(platform: InMemory) -> None:
    operation = asked(platform, OperationKind.REPROCESS, "orders")
    platform.control.operations.note_run(operation.operation_id, "r2")
    made = Run(run_id="r2", kind=RunKind.REPROCESS, subject="orders", created_at=NOW, lane="lambda")
    platform.control.create_run(made)
    broken_off(platform, operation)
    done = operate(platform, operation.operation_id)
    assert done.result is not None
    assert done.result["run_id"] == "r2"
    assert platform.control.run("r2").execution_arn in platform.waiting.executions


def test_it_fails_when_what_came_of_it_is_too_large(platform: InMemory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(operating, "LARGEST", 10)
    failed_run(platform)
    platform.control.reopen(platform.control.run("r1"))
    platform.control.begin("r1")
    done = operate(platform, asked(platform, OperationKind.RERUN, "r1", attempt=1).operation_id)
    assert (done.status, done.problem_kind) == (OperationStatus.FAILED, "OperationTooLarge")
