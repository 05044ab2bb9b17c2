"""A run from Landing to Gold, as a tenant's users see it: what is published, what is not, and why."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest

from medallion.control.items import Run, RunKind, RunStatus
from medallion.errors import NotRepeatable
from medallion.layout import Task, Zone
from tests.integration.pipeline.deployed import Deployed, eventually

ORDERS = "id,customer,amount,note\n"


def outcomes(run: Run) -> dict[str, int]:
    """The run's sum, with what is zero left out."""
    names = ("rows_in", "inserted", "updated", "duplicates", "quarantined", "condemned")
    return {name: count for name in names if (count := run.total(name))}


def orders(first: int, count: int) -> str:
    return ORDERS + "".join(f"{number},1,2.50,\n" for number in range(first, first + count))


def test_records_reach_silver_and_gold_when_a_file_arrives(trial: Deployed) -> None:
    run = trial.ingest("orders", ORDERS + "1,1,10.25,first\n2,1,0.75,\n3,2,4.00,x\n")
    assert (run.status, outcomes(run)) == (RunStatus.PROMOTED, {"rows_in": 3, "inserted": 3})
    assert trial.query("SELECT id, customer_id, amount, note FROM {silver}.orders WHERE id < 4 ORDER BY id") == [
        ("1", "1", "10.25", "first"),
        ("2", "1", "0.75", None),
        ("3", "2", "4.00", "x"),
    ]
    trial.models_rest()
    # The models rest for a moment between what one published and what that asks for.
    assert eventually(lambda: ("1", "Ada") in trial.query("SELECT customer_id, name FROM {gold}.spend"))
    assert eventually(lambda: trial.query("SELECT customer_id FROM {gold}.best_customer") == [("1",)])


def test_nothing_is_new_when_the_same_file_comes_again(trial: Deployed) -> None:
    body = (
        ORDERS
        + "10,1,1.00,\n11,1,-5,\n12,9,1.00,no such customer\n"
        + "".join(f"{number},1,1.00,\n" for number in range(100, 140))
    )
    first = trial.ingest("orders", body, "again.csv")
    assert (first.status, outcomes(first)) == (RunStatus.PROMOTED, {"rows_in": 43, "inserted": 41, "quarantined": 2})
    silver, quarantine = trial.count("{silver}.orders"), trial.count("{quarantine}.orders", "event = 'quarantined'")
    again = trial.ingest("orders", body, "again.csv")
    assert (again.status, outcomes(again)) == (RunStatus.PROMOTED, {"rows_in": 43, "duplicates": 43})
    assert trial.count("{silver}.orders") == silver
    assert trial.count("{quarantine}.orders", "event = 'quarantined'") == quarantine
    assert trial.count("{quarantine}.orders", f"event = 'seen_again' AND run_id = '{again.run_id}'") == 2


def test_one_run_when_the_same_event_is_told_ten_times(trial: Deployed) -> None:
    identity = trial.put("orders", orders(200, 3), "told.csv")
    trial.settled(identity)
    bucket, key = trial.layout.bucket(Zone.LANDING), "orders/told.csv"
    told = {"key": key, "version-id": identity.rpartition("=")[2], "size": 1, "etag": "e"}
    event = {"time": datetime.now(UTC).isoformat(), "detail": {"bucket": {"name": bucket}, "object": told}}
    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(lambda _: trial.invoke(Task.TRIGGER, event), range(10)))
    [run] = trial.runs_of(identity)
    assert answers == [[run.run_id]] * 10
    assert trial.count("{bronze}.orders", f"source_file_id = '{identity}'") == 3


def test_runs_go_one_after_the_other_when_files_of_one_source_arrive_at_once(trial: Deployed) -> None:
    identities = [trial.put("orders", orders(1000 + 10 * number, 10), f"burst-{number}.csv") for number in range(4)]
    runs = [trial.settled(identity) for identity in identities]
    assert {(run.status, run.total("inserted")) for run in runs} == {(RunStatus.PROMOTED, 10)}
    assert trial.count("{silver}.orders", "id BETWEEN 1000 AND 1039") == 40
    bases = {run.snapshots["silver_base"] for run in runs}
    assert len(bases) == 4, "each run was made on what the one before it had published"


