"""Objects of a source with a batch: they wait, and become one run."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from medallion.control.items import RunStatus
from medallion.layout import Task
from medallion.steps.gate import OUTCOMES, Outcomes
from tests.integration.pipeline.deployed import Deployed, eventually


def large(first: int) -> str:
    """An object of more than half of the bytes at which a batch of the source is due."""
    return "id\n" + "".join(f"{number}\n" for number in range(first, first + 2500))


@contextmanager
def silence(trial: Deployed) -> Iterator[None]:
    """No arrival is told of."""
    events = trial.client("events")
    rules = events.list_rules()["Rules"]
    rule = next(one["Name"] for one in rules if "Object Created" in one.get("EventPattern", ""))
    events.disable_rule(Name=rule)
    try:
        yield
    finally:
        events.enable_rule(Name=rule)


def test_a_thousand_objects_are_one_run_when_the_window_ends(trial: Deployed) -> None:
    def put(number: int) -> str:
        return trial.put("batched", f"id\n{number}\n{'x' if number == 7 else number + 5000}\n", f"{number}.csv")

    with silence(trial), ThreadPoolExecutor(4) as pool:
        identities = list(pool.map(put, range(1000)))
    [run_id] = trial.invoke(Task.TRIGGER, {"source": "batched", "scheduled": True})
    run = eventually(lambda: found if (found := trial.control.run(run_id)).status.ended else None, 300)
    assert (run.status, run.object_count, run.objects, run.outcomes) == (RunStatus.PROMOTED, 1000, (), ())
    assert (run.total("rows_in"), run.total("inserted"), run.total("quarantined")) == (2000, 1999, 1)
    kept = trial.platform.read_document(Outcomes, run_id, run.attempt, OUTCOMES)
    assert kept is not None
    assert {one.source_file_id for one in kept.objects} == set(identities)
    assert all(one.balanced and one.rows_in == 2 for one in kept.objects)
    assert trial.count("{silver}.batched", f"run_id = '{run_id}'") == 1999
    assert trial.invoke(Task.TRIGGER, {"source": "batched", "scheduled": True}) == []


def test_batch_runs_when_its_bytes_have_arrived(trial: Deployed) -> None:
    first = trial.put("batched", large(100_000), "first-half.csv")
    assert eventually(lambda: trial.control.claim_of("batched", first)).run_id is None
    run = trial.settled(trial.put("batched", large(200_000), "second-half.csv"))
    assert (run.object_count, run.bytes) == (2, 2 * len(large(100_000)))
    assert first in run.objects


def test_window_is_a_schedule_when_the_contract_names_its_minutes(trial: Deployed) -> None:
    group = trial.layout.schedule_group
    window = trial.client("scheduler").get_schedule(Name=trial.layout.window("batched"), GroupName=group)
    assert (window["ScheduleExpression"], window["State"]) == ("rate(60 minutes)", "ENABLED")
    waiting = trial.put("batched", "id\n90001\n", "in-the-window.csv")
    assert eventually(lambda: trial.control.claim_of("batched", waiting)).run_id is None
    [run_id] = trial.invoke(Task.TRIGGER, {"source": "batched", "window": True})
    assert trial.settled(waiting).run_id == run_id
