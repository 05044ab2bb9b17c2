"""What broke off is found by the hourly sweep, and needs no hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from medallion.control.items import Run, RunKind, RunStatus
from medallion.layout import Task
from medallion.steps.batch import MANIFEST, Manifest
from tests.integration.pipeline.deployed import Deployed, eventually


def test_sweep_is_a_schedule_when_the_tenant_is_seeded(trial: Deployed) -> None:
    group = trial.layout.schedule_group
    schedule = trial.client("scheduler").get_schedule(Name=trial.layout.sweeping, GroupName=group)
    assert schedule["ScheduleExpression"] == "rate(1 hour)"
    assert schedule["Target"]["Arn"] == trial.layout.function_arn(Task.SWEEP)


def test_held_run_is_ended_and_its_queue_goes_on_when_its_execution_was_stopped(trial: Deployed) -> None:
    held = trial.ingest("reviewed", "id\n7000\n", "stopped.csv")
    trial.client("stepfunctions").stop_execution(executionArn=held.execution_arn)
    assert held.run_id in trial.invoke(Task.SWEEP, {})["ended"]
    ended = trial.ended(held.run_id)
    assert (ended.status, "is ABORTED and did not end the run" in ended.reason) == (RunStatus.FAILED, True)
    assert trial.count("{quarantine}.reviewed", f"run_id = '{held.run_id}' AND event = 'promoted'") == 0
    again = trial.rerun(ended)
    assert trial.decide(again, approved=True).status is RunStatus.PROMOTED
    assert trial.count("{silver}.reviewed", "id = 7000") == 1


def test_run_is_started_when_its_maker_ended_before_it_could(trial: Deployed) -> None:
    run = Run(
        run_id="20261121t000000-unstarted",
        kind=RunKind.INGEST,
        subject="customers",
        lane="lambda",
        created_at=datetime.now(UTC) - timedelta(hours=1),
    )
    trial.platform.write_document(run.run_id, 1, MANIFEST, Manifest(objects=()))
    trial.control.create_run(run)
    assert run.run_id in trial.invoke(Task.SWEEP, {})["started"]
    assert trial.ended(run.run_id).status is RunStatus.PROMOTED
    assert run.run_id not in trial.control.open_runs()


def test_next_run_goes_on_when_the_holder_of_the_lease_was_stopped(trial: Deployed) -> None:
    subject, leases = "silver#customers", trial.control.leases
    assert leases.acquire(subject, "a test", datetime.now(UTC))
    identities = [trial.put("customers", f"id,name\n{number},x\n", f"{number}.csv") for number in (8001, 8002)]
    waiters = eventually(lambda: found if len(found := leases.waiters(subject)) == 2 else None)
    trial.client("stepfunctions").stop_execution(executionArn=trial.control.run(waiters[0].run_id).execution_arn)
    leases.release(subject, "a test")
    trial.invoke(Task.SWEEP, {})
    assert {trial.settled(identity).status for identity in identities} == {RunStatus.FAILED, RunStatus.PROMOTED}
