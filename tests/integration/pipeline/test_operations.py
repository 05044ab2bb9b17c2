"""What a person asks for is done by the deployed function, in its own role."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from local.settings import Settings
from medallion.control.items import RunStatus
from medallion.control.keys import Role
from medallion.control.operations import Operation, OperationStatus
from medallion.layout import Task, Zone
from medallion.people import Person
from medallion.plan.quarantine import Chosen, State
from medallion.steps.operations import OperationKind, ask
from medallion.steps.quarantine import entries, history, whole_entry
from tests.integration.pipeline.calling import Caller, holder
from tests.integration.pipeline.deployed import Deployed, eventually

HEADER = "id,customer,amount,note\n"


def orders(first: int, *bad: str) -> str:
    """Good orders from that id on, and bad ones behind them."""
    good = "".join(f"{number},1,1.00,\n" for number in range(first, first + 40))
    return HEADER + good + "".join(f"{line}\n" for line in bad)


def asked(trial: Deployed, kind: OperationKind, subject: str, said: Mapping[str, Any]) -> Operation:
    """The operation, once it has ended."""
    person = Person("Ada", f"{kind} of {subject}", datetime.now(UTC))
    operation = ask(trial.platform, kind, subject, said, person)
    return ended(trial, operation)


def ended(trial: Deployed, operation: Operation) -> Operation:
    operations = trial.control.operations
    return eventually(
        lambda: now if (now := operations.operation(operation.operation_id)).status.ended else None, seconds=60
    )


def done(operation: Operation) -> dict[str, Any]:
    assert operation.status is OperationStatus.SUCCEEDED, operation.problem
    assert operation.result is not None
    return operation.result


def test_corrected_records_reach_silver_when_it_is_asked_for(trial: Deployed) -> None:
    run = trial.ingest("orders", orders(8000, "8040,one,1.00,a", "8041,two,1.00,"), "to-correct.csv")
    [identity] = run.objects
    chosen, session, layout = Chosen(runs=(run.run_id,)), trial.session, trial.layout
    first = entries(session, layout, "orders", chosen, State.OPEN, limit=1)
    second = entries(session, layout, "orders", chosen, State.OPEN, limit=1, after=first[0].place)
    assert [one.source_row for one in (*first, *second)] == [41, 42]
    said = {"chosen": {"runs": [run.run_id]}, "expressions": {"customer_id": "'1'"}}
    assert done(asked(trial, OperationKind.FORESEE_CORRECTION, "orders", said)) == {
        "entries": 2,
        "columns": {"customer_id": 2},
    }
    operation = asked(trial, OperationKind.REPROCESS, "orders", said)
    again = trial.ended(done(operation)["run_id"])
    assert (again.status, again.total("inserted"), again.requested_by) == (RunStatus.PROMOTED, 2, "Ada")
    assert trial.count("{silver}.orders", "id IN (8040, 8041) AND customer_id = 1") == 2
    told = history(session, layout, "orders", identity, 41)
    assert [(one.event, one.actor) for one in told][:2] == [("quarantined", "pipeline"), ("corrected", "Ada")]
    assert told[-1].event == "resolved"
    whole = whole_entry(session, layout, "orders", identity, 41)
    assert (whole.state, whole.record["customer_id"], whole.record["note"]) == (State.RESOLVED, "1", "a")

    # Told of it again, the function leaves it as it ended.
    trial.invoke(Task.OPERATE, {"operation_id": operation.operation_id})
    assert trial.control.operations.operation(operation.operation_id) == operation


def test_a_running_run_is_cancelled_and_done_again_when_it_is_asked_for(trial: Deployed) -> None:
    leases, subject = trial.control.leases, f"{Zone.SILVER}#orders"
    eventually(lambda: leases.acquire(subject, "a test", datetime.now(UTC)))
    try:
        identity = trial.put("orders", orders(8100), "to-cancel.csv")
        [run_id] = eventually(lambda: [one.run_id for one in leases.waiters(subject)])
        assert done(asked(trial, OperationKind.CANCEL, run_id, {}))["status"] == "failed"
    finally:
        leases.release(subject, "a test")
    run = trial.control.run(run_id)
    assert run.objects == (identity,)
    assert run.reason == f"cancelled by Ada: cancel of {run_id}"
    assert trial.platform.execution_status(run.execution_arn) == "ABORTED"
    refused = asked(trial, OperationKind.CANCEL, run_id, {})
    assert done(refused)["status"] == "failed", "it is cancelled already"
    assert done(asked(trial, OperationKind.RERUN, run_id, {"attempt": 1}))["attempt"] == 2
    again = trial.ended(run_id)
    assert (again.status, again.total("inserted"), again.cancelled) == (RunStatus.PROMOTED, 40, None)
    twice = asked(trial, OperationKind.RERUN, run_id, {"attempt": 1})
    assert done(twice)["attempt"] == 2, "the same attempt is done again once"


def test_condemned_records_are_open_again_when_a_release_is_asked_for(trial: Deployed) -> None:
    run = trial.ingest("orders", orders(8200, "8240,one,1.00,"), "to-release.csv")
    [identity] = run.objects
    chosen = {"chosen": {"objects": [identity]}}
    condemning = done(asked(trial, OperationKind.REPROCESS, "orders", chosen))
    assert trial.ended(condemning["run_id"]).total("condemned") == 1
    assert done(asked(trial, OperationKind.FORESEE_RELEASE, "orders", chosen)) == {"entries": 1}
    assert done(asked(trial, OperationKind.RELEASE, "orders", chosen)) == {"entries": 1}
    [entry] = entries(trial.session, trial.layout, "orders", Chosen(objects=(identity,)))
    assert entry.state is State.OPEN


def test_it_is_told_why_when_an_operation_fails(trial: Deployed) -> None:
    missing = asked(trial, OperationKind.RERUN, "no-such-run", {"attempt": 1})
    assert (missing.status, missing.problem_kind) == (OperationStatus.FAILED, "UnknownRun")
    strange = asked(trial, OperationKind.CORRECT, "orders", {"expressions": {"colour": "'red'"}})
    assert strange.problem_kind == "InvalidCorrection"
    assert "has no column colour" in strange.problem
    promoted = next(run for run in trial.control.runs() if run.status is RunStatus.PROMOTED)
    late = asked(trial, OperationKind.CANCEL, promoted.run_id, {})
    assert (late.problem_kind, "rolled back" in late.problem) == ("NotCancellable", True)


def test_a_person_looks_and_asks_through_the_api_in_the_tenants_own_role(trial: Deployed, embedded: Settings) -> None:
    run = trial.ingest("orders", orders(8300, '8340,one,1.00,"a ""note"""'), "by-the-api.csv")
    viewer, steward, engineer = (holder(trial, embedded, role) for role in (Role.VIEWER, Role.STEWARD, Role.ENGINEER))
    assert told(viewer, f"/runs/{run.run_id}")["step_seconds"]["RefineRun"] > 0
    assert run.run_id in [one["run_id"] for one in told(viewer, "/runs?source=orders&status=promoted")["items"]]
    [entry] = told(viewer, f"/sources/orders/quarantine?run={run.run_id}")["items"]
    whole = told(viewer, f"/sources/orders/quarantine/{entry['entry_id']}")
    assert (whole["record"]["note"], [one["event"] for one in whole["history"]]) == ('a "note"', ["quarantined"])
    assert told(viewer, "/sources/orders/breaker")["open"] is False
    assert told(viewer, "/approvals")["next"] is None

    asked = {"chosen": {"runs": [run.run_id]}, "expressions": {"customer_id": "'2'"}, "reason": "a test"}
    path = "/sources/orders/quarantine/reprocess"
    assert viewer.post(path, asked).status_code == 403
    answer = steward.post(f"{path}/dry-run", asked, Prefer="wait=20")
    assert answer.status_code in (200, 202), answer.text
    operation = ended(trial, trial.control.operations.operation(answer.json()["operation_id"]))
    assert done(operation)["inserted"] == 1
    late = engineer.post(f"/runs/{run.run_id}/cancellation", {"reason": "a test"})
    assert late.status_code == 202, late.text
    found = told(viewer, late.headers["location"].removeprefix("/v1"), Prefer="wait=20")
    assert (found["status"], found["problem_kind"]) == ("failed", "NotCancellable")


def told(caller: Caller, path: str, **headers: str) -> Any:
    answer = caller.ask("GET", path, **headers)
    assert answer.status_code == 200, answer.text
    return answer.json()
