"""What a person asks for, done by the tenant's own function. Broken where it is not done."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from medallion.contracts import parse_contract
from medallion.contracts.ruleset import ruleset_hash
from medallion.control.items import ContractVersion, Run, RunKind, RunStatus
from medallion.control.operations import Operation, OperationStatus
from medallion.engines.commits import Commit
from medallion.layout import Task, Zone
from medallion.people import Person
from medallion.plan.model import Field
from medallion.steps.operations import OperationKind, operation_of
from medallion.steps.proposals import approve, propose
from medallion.steps.rollback import rollback
from tests.least_privilege.scenarios import Scenario, publish_nothing, wait
from tests.least_privilege.trial import Trial, expect
from tests.unit.steps.keeping import contract

SUBJECT = f"{Zone.SILVER}#reviewed"


def roll_back(trial: Trial) -> None:
    """A source's table and a model's go back to the first of two runs, and the ledger tells of it."""
    trial.platform.lake.ensure(trial.deployed.layout.gold("spend"), (Field(name="customer_id", type="long"),))
    for kind, name in ((RunKind.INGEST, "nightly"), (RunKind.MODEL, "spend")):
        first, second = _publish_twice(trial, kind, name)
        asked = {"zone": kind.zone, "name": name, "run_id": first}
        try:
            done = _operate(trial, OperationKind.ROLLBACK, f"{kind.zone}.{name}", asked)
        finally:
            # One that was interrupted keeps its lease until it is done.
            rollback(trial.platform, kind.zone, name, first, by="Ada", reason="a test")
        expect((done.result or {}).get("undone") == [second], f"{done.problem or done.result}")
        expect(trial.deployed.control.run(second).status is RunStatus.ROLLED_BACK, "the run is still published")


def cancel(trial: Trial) -> None:
    """A held run is cancelled that has its lease yet: what it wrote is taken back, and the run behind it is woken."""
    leases = trial.deployed.control.leases
    first = trial.arrive("reviewed", f"id\n{next(trial.numbers)}\n")
    trial.watch(first, RunStatus.HELD)
    expect(leases.acquire(SUBJECT, first, datetime.now(UTC)), "another run has the lease")
    second = trial.arrive("reviewed", f"id\n{next(trial.numbers)}\n")
    try:
        wait(lambda: second in [one.run_id for one in leases.waiters(SUBJECT)], "the run does not wait for its lease")
        done = _operate(trial, OperationKind.CANCEL, first, {})
    finally:
        leases.release(SUBJECT, first)
        leases.leave(SUBJECT, second)
    expect(done.status is OperationStatus.SUCCEEDED, done.problem)
    expect(trial.deployed.control.run(first).status is RunStatus.FAILED, "the run was not cancelled")
    trial.watch(second, RunStatus.HELD)


def cancel_unbegun(trial: Trial) -> None:
    """A run is cancelled that was never started: it has no documents."""
    now = datetime.now(UTC)
    run_id = f"{now:%Y%m%dt%H%M%S}-unbegun{next(trial.numbers)}"
    run = Run(run_id=run_id, kind=RunKind.INGEST, subject="reviewed", lane="lambda", created_at=now)
    trial.deployed.control.create_run(run)
    try:
        done = _operate(trial, OperationKind.CANCEL, run_id, {})
    finally:
        trial.deployed.control.end(run_id, RunStatus.FAILED, now, reason="a test")
    expect(done.status is OperationStatus.SUCCEEDED, done.problem)


def do_again(trial: Trial) -> None:
    """A run whose execution was stopped is done again; an object is taken up once more, by a run of its own."""
    run_id = trial.arrive("reviewed", f"id\n{next(trial.numbers)}\n")
    trial.watch(run_id, RunStatus.HELD)
    trial.stop(run_id)
    done = _operate(trial, OperationKind.RERUN, run_id, {"attempt": 1})
    expect(done.status is OperationStatus.SUCCEEDED, done.problem)
    trial.watch(run_id, RunStatus.HELD)
    claim = next(one for one in trial.deployed.control.claims("customers") if one.run_id is not None)
    done = _operate(trial, OperationKind.BACKFILL, "customers", {"objects": [claim.source_file_id]})
    expect(done.status is OperationStatus.SUCCEEDED, done.problem)
    trial.watch((done.result or {})["run_id"], RunStatus.PROMOTED)


def foresee(trial: Trial) -> None:
    """Under new rules a malformed record is read again where it was received."""
    first = next(trial.numbers) * 100
    rows = [f"{number},1,2.50," for number in range(first, first + 40)]
    run_id = trial.arrive("orders", "\n".join(["id,customer,amount,note", *rows, f"{first + 40},1", ""]))
    trial.watch(run_id, RunStatus.PROMOTED)
    with _other_rules(trial):
        asked = {"chosen": {"runs": [run_id]}}
        done = _operate(trial, OperationKind.FORESEE_REPROCESS, "orders", asked)
    expect((done.result or {}).get("records") == 1, f"{done.problem or done.result}")


def verify(trial: Trial) -> None:
    """The chains of the ledger are read as the verification reads them: every version of every receipt."""
    done = _operate(trial, OperationKind.VERIFY_LEDGER, "ledger", {"only": ["no_such_source"]})
    expect(done.status is OperationStatus.SUCCEEDED, done.problem)


def take_up(trial: Trial) -> None:
    """An operation whose function was never called is begun by the sweep."""
    left = _written(trial, OperationKind.CANCEL, "no-such-run", {}, datetime.now(UTC) - timedelta(hours=1))
    trial.call(Task.SWEEP, {})
    operations = trial.deployed.control.operations
    wait(lambda: operations.operation(left.operation_id).status.ended, "nobody began the operation")


def make_live(trial: Trial) -> None:
    """A new source comes alive by its approved contract: its tables, and a schedule, which is then set anew."""
    source, layout = f"alive_{next(trial.numbers)}", trial.deployed.layout
    ada, grace = (Person(name, "a test", datetime.now(UTC)) for name in ("Ada", "Grace"))
    made = propose(trial.deployed.platform, source, contract(source), ada)
    approve(trial.deployed.platform, source, made.proposal_id, grace)
    other = propose(trial.deployed.platform, source, contract(source), ada)
    done = _operate(trial, OperationKind.ACTIVATE_CONTRACT, source, {"proposal_id": made.proposal_id})
    expect((done.result or {}).get("overtaken") == [other.proposal_id], f"{done.problem or done.result}")
    for table in (layout.bronze(source), layout.silver(source), layout.quarantine(source), layout.duplicates(source)):
        expect(trial.platform.lake.head(table) is not None, f"{table.qualified} was not set up")
    done = _operate(trial, OperationKind.APPLY_SCHEDULE, source, {"cron": "0 3 * * *"})
    expect(done.status is OperationStatus.SUCCEEDED, done.problem)


def catch_up(trial: Trial) -> None:
    """A sweep tells the trigger of a moment that nobody dealt with."""
    schedules = trial.deployed.control.schedules
    standing = schedules.of("nightly")
    expect(standing is not None, "the source has no schedule")
    if standing is not None:
        missed = standing.model_copy(update={"settled_until": standing.set_at - timedelta(days=3)})
        expect(schedules.replace(standing, missed), "the schedule is another one")
        trial.call(Task.SWEEP, {})
        wait(lambda: _settled(trial, "nightly") > missed.settled_until, "the trigger was not told of what was missed")


def _settled(trial: Trial, source: str) -> datetime:
    found = trial.deployed.control.schedules.of(source)
    return datetime.min.replace(tzinfo=UTC) if found is None else found.settled_until


def _operate(trial: Trial, kind: OperationKind, subject: str, asked: Mapping[str, Any]) -> Operation:
    """The operation once its function has ended."""
    written = _written(trial, kind, subject, asked, datetime.now(UTC))
    trial.call(Task.OPERATE, {"operation_id": written.operation_id})
    return trial.deployed.control.operations.operation(written.operation_id)


def _written(trial: Trial, kind: OperationKind, subject: str, asked: Mapping[str, Any], at: datetime) -> Operation:
    """The operation, written down and no more."""
    operation = operation_of(kind, subject, asked, Person("Ada", f"a test, {next(trial.numbers)}", at))
    trial.deployed.control.operations.create(operation)
    return operation


def _publish_twice(trial: Trial, kind: RunKind, name: str) -> tuple[str, str]:
    """Two runs that published nothing new, as if they had gone through the machine."""
    now, number = datetime.now(UTC), next(trial.numbers)
    first, second = (f"{now:%Y%m%dt%H%M%S}-nothing{number}{one}" for one in "ab")
    for run_id in (first, second):
        run = Run(run_id=run_id, kind=kind, subject=name, status=RunStatus.PROMOTED, created_at=now, ended_at=now)
        trial.deployed.control.create_run(run)
        publish_nothing(trial.platform.lake, trial.deployed.layout.table(kind.zone, name), Commit(run_id, 1))
    return first, second


@contextmanager
def _other_rules(trial: Trial) -> Iterator[None]:
    """The orders' contract is a version whose rules are others."""
    control = trial.deployed.control
    source = control.source("orders")
    standing, version = control.contract("orders", source.contract_version), f"1.0.{next(trial.numbers)}"
    expect(standing is not None, "the orders have no contract")
    text = "" if standing is None else standing.text
    text = text.replace("{minimum: 0}", "{minimum: -1}").replace(f'"{source.contract_version}"', f'"{version}"')
    ruleset = ruleset_hash(parse_contract(text, "orders"))
    written = ContractVersion(
        source="orders", version=version, text=text, ruleset=ruleset, registered_at=datetime.now(UTC)
    )
    other = source.model_copy(update={"contract_version": version, "ruleset": ruleset})
    expect(control.activate(other, source, written), "the other rules did not become active")
    try:
        yield
    finally:
        expect(control.activate(source, other, None), "the rules did not become the old ones again")


ROLLED_BACK = Scenario("tables rolled back", roll_back)
CANCELLED = Scenario("run cancelled", cancel)
CANCELLED_UNBEGUN = Scenario("unbegun run cancelled", cancel_unbegun)
DONE_AGAIN = Scenario("run done again", do_again)
FORESEEN = Scenario("reprocess foreseen", foresee)
VERIFIED = Scenario("ledger verified", verify)
TAKEN_UP = Scenario("operation taken up", take_up)
MADE_LIVE = Scenario("source made live", make_live)
CAUGHT_UP = Scenario("schedule caught up with", catch_up)
