"""What the platform does for a tenant, each in the shortest way that still goes through it. Broken where it fails."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from io import BytesIO
from typing import Any
from urllib.parse import urlsplit
from zipfile import ZipFile

from medallion.control.items import Gathering, ObjectClaim, Run, RunKind, RunStatus
from medallion.engines.commits import Commit
from medallion.engines.iceberg import Lake
from medallion.layout import Machine, TableLayout, Task, Zone
from medallion.plan.model import Field
from medallion.steps.batch import MANIFEST, Manifest, start_execution
from medallion.steps.breaker import close
from medallion.steps.lease import wake_next
from tests.least_privilege.statements import TENANTS
from tests.least_privilege.trial import Broken, Trial, expect

SILENCE = 8.0
"""How long what tells nobody of its failure may take, in seconds: an asynchronous call is tried three times in 3."""


@dataclass(frozen=True)
class Scenario:
    """`silent`: AWS acts on the tenant's behalf, so that a refusal shows in nothing but that nothing happens."""

    name: str
    play: Callable[[Trial], None]
    silent: bool = False


# --- runs


def promote_run(trial: Trial) -> None:
    """Forty good records are published, the bad one's entry stands in quarantine, readers are told."""
    first = next(trial.numbers) * 100
    rows = [f"{number},1,2.50," for number in range(first, first + 40)]
    run_id = trial.arrive("orders", "\n".join(["id,customer,amount,note", *rows, f"{first + 40},99,1.00,", ""]))
    run = trial.watch(run_id, RunStatus.PROMOTED)
    expect((run.total("inserted"), run.total("quarantined")) == (40, 1), f"{run.outcomes}")
    _expect_latest(trial, Zone.SILVER, "orders", run_id)
    layout = trial.deployed.layout
    trial.deployed.client("s3").head_object(Bucket=layout.bucket(Zone.SILVER), Key=layout.success_key("orders", run_id))
    standing = trial.deployed.count("{quarantine}.orders", f"event = 'promoted' AND run_id = '{run_id}'")
    expect(standing == 1, "the run's quarantine entries do not stand")


def reject_run(trial: Trial) -> None:
    """A run waits for a person, is rejected, and takes back what it wrote; people are told of both."""
    run_id = trial.arrive("reviewed", f"id\n{next(trial.numbers)}\n")
    trial.watch(run_id, RunStatus.HELD)
    trial.alerted(run_id)
    trial.reject(run_id)
    trial.watch(run_id, RunStatus.REJECTED)
    withdrawn = trial.deployed.count("{quarantine}.reviewed", f"event = 'withdrawn' AND run_id = '{run_id}'")
    expect(withdrawn == 1, "the run's quarantine entries were not taken back")


def wake_next_run(source: str, status: RunStatus, trial: Trial) -> None:
    """Of two runs that wait for one lease, the second is woken by how the first gives it back."""
    platform, leases = trial.platform, trial.deployed.control.leases
    subject = f"{RunKind.INGEST.zone}#{source}"
    leases.acquire(subject, "nobody", datetime.now(UTC))
    try:
        header = {"orders": "id,customer,amount,note\n{},1,2.50,\n"}.get(source, "id\n{}\n")
        runs = [trial.arrive(source, header.format(next(trial.numbers) * 100)) for _ in range(2)]
        wait(lambda: len(leases.waiters(subject)) == 2, "the runs do not wait for their lease")
    finally:
        leases.release(subject, "nobody")
    wake_next(platform, subject)
    failing = frozenset({"RefineRun"} if status is RunStatus.FAILED else ())
    for run_id in runs:
        trial.watch(run_id, status, failing=failing, beside=runs)


def refuse_object(trial: Trial) -> None:
    """An object of no source is a refused run, and people are told."""
    run_id = trial.arrive("unknown", f"id\n{next(trial.numbers)}\n")
    expect(trial.deployed.control.run(run_id).status is RunStatus.REFUSED, "the object was not refused")
    trial.alerted(run_id)


def tell_again(trial: Trial) -> None:
    """An event that comes again after its run was started finds the run."""
    control = trial.deployed.control
    promoted = {run.run_id for run in control.runs() if run.status is RunStatus.PROMOTED}
    claim = next(one for one in control.claims("customers") if one.run_id in promoted)
    expect(trial.tell_again(claim) == claim.run_id, "another run was started")