def test_published_files_name_this_run_and_the_one_before_when_a_run_is_promoted(trial: Deployed) -> None:
    before = trial.ingest("orders", orders(300, 1), "before.csv")
    run = trial.ingest("orders", orders(301, 1), "latest.csv")
    s3, bucket = trial.client("s3"), trial.layout.bucket(Zone.SILVER)
    success = s3.get_object(Bucket=bucket, Key=trial.layout.success_key("orders", run.run_id))["Body"].read()
    latest = s3.get_object(Bucket=bucket, Key=trial.layout.latest_key("orders"))["Body"].read().decode()
    assert run.snapshots["silver"].encode() in success
    assert latest.index(run.run_id) < latest.index('"previous"') < latest.index(before.run_id)


def test_every_error_and_the_raw_bytes_are_kept_when_records_fail(trial: Deployed) -> None:
    body = (orders(400, 60) + "460,x,-1,\n461,1,1.00,\xff\n").encode("latin-1")
    run = trial.ingest("orders", body, "failing.csv")
    assert outcomes(run) == {"rows_in": 62, "inserted": 60, "quarantined": 2}
    found = trial.query(
        "SELECT source_row, to_hex(raw), array_join(transform(errors, e -> e.code), ' ') "
        f"FROM {{quarantine}}.orders WHERE run_id = '{run.run_id}' AND event = 'quarantined' ORDER BY source_row"
    )
    assert found == [
        ("61", b"460,x,-1,".hex().upper(), "TYPE_ERROR RANGE_ERROR"),
        ("62", b"461,1,1.00,\xff".hex().upper(), "MALFORMED_RECORD"),
    ]


# --- what a person decides


def test_nothing_is_published_when_too_many_records_fail_until_a_person_approves(trial: Deployed) -> None:
    held = trial.ingest("orders", ORDERS + "500,1,1.00,\n501,9,1.00,\n", "half-bad.csv")
    assert (held.status, "50.00%" in held.reason) == (RunStatus.HELD, True)
    assert trial.count("{silver}.orders", "id = 500") == 0
    assert trial.alerts(held.run_id)
    overtaking = trial.ingest("orders", orders(510, 1), "overtaking.csv")
    assert overtaking.status is RunStatus.PROMOTED, "a held run gives its lease to others"
    approved = trial.decide(held, approved=True)
    assert (approved.status, approved.attempt) == (RunStatus.PROMOTED, 2)
    assert approved.approval
    assert approved.approval.by == "Ada"
    assert trial.count("{silver}.orders", "id = 500") == 1
    standing = trial.query(
        "SELECT event, attempt FROM {quarantine}.orders "
        f"WHERE run_id = '{held.run_id}' AND event <> 'quarantined' ORDER BY 2"
    )
    assert standing == [("withdrawn", "1"), ("promoted", "2")]


def test_records_stay_in_bronze_and_nowhere_else_when_a_person_rejects(trial: Deployed) -> None:
    held = trial.ingest("reviewed", "id\n1\n2\n")
    assert held.status is RunStatus.HELD
    rejected = trial.decide(held, approved=False)
    assert (rejected.status, rejected.reason) == (RunStatus.REJECTED, "rejected by Ada: looked at it")
    assert trial.count("{silver}.reviewed", f"run_id = '{held.run_id}'") == 0
    assert trial.count("{bronze}.reviewed", f"run_id = '{held.run_id}'") == 2
    assert trial.ingest("reviewed", "id\n3\n", "next.csv").status is RunStatus.HELD


def test_records_are_taken_once_when_a_rejected_run_is_done_again(trial: Deployed) -> None:
    rejected = trial.decide(trial.ingest("reviewed", "id\n10\n11\n", "second-thoughts.csv"), approved=False)
    held = trial.rerun(rejected)
    assert (held.status, held.attempt) == (RunStatus.HELD, 2)
    assert trial.decide(held, approved=True).status is RunStatus.PROMOTED
    assert trial.count("{silver}.reviewed", "id IN (10, 11)") == 2
    assert trial.count("{bronze}.reviewed", f"run_id = '{held.run_id}'") == 2
    with pytest.raises(NotRepeatable, match="is promoted"):
        trial.rerun(held)


# --- what cannot run


