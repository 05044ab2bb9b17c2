"""The sweep finds what broke off, and leaves alone what goes on."""

from __future__ import annotations

from datetime import timedelta

import pytest

from medallion.contracts.model import Batch, Lane, Trigger
from medallion.control.items import Gathering, ObjectClaim, Run, RunKind, RunStatus, Source
from medallion.layout import Machine, Task, execution
from medallion.steps.lease import acquire
from medallion.steps.sweep import sweep
from tests.unit.control.waiting import LAYOUT, NOW, InMemory

LONG_AGO = NOW - timedelta(hours=1)
SUBJECT = "silver#orders"


@pytest.fixture
def platform() -> InMemory:
    platform = InMemory.at()
    orders = Source(
        name="orders",
        contract_version="1.0.0",
        ruleset="r",
        trigger=Trigger.ON_ARRIVAL,
        lane=Lane.AUTO,
        approval="automatic",
        batch=Batch(count=10),
    )
    assert platform.control.activate(orders)
    return platform


def run(platform: InMemory, run_id: str, status: RunStatus, execution_status: str | None) -> Run:
    """A run of an hour ago, whose execution stands so."""
    arn = LAYOUT.execution_arn(Machine.INGEST, execution(run_id, 1))
    made = Run(run_id=run_id, kind=RunKind.INGEST, subject="orders", created_at=LONG_AGO, status=status, lane="lambda")
    made = made.model_copy(update={"execution_arn": arn if execution_status else ""})
    platform.control.create_run(made)
    if execution_status:
        platform.waiting.executions[arn] = execution_status
    return made


def test_run_is_started_when_its_maker_ended_before_it_did(platform: InMemory) -> None:
    run(platform, "r1", RunStatus.PENDING, None)
    assert sweep(platform).started == ("r1",)
    assert platform.control.run("r1").execution_arn in platform.waiting.executions
    assert sweep(platform).started == ()


@pytest.mark.parametrize("status", [RunStatus.PENDING, RunStatus.RUNNING, RunStatus.HELD])
@pytest.mark.parametrize("execution_status", ["FAILED", "ABORTED", "TIMED_OUT", "SUCCEEDED"])
def test_run_is_ended_when_its_execution_is_over(platform: InMemory, status: RunStatus, execution_status: str) -> None:
    run(platform, "r1", status, execution_status)
    assert sweep(platform).ended == ("r1",)
    [(task, event)] = platform.invoked
    assert (task, event["run"]["run_id"], event["failure"]["status"]) == (Task.FAIL, "r1", "failed")
    assert f"it is {execution_status} and did not end the run" in event["failure"]["cause"]


@pytest.mark.parametrize("status", [RunStatus.PENDING, RunStatus.RUNNING, RunStatus.HELD])
def test_run_is_left_alone_when_its_execution_goes_on(platform: InMemory, status: RunStatus) -> None:
    run(platform, "r1", status, "RUNNING")
    assert sweep(platform).model_dump() == {"started": (), "ended": (), "operations": ()}
    assert platform.invoked == []


def test_next_run_is_woken_when_the_holder_of_the_lease_is_over_and_its_term_is_not(platform: InMemory) -> None:
    acquire(platform, platform.running("r1"), platform.task("first"))
    acquire(platform, platform.running("r2"), platform.task("second"))
    platform.waiting.executions["arn:r1"] = "ABORTED"
    sweep(platform)
    assert platform.waiting.tasks["second"] == '{"lease": 2}'


def test_lease_is_left_to_a_person_when_it_is_no_runs(platform: InMemory) -> None:
    platform.control.leases.acquire(SUBJECT, "rollback by Ada", NOW)
    acquire(platform, platform.running("r1"), platform.task("first"))
    sweep(platform)
    assert platform.waiting.tasks["first"] is None


def test_batch_becomes_a_run_when_it_was_left_half_gathered(platform: InMemory) -> None:
    claim = ObjectClaim(source_file_id="o", source="orders", key="orders/o", version="v", size=1, arrived_at=NOW)
    platform.control.claim(claim)
    platform.control.batches.open(Gathering(source="orders", run_id="r1", created_at=LONG_AGO))
    sweep(platform)
    made = platform.control.run("r1")
    assert (made.objects, made.execution_arn in platform.waiting.executions) == (("o",), True)
