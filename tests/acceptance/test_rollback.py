"""Rolling back: what readers see goes back whole, what was taken back is told, and can be done again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import count
from threading import Event
from typing import Any

import pytest
from pyiceberg.table.refs import MAIN_BRANCH

from medallion.control.items import Run, RunStatus
from medallion.engines.commits import head
from medallion.errors import NotReversible, SubjectBusy
from medallion.layout import CURRENT, Zone
from medallion.steps import rollback as step
from medallion.steps.rollback import rollback
from tests.integration.pipeline.deployed import Deployed, eventually

SOURCE = "orders"
_numbers = count(50_000, 100)


class Interrupted(Exception):
    """The process dies here."""


def ingest(trial: Deployed, bad: int = 0) -> Run:
    """A promoted run of fifty good records, and some bad ones."""
    first = next(_numbers)
    rows = [f"{number},1,2.50," for number in range(first, first + 50)]
    rows += [f"{first + 50 + number},99,1.00," for number in range(bad)]
    run = trial.ingest(SOURCE, "\n".join(["id,customer,amount,note", *rows, ""]), f"{first}.csv")
    assert run.status is RunStatus.PROMOTED
    return run


def back(trial: Deployed, to: Run, reason: str = "wrong prices") -> list[str]:
    """Roll back to the run; the ids of those that were taken back."""
    done = rollback(trial.platform, Zone.SILVER, SOURCE, to.run_id, by="Ada", reason=reason)
    return [one.run_id for one in done.runs]


def told(trial: Deployed) -> tuple[Any, ...]:
    """What readers go by: main, `current`, and what _LATEST.json says of them."""
    table = trial.platform.lake.load(trial.layout.silver(SOURCE))
    key = trial.layout.latest_key(SOURCE)
    body = trial.client("s3").get_object(Bucket=trial.layout.bucket(Zone.SILVER), Key=key)["Body"].read()
    latest = json.loads(body)
    heads = [found and found.snapshot_id for found in (head(table, MAIN_BRANCH), head(table, CURRENT))]
    return (*heads, latest["current"]["run_id"], latest["previous"] and latest["previous"]["run_id"])


def newest_receipt(trial: Deployed) -> dict[str, Any]:
    chain = f"silver#{SOURCE}"
    link = trial.control.newest_receipt(chain)
    assert link
    key = trial.layout.receipt_key(chain, link.sequence)
    body = trial.client("s3").get_object(Bucket=trial.layout.bucket(Zone.LEDGER), Key=key)["Body"].read()
    found: dict[str, Any] = json.loads(body)
    return found


def silver(trial: Deployed) -> list[tuple[str | None, ...]]:
    """Silver, but for which attempt of a run wrote a row."""
    return trial.query("SELECT source_file_id, source_row, row_hash, id, amount FROM {silver}.orders ORDER BY 1, 2")


def standing(trial: Deployed, run: Run) -> list[tuple[str | None, ...]]:
    """What the quarantine log says of the run as a whole, attempt by attempt."""
    return trial.query(
        "SELECT attempt, event FROM {quarantine}.orders "
        f"WHERE run_id = '{run.run_id}' AND event IN ('promoted', 'withdrawn') ORDER BY event_time"
    )


def test_readers_see_the_earlier_state_when_runs_are_rolled_back(trial: Deployed) -> None:
    ingest(trial)
    kept = ingest(trial)
    before, rows = told(trial), silver(trial)
    first, second = ingest(trial, bad=1), ingest(trial)
    assert told(trial)[2:] == (second.run_id, first.run_id)
    assert back(trial, kept) == [second.run_id, first.run_id]
    assert (told(trial), silver(trial)) == (before, rows)
    for run in (first, second):
        now = trial.control.run(run.run_id)
        assert now.status is RunStatus.ROLLED_BACK
        assert now.reason == f"rolled back to run {kept.run_id} by Ada: wrong prices"
        assert trial.count("{bronze}.orders", f"run_id = '{run.run_id}'") == run.total("rows_in")
    assert standing(trial, first) == [("1", "promoted"), ("1", "withdrawn")]
    assert back(trial, kept) == [], "the same again changes nothing"
    assert told(trial) == before
    assert trial.alerts("wrong prices")
    receipt = newest_receipt(trial)
    assert (receipt["kind"], receipt["decided"]["by"], receipt["decided"]["reason"]) == (
        "rollback",
        "Ada",
        "wrong prices",
    )
    assert receipt["undone"] == [second.run_id, first.run_id]


def test_silver_is_as_it_was_when_rolled_back_runs_are_done_again(trial: Deployed) -> None:
    kept = ingest(trial)
    runs = [ingest(trial, bad=1), ingest(trial)]
    rows = silver(trial)
    bronze = trial.count("{bronze}.orders")
    back(trial, kept)
    again = [trial.rerun(trial.control.run(run.run_id)) for run in runs]
    assert [(run.status, run.attempt) for run in again] == [(RunStatus.PROMOTED, 2)] * 2
    assert [run.outcomes for run in again] == [run.outcomes for run in runs]
    assert (silver(trial), trial.count("{bronze}.orders")) == (rows, bronze)
    assert standing(trial, runs[0])[-1] == ("2", "promoted")
    assert told(trial)[2:] == (runs[1].run_id, runs[0].run_id)


def test_objects_stay_their_runs_own_when_it_is_rolled_back(trial: Deployed) -> None:
    kept = ingest(trial)
    run = ingest(trial)
    back(trial, kept)
    [identity] = run.objects
    claim = trial.control.claim_of(SOURCE, identity)
    assert claim
    assert claim.run_id == run.run_id
    assert [one.run_id for one in trial.runs_of(identity)] == [run.run_id]


@pytest.mark.parametrize("point", ["_tell", "take_back", "append", "_end"])
def test_same_command_completes_it_when_a_rollback_is_interrupted(
    trial: Deployed, point: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = ingest(trial)
    before, rows = told(trial), silver(trial)
    runs = [ingest(trial, bad=1), ingest(trial)]

    def die(*_: object, **__: object) -> None:
        raise Interrupted

    with monkeypatch.context() as patch:
        patch.setattr(step, point, die)
        with pytest.raises(Interrupted):
            back(trial, kept)
    with pytest.raises(SubjectBusy, match="interrupted"):
        back(trial, runs[0])
    waiting = trial.put(SOURCE, "id,customer,amount,note\n1,1,2.50,\n", f"{next(_numbers)}.csv")
    assert back(trial, kept) == [runs[1].run_id, runs[0].run_id]
    assert {trial.control.run(run.run_id).status for run in runs} == {RunStatus.ROLLED_BACK}
    assert standing(trial, runs[0]) == [("1", "promoted"), ("1", "withdrawn")]
    assert trial.settled(waiting).status is RunStatus.PROMOTED, "the run that waited goes on"
    assert silver(trial)[: len(rows)] == rows
    assert told(trial)[3] == before[2]


def test_nothing_moves_when_a_run_cannot_be_rolled_back_to(trial: Deployed) -> None:
    kept = ingest(trial)
    run = ingest(trial)
    back(trial, kept)
    before = told(trial)
    with pytest.raises(NotReversible, match="not in main's history"):
        back(trial, run)
    with pytest.raises(NotReversible, match="not of gold spend"):
        rollback(trial.platform, Zone.GOLD, "spend", kept.run_id, by="Ada", reason="x")
    leases, owner = trial.control.leases, "somebody"
    eventually(lambda: leases.acquire(f"silver#{SOURCE}", owner, trial.platform.clock()))
    try:
        with pytest.raises(SubjectBusy, match="holds its lease"):
            back(trial, kept)
    finally:
        leases.release(f"silver#{SOURCE}", owner)
    assert told(trial) == before
    assert ingest(trial).status is RunStatus.PROMOTED, "no lease is left behind"


def test_readers_see_whole_states_only_when_runs_are_published_and_rolled_back(trial: Deployed) -> None:
    kept = ingest(trial)
    with watched(trial) as seen:
        ingest(trial)
        ingest(trial)
        back(trial, kept)
        ingest(trial)
    assert all(main == current for main, current, _ in seen)
    assert {rows - seen[0][2] for *_, rows in seen} <= {0, 50, 100}
    assert len({main for main, *_ in seen}) >= 3, "the readers were there when it changed"


@contextmanager
def watched(trial: Deployed) -> Iterator[list[tuple[int, int, int]]]:
    """Main, `current` and the number of rows, as a reader finds them again and again meanwhile."""
    stop, seen = Event(), list[tuple[int, int, int]]()
    lake, layout = trial.platform.lake, trial.layout.silver(SOURCE)

    def look() -> None:
        while not stop.wait(0.1):
            table = lake.load(layout)
            found = [head(table, name) for name in (MAIN_BRANCH, CURRENT)]
            rows = sum(task.file.record_count for task in table.scan().plan_files())
            seen.append((*(one.snapshot_id if one else 0 for one in found), rows))  # type: ignore[arg-type]  # as many snapshots as the tuple has

    with ThreadPoolExecutor(1) as pool:
        looking = pool.submit(look)
        try:
            yield seen
        finally:
            stop.set()
            looking.result()


def test_what_readers_go_by_stays_when_a_run_is_held_rejected_or_fails(trial: Deployed) -> None:
    def seen(source: str) -> tuple[Any, ...]:
        table = trial.platform.lake.load(trial.layout.silver(source))
        listed = trial.client("s3").list_objects_v2(Bucket=trial.layout.bucket(Zone.SILVER), Prefix=f"{source}/_")
        files = [(one["Key"], one["ETag"], one["LastModified"]) for one in listed.get("Contents", [])]
        heads = [found and found.snapshot_id for found in (head(table, MAIN_BRANCH), head(table, CURRENT))]
        return heads, files

    for source, ending in (("reviewed", RunStatus.REJECTED), ("bulky", RunStatus.FAILED)):
        before = seen(source)
        assert before[0][0] == before[0][1] is not None
        run = trial.ingest(source, f"id\n{next(_numbers)}\n", "not-published.csv")
        if ending is RunStatus.REJECTED:
            assert run.status is RunStatus.HELD
            assert seen(source) == before
            run = trial.decide(run, approved=False)
        assert run.status is ending
        assert seen(source) == before


def test_model_goes_back_alone_when_its_gold_is_rolled_back(trial: Deployed) -> None:
    builds = []
    for _ in range(2):
        ingest(trial)
        trial.models_rest()
        builds.append(trial.platform.lake.history(trial.layout.gold("spend"))[0])
    (snapshot, earlier), (_, later) = builds
    assert earlier != later
    done = rollback(trial.platform, Zone.GOLD, "spend", earlier.run_id, by="Ada", reason="a wrong model")
    assert [one.run_id for one in done.runs][-1] == later.run_id
    assert trial.platform.lake.history(trial.layout.gold("spend"))[0] == (snapshot, earlier)
    assert trial.control.run(later.run_id).status is RunStatus.ROLLED_BACK
    trial.models_rest()