def test_run_is_held_with_the_missing_column_named_when_a_header_lacks_it(trial: Deployed) -> None:
    held = trial.ingest("orders", "id,customer,note\n600,1,x\n", "lacking.csv")
    assert held.status is RunStatus.HELD
    assert "SCHEMA_ERROR" in held.reason
    assert "lacks amount" in held.reason
    assert trial.decide(held, approved=False).status is RunStatus.REJECTED


@pytest.mark.parametrize(
    ("body", "said"),
    [(b"", "empty"), (b"id,id,amount\n1,2,3\n", "columns 1, 2 have one name"), (b"\xff\xfe\x00", "UTF-16")],
)
def test_object_is_quarantined_as_a_whole_when_it_cannot_be_read(trial: Deployed, body: bytes, said: str) -> None:
    run = trial.ingest("orders", body, "unreadable.csv")
    assert (run.status, run.unreadable_objects, outcomes(run)) == (RunStatus.PROMOTED, 1, {})
    assert said in " ".join(run.warnings)
    where = f"run_id = '{run.run_id}' AND event = 'object_quarantined'"
    assert trial.count("{quarantine}.orders", where) == 1


def test_run_says_so_when_an_object_holds_its_header_alone(trial: Deployed) -> None:
    run = trial.ingest("orders", ORDERS, "header.csv")
    assert (run.status, outcomes(run)) == (RunStatus.PROMOTED, {})
    assert "holds no record" in " ".join(run.warnings)


def test_object_is_refused_visibly_when_its_source_is_unknown(trial: Deployed) -> None:
    run = trial.ingest("ordres", "id\n1\n")
    assert run.status is RunStatus.REFUSED
    assert "'ordres' is not registered" in run.reason
    assert f"registered: {', '.join(source.name for source in trial.control.sources())}" in run.reason
    assert trial.alerts(run.run_id)


def test_run_fails_with_a_sentence_when_its_lane_is_not_deployed(trial: Deployed) -> None:
    run = trial.ingest("bulky", "id\n1\n")
    assert run.status is RunStatus.FAILED
    assert "asks for lane emr, which this deployment does not have" in run.reason
    assert trial.alerts(run.run_id)


# --- schedules and seeds


def test_waiting_and_untold_objects_run_together_when_the_schedule_is_due(trial: Deployed) -> None:
    waiting = trial.put("nightly", "id\n71\n", "one.csv")
    assert eventually(lambda: trial.control.claim_of("nightly", waiting)).run_id is None
    rule = next(
        one["Name"]
        for one in trial.client("events").list_rules()["Rules"]
        if "Object Created" in one.get("EventPattern", "")
    )
    trial.client("events").disable_rule(Name=rule)
    try:
        untold = trial.put("nightly", "id\n72\n", "two.csv")
    finally:
        trial.client("events").enable_rule(Name=rule)
    schedule = trial.client("scheduler").get_schedule(
        Name=trial.layout.schedule("nightly"), GroupName=trial.layout.schedule_group
    )
    assert (schedule["ScheduleExpression"], schedule["ScheduleExpressionTimezone"]) == ("cron(0 2 * * ? *)", "UTC")
    [run_id] = trial.invoke(Task.TRIGGER, {"source": "nightly", "scheduled": True})
    run = trial.ended(run_id)
    assert run.status is RunStatus.PROMOTED
    assert {waiting, untold} <= set(run.objects)
    assert trial.count("{silver}.nightly", "id IN (71, 72)") == 2
    assert trial.invoke(Task.TRIGGER, {"source": "nightly", "scheduled": True}) == []


def test_one_build_for_each_change_when_its_inputs_are_published_many_times(trial: Deployed) -> None:
    for number in range(3):
        trial.put("orders", orders(700 + number, 1), f"many-{number}.csv")
    eventually(lambda: trial.count("{silver}.orders", "id BETWEEN 700 AND 702") == 3 or None)
    builds = trial.models_rest()
    assert {build.status for build in builds} <= {RunStatus.PROMOTED, RunStatus.UNCHANGED}
    [[spent]] = trial.query("SELECT spent FROM {gold}.spend WHERE customer_id = 1")
    [[owed]] = trial.query("SELECT SUM(amount) FROM {silver}.orders WHERE customer_id = 1")
    assert spent == owed


def test_models_are_builds_of_their_own_when_runs_are_listed(trial: Deployed) -> None:
    kinds = {run.kind for run in trial.control.runs()}
    assert kinds >= {RunKind.INGEST, RunKind.MODEL}
