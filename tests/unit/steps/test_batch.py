"""Objects that wait become runs: each object in exactly one, whatever breaks off, comes twice or comes late."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from medallion.contracts.model import Batch, Lane, Trigger
from medallion.control.items import Run, RunStatus, Source
from medallion.events import EventType
from medallion.layout import Zone, source_file_id
from medallion.steps.batch import PATIENCE, Manifest
from medallion.steps.trigger import ArrivedObject, on_arrival, on_window
from tests.unit.control.waiting import LAYOUT, NOW, InMemory


class Killed(Exception):
    """The process ended here."""


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def platform() -> InMemory:
    return registered(Batch(count=120, minutes=5))


def registered(batch: Batch, load: str = "append") -> InMemory:
    platform = InMemory.at(Clock())
    source = Source(
        name="orders",
        contract_version="1.0.0",
        ruleset="r",
        trigger=Trigger.ON_ARRIVAL,
        lane=Lane.AUTO,
        approval="automatic",
        load=load,
        batch=batch,
    )
    assert platform.control.activate(source)
    return platform


def arrived(number: int, version: str = "v", *, at: timedelta = timedelta(0), sequencer: str = "") -> ArrivedObject:
    return ArrivedObject(
        key=f"orders/{number:04}.csv", version=version, size=10, arrived_at=NOW + at, sequencer=sequencer
    )


def identity(number: int) -> str:
    return source_file_id(LAYOUT.bucket(Zone.LANDING), f"orders/{number:04}.csv", "v")


def runs(platform: InMemory) -> list[Run]:
    return sorted(platform.control.runs(), key=lambda run: run.run_id)


def taken(platform: InMemory) -> list[str]:
    """The objects of all manifests of runs that were started, as often as they stand in one."""
    found = []
    for run in platform.control.runs():
        manifest = platform.documents[f"{run.run_id}/1/manifest.json"]
        assert isinstance(manifest, Manifest)
        assert run.execution_arn in platform.waiting.executions
        assert len(manifest.objects) == run.object_count
        found += [one.source_file_id for one in manifest.objects]
    return found


def told(platform: InMemory, numbers: range) -> None:
    """Each object's event comes."""
    for number in numbers:
        on_arrival(platform, arrived(number))


def mortal(platform: InMemory) -> list[int]:
    """After how many reads and writes the process dies; empty while it does not."""
    left: list[int] = []

    def tick() -> None:
        if left and left[0] == 0:
            raise Killed
        if left:
            left[0] -= 1

    platform.table.before = tick
    return left


def test_one_run_has_them_all_when_the_last_of_a_batch_arrives(platform: InMemory) -> None:
    answers = [on_arrival(platform, arrived(number)) for number in range(120)]
    assert answers[:-1] == [None] * 119
    [run] = runs(platform)
    assert (answers[-1], run.object_count, run.bytes, run.objects) == (run.run_id, 120, 1200, ())
    assert sorted(taken(platform)) == [identity(number) for number in range(120)]
    assert on_arrival(platform, arrived(7)) == run.run_id
    assert on_window(platform, "orders") == []


def test_object_is_in_one_run_when_its_event_comes_again_at_another_moment() -> None:
    platform = registered(Batch())
    told_first = on_arrival(platform, arrived(1))
    told_again = on_arrival(platform, arrived(1, at=timedelta(hours=1)))
    assert told_first == told_again
    assert taken(platform) == [identity(1)]


def test_run_starts_when_enough_bytes_wait() -> None:
    platform = registered(Batch(bytes=25))
    assert [on_arrival(platform, arrived(number)) is None for number in range(3)] == [True, True, False]
    assert runs(platform)[0].bytes == 30


def test_what_waits_runs_when_the_window_ends(platform: InMemory) -> None:
    for number in range(3):
        on_arrival(platform, arrived(number))
    assert runs(platform) == []
    [run_id] = on_window(platform, "orders")
    assert platform.control.run(run_id).object_count == 3


@pytest.mark.parametrize("dies", range(40))
def test_run_is_made_and_started_when_a_window_is_told_again_after_its_process_ended(dies: int) -> None:
    platform = registered(Batch(count=60, minutes=5))
    told(platform, range(3))
    left = mortal(platform)
    left[:] = [dies]
    with suppress(Killed):
        on_window(platform, "orders")
    left.clear()
    on_window(platform, "orders")
    assert sorted(taken(platform)) == [identity(number) for number in range(3)]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["arrival", "again", "window", "later"]), st.integers(0, 60)), max_size=30))
def test_each_object_is_in_one_run_when_processes_end_anywhere(steps: list[tuple[str, int]]) -> None:
    platform = registered(Batch(count=60, minutes=5))
    clock = platform.clock
    assert isinstance(clock, Clock)
    left = mortal(platform)
    known = 0
    for what, dies in steps:
        left[:] = [dies]
        with suppress(Killed):
            match what:
                case "arrival":
                    known += 7
                    told(platform, range(known - 7, known))
                case "again":
                    known = max(known, dies + 1)
                    on_arrival(platform, arrived(dies))
                case "window":
                    on_window(platform, "orders")
                case _:
                    clock.now += PATIENCE
    # Events come again until they are heard, and windows end.
    left.clear()
    clock.now += 2 * PATIENCE
    told(platform, range(known))
    on_window(platform, "orders")
    told(platform, range(known))
    assert sorted(taken(platform)) == [identity(number) for number in range(known)]
    assert platform.control.batches.waiting("orders", 10) == []


def test_older_state_is_refused_when_a_newer_one_ran() -> None:
    platform = registered(Batch(), "snapshot")
    second = timedelta(seconds=1)
    newer = on_arrival(platform, arrived(1, at=second))
    late = on_arrival(platform, arrived(0))
    assert platform.control.run(newer or "").status is RunStatus.PENDING
    refused = platform.control.run(late or "")
    assert (refused.status, "a newer state" in refused.reason) == (RunStatus.REFUSED, True)
    assert [kind for kind, _ in platform.told] == [EventType.OBJECT_REFUSED]
    assert on_arrival(platform, arrived(0)) == late
    assert platform.control.batches.waiting("orders", 10) == []


def test_versions_of_one_key_go_by_the_sequencer_when_their_moments_are_one() -> None:
    platform = registered(Batch(), "snapshot")
    first = on_arrival(platform, arrived(0, "b", sequencer="0055AED6DCD90281E6"))
    late = on_arrival(platform, arrived(0, "a", sequencer="0055AED6DCD90281E5"))
    assert platform.control.run(first or "").status is RunStatus.PENDING
    assert platform.control.run(late or "").status is RunStatus.REFUSED


def test_versions_of_one_key_are_runs_of_their_own_when_they_come_in_any_order() -> None:
    platform = registered(Batch())
    second = timedelta(seconds=1)
    ids = {on_arrival(platform, arrived(0, version, at=at)) for version, at in (("b", second), ("a", timedelta(0)))}
    assert len(ids) == 2
    assert {run.run_id for run in runs(platform)} == ids