def sweep(trial: Trial) -> None:
    """A schedule that is due runs the object whose event never came."""
    identity = trial.deployed.put("nightly", f"id\n{next(trial.numbers)}\n", f"{next(trial.numbers)}.csv")
    trial.call(Task.TRIGGER, {"source": "nightly", "scheduled": True})
    [run] = trial.deployed.runs_of(identity)
    trial.watch(run.run_id, RunStatus.PROMOTED)


def look_after(trial: Trial) -> None:
    """An hourly sweep ends a run that was stopped, has the one behind it woken, wakes one that nobody woke, gathers a
    batch that was left, and starts its run.
    """
    control, platform = trial.deployed.control, trial.platform
    leases, first = control.leases, next(trial.numbers) * 100
    # Whose run was stopped may be woken by how that run is ended, before the sweep comes to it; the other is not.
    subjects = [f"{RunKind.INGEST.zone}#{source}" for source in ("orders", "fragile")]
    for subject in subjects:
        leases.acquire(subject, "nobody", datetime.now(UTC))
    try:
        runs = [trial.arrive("orders", f"id,customer,amount,note\n{first + number},1,2.50,\n") for number in (0, 1)]
        unwoken = trial.arrive("fragile", f"id\n{first}\n")
        wait(lambda: [len(leases.waiters(each)) for each in subjects] == [2, 1], "the runs do not wait for their lease")
        trial.stop(runs[0])
    finally:
        for subject in subjects:
            leases.release(subject, "nobody")
    identity = trial.deployed.put("batched", f"id\n{first}\n", f"{first}.csv")
    key, version, now = f"batched/{first}.csv", identity.rpartition("=")[2], datetime.now(UTC)
    control.claim(
        ObjectClaim(source_file_id=identity, source="batched", key=key, version=version, size=1, arrived_at=now)
    )
    left = f"{datetime.now(UTC):%Y%m%dt%H%M%S}-left{first}"
    long_ago = platform.clock() - timedelta(hours=1)
    control.batches.open(Gathering(source="batched", run_id=left, created_at=long_ago))
    trial.call(Task.SWEEP, {})
    trial.watch(runs[1], RunStatus.PROMOTED, beside=runs)
    trial.watch(unwoken, RunStatus.PROMOTED)
    trial.watch(left, RunStatus.PROMOTED, beside=runs)
    wait(lambda: control.run(runs[0]).status is RunStatus.FAILED, "the run that was stopped was not ended")


def trip_breaker(trial: Trial) -> None:
    """A source whose records fail alike is stopped, and people are told of it beside the run."""
    first = next(trial.numbers) * 100
    numbers = [*(str(first + number) for number in range(9)), *(f"x{first + number}" for number in range(4))]
    run_id = trial.arrive("fragile", "\n".join(["id", *numbers, ""]))
    try:
        trial.watch(run_id, RunStatus.HELD)
        trial.alerted(run_id)
    finally:
        if trial.deployed.control.breakers.is_open("fragile"):
            close(trial.platform, "fragile", by="a test", reason="it has been seen")
        trial.reject(run_id)
    trial.watch(run_id, RunStatus.REJECTED)


# --- Gold


def build_model(trial: Trial) -> None:
    """What was published asks for the model that reads it; its table is made, filled and published."""
    run_id = _ask_for_first_build(trial)
    trial.watch(run_id, RunStatus.PROMOTED)
    _expect_latest(trial, Zone.GOLD, "spend", run_id)


def fail_build(trial: Trial) -> None:
    """A build that cannot be published ends as failed, without its branch, and people are told."""
    with trial.policies.without(Task.PROMOTE, "CommitGoldTables", "glue:UpdateTable"):
        run_id = _ask_for_first_build(trial)
        trial.watch(run_id, RunStatus.FAILED, failing=frozenset({"PromoteRun"}))
    trial.alerted(run_id)
    left = trial.platform.lake.load(trial.deployed.layout.gold("spend")).metadata.refs
    expect(set(left) == {"main"}, f"the table has the branches {set(left)}")


def ask_again(trial: Trial) -> None:
    """A build that was asked for and started is found when it is asked for again."""
    control = trial.deployed.control
    ended = next(run for run in control.runs() if run.subject == "spend" and run.execution_arn and run.status.ended)
    trial.execution_ended(ended)
    control.ask_for_build("spend", ended.run_id)
    expect(trial.published("customers") == [ended.run_id], "another build was started")


