"""Every verb of the command's port through the deployed API, each with the least role: what it says is what the direct
way says, and what it does is what the direct way sees.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from cli.port import Correction, Decided, Said, Which
from local.settings import Settings
from medallion.control.items import Breaker, Run, RunStatus
from medallion.control.keys import Role
from medallion.layout import Zone
from medallion.plan.quarantine import Chosen, State
from medallion.steps.quarantine import Standing
from medallion.steps.schedules import Setting
from tests.integration.pipeline.deployed import Deployed, eventually
from tests.integration.pipeline.ways import Ways, refusal, verbs
from tests.unit.steps.keeping import contract

Trial = Callable[[Ways], None]
TRIALS: dict[str, Trial] = {}
LOOKED_AT: list[Run] = []
WHY = Said("looked at it")
HEADER = "id,customer,amount,note\n"
VIEWER, STEWARD, ENGINEER, OPERATOR = Role.VIEWER, Role.STEWARD, Role.ENGINEER, Role.OPERATOR
CORRECTED = Correction({"customer_id": "'1'"}, {})
UNCORRECTED = Correction({}, {})


def tries(*names: str) -> Callable[[Trial], Trial]:
    """That the function tries those verbs."""

    def note(trial: Trial) -> Trial:
        TRIALS.update(dict.fromkeys(names, trial))
        return trial

    return note


def silent(_: str) -> None:
    """Progress, which nobody looks at."""


@pytest.fixture(scope="module")
def ways(trial: Deployed, embedded: Settings) -> Iterator[Ways]:
    made = Ways.of(trial, embedded)
    LOOKED_AT.clear()
    yield made
    made.close()


# --- what the trials ask about


def looked_at(ways: Ways) -> Run:
    """A run that is made once, and which no trial changes."""
    if not LOOKED_AT:
        LOOKED_AT.append(wrong(ways.trial, 52000, "to-look-at.csv"))
    return LOOKED_AT[0]


def wrong(trial: Deployed, first: int, name: str) -> Run:
    """Orders from that id on, the last two of which refer to nobody."""
    good = "".join(f"{number},1,1.00,\n" for number in range(first, first + 40))
    bad = f"{first + 40},77,1.00,\n{first + 41},78,1.00,\n"
    return right(trial, "orders", HEADER + good + bad, name)


def right(trial: Deployed, source: str, rows: str, name: str) -> Run:
    """What became of the object, once its run has ended."""
    run_id = trial.ingest(source, rows, name).run_id
    run = eventually(lambda: _settled(trial, run_id))
    assert run.status is RunStatus.PROMOTED, run.reason
    return run


def held(trial: Deployed, number: int) -> Run:
    """A run that waits for a person."""
    run = trial.ingest("reviewed", f"id\n{number}\n", f"{number}.csv")
    assert run.status is RunStatus.HELD, run.reason
    return run


def _settled(trial: Deployed, run_id: str) -> Run | None:
    """The run, once its execution has left its last state and its receipt is written."""
    found = trial.control.run(run_id)
    over = trial.platform.execution_status(found.execution_arn) != "RUNNING"
    return found if over and found.receipt is not None else None


# --- runs


@tries("runs.page", "runs.run", "runs.look", "runs.run_of")
def look_at_runs(ways: Ways) -> None:
    run = looked_at(ways)
    customers = ways.same(VIEWER, lambda port: port.runs.page(3, subject="customers", status=RunStatus.PROMOTED).items)
    assert customers
    first = ways.api(VIEWER).runs.page(1)
    rest = ways.directly.runs.page(2, before=first.items[0].run_id).items
    assert ways.api(VIEWER).runs.page(2, before=first.next).items == rest != []
    assert ways.same(VIEWER, lambda port: port.runs.run(run.run_id)).totals.quarantined == 2
    blind: dict[str, Any] = {"step": None, "step_seconds": {}}
    assert ways.same(VIEWER, lambda port: port.runs.look(run.run_id).model_copy(update=blind)).run_id == run.run_id
    assert ways.same(VIEWER, lambda port: port.runs.run_of("orders", run.objects[0])) == run.run_id
    assert ways.same_refusal(VIEWER, lambda port: port.runs.run("no-such-run")) == "UnknownRun"


@tries("runs.held", "runs.decide", "runs.rerun", "runs.cancel")
def decide_over_runs(ways: Ways) -> None:
    trial, run = ways.trial, held(ways.trial, 73000)
    assert run.run_id in [one.run_id for one in ways.same(VIEWER, lambda port: port.runs.held(50))]
    ways.api(STEWARD).runs.decide(run.run_id, WHY, approved=False)
    rejected = trial.ended(run.run_id)
    assert (rejected.status, rejected.approval and rejected.approval.reason) == (RunStatus.REJECTED, WHY.reason)
    eventually(lambda: _settled(trial, run.run_id))
    assert ways.same_refusal(STEWARD, lambda port: port.runs.decide(run.run_id, WHY, approved=True)) == "NotHeld"
    ways.api(ENGINEER).runs.rerun(run.run_id, WHY)
    again = eventually(lambda: now if (now := trial.control.run(run.run_id)).status is RunStatus.HELD else None)
    assert again.attempt == 2
    ways.api(ENGINEER).runs.cancel(run.run_id, WHY)
    told = ways.same(VIEWER, lambda port: port.runs.run(run.run_id))
    assert (told.status, told.cancelled.reason) == (RunStatus.FAILED, WHY.reason)
    promoted = looked_at(ways)
    assert ways.same_refusal(ENGINEER, lambda port: port.runs.cancel(promoted.run_id, WHY)) == "NotCancellable"
    assert ways.same_refusal(ENGINEER, lambda port: port.runs.rerun(promoted.run_id, WHY)) == "NotRepeatable"


@tries("runs.roll_back")
def take_a_table_back(ways: Ways) -> None:
    first, later = (right(ways.trial, "orders", f"{HEADER}{at},1,1.00,\n", f"{at}.csv") for at in (52900, 52901))

    def back(port: Any, run_id: str) -> Any:
        return port.runs.roll_back(Zone.SILVER, "orders", run_id, WHY)

    done = back(ways.api(ENGINEER), first.run_id)
    assert (done.to_run_id, done.undone) == (first.run_id, [later.run_id])
    assert ways.same(VIEWER, lambda port: port.runs.run(later.run_id)).status is RunStatus.ROLLED_BACK
    assert ways.same_refusal(ENGINEER, lambda port: back(port, "no-such-run")) == "UnknownRun"
    assert ways.same_refusal(ENGINEER, lambda port: back(port, later.run_id)) == "NotReversible"


@tries("runs.backfill", "runs.foresee_backfill")
def take_records_up_again(ways: Ways) -> None:
    run = right(ways.trial, "customers", "id,name\n90,Barbara\n91,Frances\n", "to-backfill.csv")
    which, late = Which(objects=run.objects), Which(since=datetime.now(UTC) + timedelta(days=1))
    forecast = ways.same(ENGINEER, lambda port: port.runs.foresee_backfill("customers", which, WHY))
    assert forecast.records == 2
    assert ways.same(ENGINEER, lambda port: port.runs.backfill("customers", late, WHY)) is None
    again = ways.trial.ended(ways.api(ENGINEER).runs.backfill("customers", which, WHY))
    assert (again.status, again.total("rows_in"), again.purpose) == (RunStatus.PROMOTED, 2, WHY.reason)


# --- quarantine


@tries("quarantine.entries", "quarantine.whole", "quarantine.view")
def look_at_quarantine(ways: Ways) -> None:
    run = looked_at(ways)
    chosen, every = Chosen(runs=(run.run_id,), codes=("REFERENCE_ERROR",)), Standing.ALL
    entries = ways.same(VIEWER, lambda port: port.quarantine.entries("orders", chosen, every, 5, silent))
    assert [one.source_row for one in entries] == [41, 42]
    everywhere = ways.same(VIEWER, lambda port: port.quarantine.entries(None, chosen, every, 5, silent))
    assert everywhere == entries
    [whole] = ways.same(VIEWER, lambda port: port.quarantine.whole(run.run_id, 41))
    assert [one.event for one in whole.history] == ["quarantined"]
    assert ways.same_refusal(VIEWER, lambda port: port.quarantine.whole(run.run_id, 1)) == "UnknownEntry"
    assert "orders" in ways.same(VIEWER, lambda port: port.quarantine.view("orders"))


@tries("quarantine.foresee_correction", "quarantine.correct", "quarantine.foresee_reprocess", "quarantine.reprocess")
def correct_and_reprocess(ways: Ways) -> None:
    run = wrong(ways.trial, 52100, "to-correct.csv")
    chosen = Chosen(objects=run.objects)

    def one(port: Any) -> Any:
        correction = Correction({}, {(run.objects[0], 41): {"customer_id": "2"}})
        return port.quarantine.foresee_correction("orders", chosen, correction, WHY)

    assert ways.same(STEWARD, one).entries == 1
    strange = Correction({"colour": "'red'"}, {})
    refused = ways.same_refusal(STEWARD, lambda port: port.quarantine.correct("orders", chosen, strange, WHY))
    assert refused == "InvalidCorrection"
    assert ways.api(STEWARD).quarantine.correct("orders", chosen, CORRECTED, WHY) == 2
    entries = ways.same(VIEWER, lambda port: port.quarantine.entries("orders", chosen, Standing.OPEN, 5, silent))
    assert [one.corrected for one in entries] == [True, True]
    forecast = ways.same(STEWARD, lambda port: port.quarantine.foresee_reprocess("orders", chosen, UNCORRECTED, WHY))
    assert (forecast.records, forecast.inserted) == (2, 2)
    again = ways.trial.ended(ways.api(STEWARD).quarantine.reprocess("orders", chosen, UNCORRECTED, WHY))
    assert (again.status, again.total("inserted")) == (RunStatus.PROMOTED, 2)
    assert ways.same(STEWARD, lambda port: port.quarantine.reprocess("orders", chosen, UNCORRECTED, WHY)) is None


@tries("quarantine.foresee_release", "quarantine.release")
def release_the_condemned(ways: Ways) -> None:
    run = wrong(ways.trial, 52200, "to-release.csv")
    chosen = Chosen(objects=run.objects)
    condemning = ways.api(STEWARD).quarantine.reprocess("orders", chosen, UNCORRECTED, WHY)
    assert ways.trial.ended(condemning).total("condemned") == 2
    assert ways.same(STEWARD, lambda port: port.quarantine.foresee_release("orders", chosen, WHY)) == 2
    assert ways.api(STEWARD).quarantine.release("orders", chosen, WHY) == 2
    assert ways.same(STEWARD, lambda port: port.quarantine.release("orders", chosen, WHY)) == 0
    entries = ways.same(VIEWER, lambda port: port.quarantine.entries("orders", chosen, Standing.OPEN, 5, silent))
    assert [one.state for one in entries] == [State.OPEN, State.OPEN]


@tries("quarantine.breaker", "quarantine.close_breaker")
def close_a_breaker(ways: Ways) -> None:
    now = datetime.now(UTC)
    opened = Breaker(source="nightly", run_id="a-run", opened_at=now, code="TYPE_ERROR", failures=9, rows=10)
    ways.trial.control.breakers.open(opened)
    assert ways.same(VIEWER, lambda port: port.quarantine.breaker("nightly")).open
    closed = ways.api(STEWARD).quarantine.close_breaker("nightly", WHY)
    assert (closed.open, closed.last.reason) == (False, WHY.reason)
    assert ways.same(VIEWER, lambda port: port.quarantine.breaker("nightly")) == closed
    refused = ways.same_refusal(STEWARD, lambda port: port.quarantine.close_breaker("nightly", WHY))
    assert refused == "BreakerNotOpen"


# --- files, rows, use


@tries("reading.ingest")
def put_a_file_in(ways: Ways) -> None:
    with TemporaryDirectory() as folder:
        file, empty = Path(folder, "a file.csv"), Path(folder, "empty.csv")
        empty.touch()
        for at, port in enumerate((ways.directly, ways.api(ENGINEER))):
            file.write_text(f"id,name\n{95 + at},Joan\n", encoding="utf-8")
            run = ways.trial.settled(port.reading.ingest("customers", f"by {at}/a file.csv", file, silent))
            assert (run.status, run.total("inserted")) == (RunStatus.PROMOTED, 1)
        refused = ways.same_refusal(ENGINEER, lambda port: port.reading.ingest("nothing", "x.csv", file, silent))
        assert refused == "UnknownSource"
        said = refusal(lambda: ways.api(ENGINEER).reading.ingest("customers", "empty.csv", empty, silent))
        assert (type(said).__name__, "is empty" in str(said)) == ("BadArgument", True)


@tries("reading.query", "reading.explain")
def ask_for_rows(ways: Ways) -> None:
    run = looked_at(ways)
    sql = f"SELECT id, amount, note FROM orders WHERE run_id = '{run.run_id}' ORDER BY id"

    def rows(port: Any) -> Any:
        return {**port.reading.query(sql, Zone.SILVER, 3, silent), "query_id": ""}

    answer = ways.same(VIEWER, rows)
    assert ([row["id"] for row in answer["rows"]], answer["complete"]) == ([52000, 52001, 52002], False)
    behind = ways.same(STEWARD, lambda port: port.reading.explain(Zone.SILVER, "orders", {"id": "52000"}, 5))
    assert list(behind["objects"]) == list(run.objects)
    ways.trial.models_rest()
    gold = ways.same(STEWARD, lambda port: port.reading.explain(Zone.GOLD, "spend", {"customer_id": "1"}, 2))
    assert gold["total"] > len(gold["records"]) == 2
    missing = ways.same_refusal(STEWARD, lambda port: port.reading.explain(Zone.SILVER, "orders", {"id": "1"}, 5))
    assert missing == "UnknownRow"


@tries("reading.usage", "reading.cost")
def tell_of_use(ways: Ways) -> None:
    today = ways.trial.platform.clock().date()

    def done(port: Any) -> Any:
        return [(one.day, one.runs, one.queries) for one in port.reading.usage(today - timedelta(days=2), today).days]

    assert ways.same(VIEWER, done)[-1][1]
    month = today.replace(day=1) - timedelta(days=1)
    assert ways.same(VIEWER, lambda port: port.reading.cost(month)).lines
    assert ways.same(VIEWER, lambda port: [(one.service, one.what) for one in port.reading.cost(None).lines])
    first = today + timedelta(days=1)
    assert ways.same_refusal(VIEWER, lambda port: port.reading.usage(first, today)) == "InvalidPeriod"


# --- sources and contracts


@tries("sources.all", "sources.source", "sources.versions", "sources.pause", "sources.resume")
def have_a_source_wait(ways: Ways) -> None:
    assert len(ways.same(VIEWER, lambda port: port.sources.all())) > 2
    assert ways.same(VIEWER, lambda port: port.sources.versions("customers"))[0].active
    paused = ways.api(ENGINEER).sources.pause("bulky", WHY)
    assert paused == ways.same(VIEWER, lambda port: port.sources.source("bulky"))
    assert paused.pause.reason == WHY.reason
    assert ways.api(ENGINEER).sources.resume("bulky", WHY) == []
    assert ways.same(VIEWER, lambda port: port.sources.source("bulky")).pause is None
    assert ways.same_refusal(ENGINEER, lambda port: port.sources.resume("bulky", WHY)) == "SourceChanged"
    assert ways.same_refusal(ENGINEER, lambda port: port.sources.pause("nothing", WHY)) == "UnknownSource"


@tries("sources.schedule", "sources.set_schedule")
def set_a_schedule(ways: Ways) -> None:
    before = ways.same(VIEWER, lambda port: port.sources.schedule("nightly", 3))
    setting = Setting(cron="15 6 * * MON-FRI", time_zone="Europe/Zurich")
    ways.api(ENGINEER).sources.set_schedule("nightly", setting, WHY)
    after = ways.same(VIEWER, lambda port: port.sources.schedule("nightly", 3))
    assert (after.time_zone, after.revision) == ("Europe/Zurich", before.revision + 1)
    stale = setting.model_copy(update={"revision": before.revision})
    refused = ways.same_refusal(ENGINEER, lambda port: port.sources.set_schedule("nightly", stale, WHY))
    assert refused == "ScheduleChanged"
    back = Setting(cron=before.cron, time_zone=before.time_zone, paused=before.paused)
    ways.api(ENGINEER).sources.set_schedule("nightly", back, WHY)
    assert ways.same(VIEWER, lambda port: port.sources.schedule("nightly", 3)).cron == before.cron


@tries("sources.try_contract")
def try_a_contract(ways: Ways) -> None:
    text = ways.trial.control.contract("customers", ways.directly.sources.source("customers").contract_version)
    assert text is not None
    trial = ways.same(STEWARD, lambda port: port.sources.try_contract(text.text, "a contract"))
    assert trial["unchanged"] > 0
    strange = contract("nothing")
    assert ways.same_refusal(STEWARD, lambda port: port.sources.try_contract(strange, "c")) == "UnknownSource"


@tries("sources.proposals", "sources.proposed_text", "sources.propose", "sources.decide_proposal", "sources.activate")
def propose_a_contract(ways: Ways) -> None:
    def propose(version: str) -> Any:
        text = contract("letters", version, "note: string")
        made = ways.api(ENGINEER).sources.propose(text, "a contract", WHY)
        assert ways.same(VIEWER, lambda port: port.sources.proposals("letters", 1)) == [made]
        said = ways.same(VIEWER, lambda port: port.sources.proposed_text("letters", made.proposal_id))
        assert said == text
        return made

    def decide(role: Role, proposal: Any, decided: Decided) -> Any:
        done = ways.api(role).sources.decide_proposal("letters", proposal.proposal_id, decided, WHY)
        assert ways.same(VIEWER, lambda port: port.sources.proposals("letters", 1)) == [done]
        return done.status

    assert decide(ENGINEER, propose("1.0.0"), Decided.WITHDRAW) == "withdrawn"
    assert decide(STEWARD, propose("1.0.0"), Decided.REJECT) == "rejected"
    made = propose("1.0.0")
    assert made in ways.same(VIEWER, lambda port: port.sources.proposals(None, 50))
    at = made.proposal_id
    assert ways.same_refusal(ENGINEER, lambda port: port.sources.activate("letters", at, WHY)) == "ProposalNotOpen"
    assert decide(STEWARD, made, Decided.APPROVE) == "approved"
    done = ways.api(ENGINEER).sources.activate("letters", at, WHY)
    assert ways.same(ENGINEER, lambda port: port.sources.activate("letters", at, WHY))["version"] == done["version"]
    [active] = ways.same(VIEWER, lambda port: port.sources.versions("letters"))
    assert (active.version, active.proposal_id) == ("1.0.0", at)


# --- the ledger, people


@tries("ledger.receipts", "ledger.receipt", "ledger.verify")
def verify_the_ledger(ways: Ways) -> None:
    assert ways.same(VIEWER, lambda port: port.ledger.receipts(None, 2, silent))
    newest = ways.same(VIEWER, lambda port: port.ledger.receipts("silver#customers", 1, silent))[0]
    whole = ways.same(VIEWER, lambda port: port.ledger.receipt("silver#customers", newest.sequence))
    assert (whole["run_id"], whole["sequence"]) == (newest.run_id, newest.sequence)
    refused = ways.same_refusal(VIEWER, lambda port: port.ledger.receipt("silver#customers", newest.sequence + 1))
    assert refused == "UnknownReceipt"
    report = ways.same(STEWARD, lambda port: {**port.ledger.verify(["customers"], silent), "ran_by": ""})
    assert (report["clean"], bool(report["checked"])) == (True, True)


@tries("people.me", "people.keys", "people.new_key", "people.rotate_key", "people.revoke_key")
def keep_keys(ways: Ways) -> None:
    people = ways.api(OPERATOR).people
    made = people.new_key("a laptop", VIEWER, 3, "Ada")
    assert (made.holder, made.key.startswith(f"mdl_trial_{made.key_id}_")) == ("Ada", True)
    rotated = people.rotate_key(made.key_id, 1)
    kept = {one.key_id: one for one in ways.same(OPERATOR, lambda port: port.people.keys())}
    assert (kept[made.key_id].successor, kept[rotated.key_id].holder) == (rotated.key_id, "Ada")
    ended = people.revoke_key(made.key_id)
    assert ended in ways.same(OPERATOR, lambda port: port.people.keys())
    assert ways.same_refusal(OPERATOR, lambda port: port.people.rotate_key(made.key_id, 1)) == "UnknownKey"
    assert ways.same(OPERATOR, lambda port: (port.people.me().tenant, port.people.me().role)) == ("trial", OPERATOR)
    assert ways.api(VIEWER).people.me().name.endswith(" (a test)")


@tries("people.audit", "people.operations", "people.operation")
def look_at_the_trail(ways: Ways) -> None:
    ways.api(OPERATOR).people.revoke_key(ways.directly.people.new_key("stray", VIEWER, None, "").key_id)
    trail = ways.same(STEWARD, lambda port: port.people.audit(20))
    assert [one.action for one in trail[:2]] == ["revoke_key", "create_key"]
    ways.directly.sources.pause("bulky", WHY)
    ways.api(ENGINEER).sources.resume("bulky", WHY)
    newest = ways.same(VIEWER, lambda port: port.people.operations(5))[0]
    told = ways.same(VIEWER, lambda port: port.people.operation(newest.operation_id))
    assert (told.kind, told.subject, told.result) == ("resume_source", "bulky", {"run_ids": []})
    assert ways.same_refusal(VIEWER, lambda port: port.people.operation("no-such-one")) == "UnknownOperation"


# --- the tests


def test_every_verb_has_its_trial() -> None:
    assert set(TRIALS) == verbs()


@pytest.mark.parametrize("trial_of", dict.fromkeys(TRIALS.values()), ids=lambda trial_of: trial_of.__name__)
def test_the_api_says_and_does_what_the_direct_way_does(ways: Ways, trial_of: Trial) -> None:
    ways.said.clear()
    trial_of(ways)
    assert {name for name, trial in TRIALS.items() if trial is trial_of} <= ways.said
