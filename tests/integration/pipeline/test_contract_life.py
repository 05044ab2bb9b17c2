"""A contract's life on a deployed tenant: with no deploy a source comes alive, changes, waits and goes on."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from local.settings import Settings
from medallion.control.keys import Role
from medallion.control.operations import Operation, OperationStatus
from medallion.layout import Task
from tests.integration.pipeline.calling import Caller, holder
from tests.integration.pipeline.deployed import Deployed, eventually
from tests.unit.steps.keeping import contract

SOURCE = "parcels"
WHY = {"reason": "the trial asks for it"}


@pytest.fixture(scope="module")
def engineer(trial: Deployed, embedded: Settings) -> Caller:
    return holder(trial, embedded, Role.ENGINEER)


@pytest.fixture(scope="module")
def steward(trial: Deployed, embedded: Settings) -> Caller:
    return holder(trial, embedded, Role.STEWARD)


@pytest.fixture(scope="module")
def live(trial: Deployed, engineer: Caller, steward: Caller) -> dict[str, Any]:
    """What making the source's first contract active came to."""
    return activated(trial, engineer, steward, contract(SOURCE, columns="note: string"))


def activated(trial: Deployed, engineer: Caller, steward: Caller, text: str) -> dict[str, Any]:
    made = engineer.post(f"/sources/{SOURCE}/proposals", {"text": text, **WHY})
    assert made.status_code == 201, made.text
    address = f"/sources/{SOURCE}/proposals/{made.json()['proposal_id']}"
    assert engineer.post(f"{address}/approval", WHY).status_code == 403
    assert steward.post(f"{address}/approval", WHY).status_code == 200
    return done(trial, engineer.post(f"{address}/activation", WHY))


def done(trial: Deployed, answer: Any) -> dict[str, Any]:
    """The operation's result, once it has one."""
    assert answer.status_code in (200, 202), answer.text
    operation_id = answer.json()["operation_id"]

    def look() -> Operation | None:
        found = trial.control.operations.operation(operation_id)
        return found if found.status.ended else None

    ended = eventually(look)
    assert ended.status is OperationStatus.SUCCEEDED, ended.problem
    return ended.result or {}


def entry(trial: Deployed) -> dict[str, Any]:
    """The source's schedule at EventBridge Scheduler."""
    layout = trial.layout
    found: dict[str, Any] = trial.client("scheduler").get_schedule(
        Name=layout.schedule(SOURCE), GroupName=layout.schedule_group
    )
    return found


def _fire(trial: Deployed, due: datetime, kept: dict[str, Any]) -> None:
    """Have EventBridge Scheduler call at that moment what the entry calls."""
    trial.client("scheduler").create_schedule(
        Name=f"{SOURCE}-once",
        GroupName=trial.layout.schedule_group,
        ScheduleExpression=f"at({due:%Y-%m-%dT%H:%M:%S})",
        FlexibleTimeWindow=kept["FlexibleTimeWindow"],
        Target=kept["Target"],
        ActionAfterCompletion="DELETE",
    )


def test_a_source_is_live_when_its_first_contract_is_active(trial: Deployed, live: dict[str, Any]) -> None:
    assert (live["version"], live["replaced"]) == ("1.0.0", "")
    run = trial.ingest(SOURCE, "id,note\n1,first\n2,\n")
    assert run.status == "promoted", run.reason
    assert trial.query(f"SELECT id, note FROM {{silver}}.{SOURCE} ORDER BY id") == [("1", "first"), ("2", None)]
    assert entry(trial)["ScheduleExpression"] == "cron(0 2 * * ? *)"


@pytest.mark.usefixtures("live")
def test_records_are_judged_by_the_next_version_when_that_is_active(
    trial: Deployed, engineer: Caller, steward: Caller
) -> None:
    breaking = contract(SOURCE, "1.1.0", "note: string, weight: integer!")
    refused = engineer.post(f"/sources/{SOURCE}/proposals", {"text": breaking, **WHY})
    assert refused.status_code == 422
    assert "weight is new and must be in every header" in refused.json()["detail"]
    result = activated(trial, engineer, steward, contract(SOURCE, "1.1.0", "note: string, weight: integer"))
    assert (result["version"], result["replaced"]) == ("1.1.0", "1.0.0")
    run = trial.ingest(SOURCE, "id,note,weight\n3,third,12\n", "second.csv")
    assert (run.status, run.contract_version) == ("promoted", "1.1.0")
    assert trial.query(f"SELECT weight FROM {{silver}}.{SOURCE} WHERE id = 3") == [("12",)]
    told = engineer.get(f"/sources/{SOURCE}/comparison?before=1.0.0&after=1.1.0").json()
    assert told["said"] == ["column weight is new and need not be in every header"]


@pytest.mark.usefixtures("live")
def test_the_trigger_is_told_when_it_is_due_by_a_schedule_that_a_person_set(trial: Deployed, engineer: Caller) -> None:
    setting = {"cron": "15 6 * * MON-FRI", "time_zone": "Europe/Zurich", **WHY}
    result = done(trial, engineer.ask("PUT", f"/sources/{SOURCE}/schedule", setting))
    assert result["revision"] == 2
    kept = entry(trial)
    assert (kept["ScheduleExpression"], kept["ScheduleExpressionTimezone"], kept["State"]) == (
        "cron(15 6 ? * MON,TUE,WED,THU,FRI *)",
        "Europe/Zurich",
        "ENABLED",
    )
    assert json.loads(kept["Target"]["Input"])["time"] == "<aws.scheduler.scheduled-time>"
    assert len(engineer.get(f"/sources/{SOURCE}/schedule?runs=3").json()["next_runs"]) == 3
    due = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=2)
    _fire(trial, due, kept)
    eventually(lambda: (at := trial.control.schedules.of(SOURCE)) is not None and at.settled_until == due)
    done(trial, engineer.ask("PUT", f"/sources/{SOURCE}/schedule", {"cron": "0 2 * * *", "paused": True, **WHY}))
    assert entry(trial)["State"] == "DISABLED"


@pytest.mark.usefixtures("live")
def test_objects_wait_while_the_source_is_paused(trial: Deployed, engineer: Caller) -> None:
    assert engineer.post(f"/sources/{SOURCE}/pause", WHY).status_code == 200
    waiting = trial.put(SOURCE, "id,note\n7,waits\n", "waits.csv")
    claim = eventually(lambda: trial.control.claim_of(SOURCE, waiting))
    assert claim.run_id is None
    assert engineer.get(f"/sources/{SOURCE}").json()["waiting"] == 1
    trial.invoke(Task.SWEEP, {})
    assert trial.invoke(Task.TRIGGER, {"source": SOURCE, "scheduled": True}) == []
    [run_id] = done(trial, engineer.post(f"/sources/{SOURCE}/resumption", WHY))["run_ids"]
    assert trial.ended(run_id).status == "promoted"
    assert trial.count(f"{{silver}}.{SOURCE}", "id = 7") == 1


@pytest.mark.usefixtures("live")
def test_a_model_is_built_when_a_person_sets_it_and_asks(trial: Deployed, engineer: Caller) -> None:
    text = f"/* medallion\ndescription: Which parcels.\nkeys: [id]\n*/\nSELECT id FROM silver.{SOURCE}\n"
    assert engineer.ask("PUT", "/models/parcel_list", {"text": text, **WHY}).status_code == 200
    run_id = done(trial, engineer.post("/models/parcel_list/builds", WHY))["run_id"]
    assert trial.ended(run_id).status == "promoted"
    assert trial.count("{gold}.parcel_list") >= 2