def ask_after_failure(trial: Trial) -> None:
    """A build that was asked for and broke off gives way to another when it is asked for again."""
    fail_build(trial)
    control = trial.deployed.control
    failed = next(run for run in control.runs() if run.subject == "spend" and run.status is RunStatus.FAILED)
    trial.execution_ended(failed)
    control.ask_for_build("spend", failed.run_id)
    [run_id] = trial.published("customers")
    expect(run_id != failed.run_id, "the build that broke off was taken for one that goes on")
    trial.watch(run_id, RunStatus.PROMOTED)


def _ask_for_first_build(trial: Trial) -> str:
    """Ask for a build of a model whose table is not there yet."""
    glue, database = trial.deployed.client("glue"), trial.deployed.layout.database(Zone.GOLD)
    with suppress(glue.exceptions.EntityNotFoundException):
        glue.delete_table(DatabaseName=database, Name="spend")
    [run_id] = trial.published("customers")
    return run_id


# --- seeding, schedules, dead letters


def seed_source(trial: Trial) -> None:
    """A folder with a new source and a known one is registered: tables, schedules, model."""
    fresh = f"fresh_{next(trial.numbers)}"
    s3, layout = trial.deployed.client("s3"), trial.deployed.layout
    bucket, _, key = trial.folder.removeprefix("arn:aws:s3:::").partition("/")
    s3.put_object(Bucket=bucket, Key=key, Body=_folder(fresh))
    answer = {"Bucket": layout.bucket(Zone.ARTIFACTS), "Key": f"answers/{fresh}.json"}
    event = {
        "RequestType": "Create",
        "ResponseURL": s3.generate_presigned_url("put_object", Params=answer),
        "StackId": layout.arn("cloudformation", f"stack/{layout.stack('pipeline')}/{fresh}"),
        "RequestId": fresh,
        "LogicalResourceId": "Seeding",
        "ResourceProperties": {"AssetBucket": bucket, "AssetKey": key},
    }
    expect(urlsplit(event["ResponseURL"]).scheme == "http", "CloudFormation's part is played by the embedded S3")
    trial.call(Task.SEED, event)
    told = json.loads(s3.get_object(**answer)["Body"].read())
    expect(told["Status"] == "SUCCESS", told.get("Reason", ""))
    expect(trial.deployed.control.source(fresh), "the source is not registered")
    for table in (layout.bronze(fresh), layout.silver(fresh), layout.quarantine(fresh), layout.duplicates(fresh)):
        expect(trial.platform.lake.head(table) is not None, f"{table.qualified} was not set up")
    scheduler = trial.deployed.client("scheduler")
    scheduler.get_schedule(Name=layout.schedule(fresh), GroupName=layout.schedule_group)


def _folder(fresh: str) -> bytes:
    """The tenant's folder as its asset: a known source, a new one, and a model."""
    trial = TENANTS / "trial"
    known = (trial / "contracts/nightly.odcs.yaml").read_text()
    files = {
        "tenant.yaml": (trial / "tenant.yaml").read_text(),
        "contracts/nightly.odcs.yaml": known,
        f"contracts/{fresh}.odcs.yaml": known.replace("trial-nightly", f"trial-{fresh}").replace("nightly", fresh),
        "gold/listed.sql": "/* medallion\ndescription: What is listed.\nmaterialisation: table\nkeys: [id]\n"
        "partitioning: []\n*/\nSELECT id FROM silver.nightly\n",
    }
    archive = BytesIO()
    with ZipFile(archive, "w") as folder:
        for name, text in files.items():
            folder.writestr(name, text)
    return archive.getvalue()


def keep_dead_letter(task: Task, trial: Trial) -> None:
    """An event is kept when the function cannot even start, as often as it is tried."""
    sqs, functions = trial.deployed.client("sqs"), trial.deployed.client("lambda")
    queue = sqs.get_queue_url(QueueName=trial.deployed.layout.dead_letters(task))["QueueUrl"]
    function, mark = trial.deployed.layout.function(task), f"unheard-{next(trial.numbers)}"
    handler = functions.get_function_configuration(FunctionName=function)["Handler"]

    def kept() -> bool:
        found = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10, VisibilityTimeout=0).get("Messages", [])
        for each in found:
            sqs.delete_message(QueueUrl=queue, ReceiptHandle=each["ReceiptHandle"])
        return any(mark in each["Body"] for each in found)

    functions.update_function_configuration(FunctionName=function, Handler=f"{handler}_that_is_not_there")
    try:
        functions.invoke(FunctionName=function, InvocationType="Event", Payload=json.dumps({"about": mark}).encode())
        wait(kept, "the event is lost", SILENCE)
    finally:
        functions.update_function_configuration(FunctionName=function, Handler=handler)


def fire_schedule(trial: Trial) -> None:
    """A schedule of the tenant's group calls the trigger when it is due."""
    identity = trial.deployed.put("nightly", f"id\n{next(trial.numbers)}\n", f"{next(trial.numbers)}.csv")

    def started() -> bool:
        return any(trial.platform.execution_status(run.execution_arn) for run in trial.deployed.runs_of(identity))

    with _due(trial, trial.deployed.layout.schedule("nightly")):
        wait(started, "the trigger was not called", SILENCE)
    [run] = trial.deployed.runs_of(identity)
    trial.watch(run.run_id, RunStatus.PROMOTED)


def fire_sweep(trial: Trial) -> None:
    """The sweep's schedule calls it when it is due: a run that was never started is."""
    run = Run(
        run_id=f"{datetime.now(UTC):%Y%m%dt%H%M%S}-unstarted{next(trial.numbers)}",
        kind=RunKind.INGEST,
        subject="customers",
        lane="lambda",
        created_at=datetime.now(UTC) - timedelta(hours=1),
    )
    trial.platform.write_document(run.run_id, 1, MANIFEST, Manifest(objects=()))
    control = trial.deployed.control
    control.create_run(run)

    def started() -> bool:
        return control.run(run.run_id).execution_arn != ""

    try:
        with _due(trial, trial.deployed.layout.sweeping):
            wait(started, "the sweep was not called", SILENCE)
    finally:
        start_execution(trial.platform, Machine.INGEST, run)
    trial.watch(run.run_id, RunStatus.PROMOTED)


@contextmanager
def _due(trial: Trial, schedule: str) -> Iterator[None]:
    """What that schedule calls, it calls in a second."""
    scheduler, layout = trial.deployed.client("scheduler"), trial.deployed.layout
    known = scheduler.get_schedule(Name=schedule, GroupName=layout.schedule_group)
    once = {"Name": f"once-{next(trial.numbers)}", "GroupName": layout.schedule_group}
    due = datetime.now(UTC) + timedelta(seconds=1)
    scheduler.create_schedule(
        **once,
        ScheduleExpression=f"at({due:%Y-%m-%dT%H:%M:%S})",
        FlexibleTimeWindow=known["FlexibleTimeWindow"],
        Target=known["Target"],
    )
    try:
        yield
    finally:
        with suppress(scheduler.exceptions.ResourceNotFoundException):
            scheduler.delete_schedule(**once)


# --- housekeeping


def keep_tables(trial: Trial) -> None:
    """In each zone a table forgets its old snapshots, and a file that nothing refers to is removed."""
    layout, lake, s3 = trial.deployed.layout, trial.platform.lake, trial.deployed.client("s3")
    # Of a source and a model that never publish: what `_LATEST.json` names, and all since, would stay.
    tables = [layout.bronze("bulky"), layout.silver("bulky"), layout.quarantine("bulky"), layout.gold("best_customer")]
    lake.ensure(tables[-1], (Field(name="customer_id", type="long"),))
    litter = f"data/run=gone/attempt=1/{next(trial.numbers)}.parquet"
    for table in tables:
        for number in range(2):
            publish_nothing(lake, table, Commit(f"{litter}-{number}", 1))
        s3.put_object(Bucket=table.bucket, Key=f"{table.name}/{litter}", Body=b"")
    # S3 tells a file's age to the second, and what housekeeping's own second brought is none of its litter.
    time.sleep(1)
    with _at_once(trial):
        kept = trial.call(Task.HOUSEKEEP, {})
    done = {one["table"]: one for subject in kept["subjects"] for one in subject["tables"]}
    for table in tables:
        latest = s3.list_objects_v2(Bucket=table.bucket, Prefix=layout.latest_key(table.name))
        expect(not latest["KeyCount"], f"{table.qualified} is published: play this on a table that is not")
        expect(done[table.qualified]["skipped"] == "", f"{table.qualified}: {done[table.qualified]['skipped']}")
        expect(done[table.qualified]["snapshots_expired"], f"{table.qualified} forgot nothing")
        listed = s3.list_objects_v2(Bucket=table.bucket, Prefix=f"{table.name}/{litter}")
        expect(not listed["KeyCount"], f"{table.qualified}: the file is still there")
    expect(len(trial.deployed.control.upkeeps.all()) >= len(kept["subjects"]), "what was done is not kept")


def publish_nothing(lake: Lake, table: TableLayout, commit: Commit) -> None:
    """One more snapshot on main, and on `current` where the table has it, as a run would bring it."""
    base = lake.plan(table).snapshot_id
    lake.append(table, commit, lambda found: (), branch="nothing")
    lake.publish(table, commit, branch="nothing", base=base)
    lake.drop_branch(table, "nothing")


def wake_after_housekeeping(trial: Trial) -> None:
    """A run that waits for its lease is woken when housekeeping gives it back."""
    leases, subject = trial.deployed.control.leases, f"{RunKind.INGEST.zone}#orders"
    leases.acquire(subject, "nobody", datetime.now(UTC))
    try:
        run_id = trial.arrive("orders", f"id,customer,amount,note\n{next(trial.numbers) * 100},1,2.50,\n")
        wait(lambda: len(leases.waiters(subject)) == 1, "the run does not wait for its lease")
    finally:
        leases.release(subject, "nobody")
    trial.call(Task.HOUSEKEEP, {})
    trial.watch(run_id, RunStatus.PROMOTED)


def fire_housekeeping(trial: Trial) -> None:
    """The tenant's own schedule calls housekeeping when it is due."""
    upkeeps = trial.deployed.control.upkeeps
    known = {one.by for one in upkeeps.all()}
    with _due(trial, trial.deployed.layout.housekeeping_schedule):
        wait(lambda: not {one.by for one in upkeeps.all()} <= known, "housekeeping was not called")


@contextmanager
def _at_once(trial: Trial) -> Iterator[None]:
    """Housekeeping with no windows: what is not current goes."""
    functions, function = trial.deployed.client("lambda"), trial.deployed.layout.function(Task.HOUSEKEEP)
    variables = functions.get_function_configuration(FunctionName=function)["Environment"]["Variables"]
    without = dict.fromkeys((name for name in variables if name.endswith("_DAYS")), "0")
    functions.update_function_configuration(FunctionName=function, Environment={"Variables": {**variables, **without}})
    try:
        yield
    finally:
        functions.update_function_configuration(FunctionName=function, Environment={"Variables": variables})


# ---


def _expect_latest(trial: Trial, zone: Zone, table: str, run_id: str) -> None:
    layout = trial.deployed.layout
    found: Any = trial.deployed.client("s3").get_object(Bucket=layout.bucket(zone), Key=layout.latest_key(table))
    current = json.loads(found["Body"].read())["current"]["run_id"]
    expect(current == run_id, f"{table}: the latest run is {current}")


def wait(until: Callable[[], bool], otherwise: str, seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not until():
        if time.monotonic() > deadline:
            raise Broken(otherwise)
        time.sleep(0.1)


RUN_PROMOTED = Scenario("run promoted", promote_run)
RUN_REJECTED = Scenario("run rejected", reject_run)
OBJECT_REFUSED = Scenario("object refused", refuse_object)
TOLD_AGAIN = Scenario("object told again", tell_again)
LOOKED_AFTER = Scenario("runs looked after", look_after)
BREAKER_TRIPPED = Scenario("breaker tripped", trip_breaker)
SWEPT = Scenario("object swept", sweep)
NEXT_WOKEN = {
    Task.SETTLE: Scenario("next woken by settle", partial(wake_next_run, "orders", RunStatus.PROMOTED)),
    Task.HOLD: Scenario("next woken by hold", partial(wake_next_run, "reviewed", RunStatus.HELD)),
    Task.FAIL: Scenario("next woken by fail", partial(wake_next_run, "bulky", RunStatus.FAILED)),
}
MODEL_BUILT = Scenario("model built", build_model)
BUILD_FAILED = Scenario("build failed", fail_build)
ASKED_AGAIN = Scenario("build asked for again", ask_again)
ASKED_AFTER_FAILURE = Scenario("build asked for after failure", ask_after_failure)
SOURCE_SEEDED = Scenario("source seeded", seed_source)
DEAD_LETTER_KEPT = {
    task: Scenario(f"dead letter of {task} kept", partial(keep_dead_letter, task), silent=True)
    for task in (Task.SEED, Task.TRIGGER, Task.SWEEP, Task.COALESCE, Task.HOUSEKEEP, Task.OPERATE)
}
SCHEDULE_FIRED = Scenario("schedule fired", fire_schedule, silent=True)
TABLES_KEPT = Scenario("tables kept", keep_tables)
WOKEN_AFTER_HOUSEKEEPING = Scenario("next woken by housekeep", wake_after_housekeeping)
HOUSEKEEPING_FIRED = Scenario("housekeeping fired", fire_housekeeping, silent=True)
SWEEP_FIRED = Scenario("sweep fired", fire_sweep, silent=True)
