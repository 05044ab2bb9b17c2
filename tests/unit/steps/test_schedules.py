"""Schedules that people set, Scheduler's entries of them, and moments that were missed; sources that wait."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from medallion.contracts import parse_contract
from medallion.control.schedules import CatchUp
from medallion.errors import InvalidSchedule, ScheduleChanged, SourceChanged
from medallion.layout import Task
from medallion.steps.schedules import DUE_AT, GRACE, Setting, schedule_of, set_schedule, upcoming
from medallion.steps.seed import register_version
from medallion.steps.sources import pause, resume, start_what_waits, state_of
from medallion.steps.sweep import sweep
from medallion.steps.trigger import ArrivedObject, on_arrival, on_schedule, on_window
from tests.unit.control.waiting import LAYOUT, NOW
from tests.unit.steps.keeping import Clock, Keeping, contract

DAY = timedelta(days=1)
NOON = Setting(cron="0 12 * * *", time_zone="Europe/Zurich")


@pytest.fixture
def platform(monkeypatch: pytest.MonkeyPatch) -> Keeping:
    """Sources `orders`, each object a run, and `nightly`, which runs by its schedule alone. It is 12:00 UTC."""
    monkeypatch.setattr("medallion.steps.trigger._listed", lambda platform, source: [])
    made = Keeping.new()
    for text in (contract("orders"), contract("nightly", trigger="schedule"), contract("batched", batchMinutes="5")):
        register_version(made, parse_contract(text, "a test's contract"), text)
    return made


def pass_by(platform: Keeping, time: timedelta) -> datetime:
    assert isinstance(platform.clock, Clock)
    return platform.clock.pass_by(time)


def put(platform: Keeping, source: str, number: int = 1) -> str | None:
    return on_arrival(
        platform, ArrivedObject(key=f"{source}/{number}.csv", version="v", size=10, arrived_at=platform.clock())
    )


def resume_now(platform: Keeping, source: str) -> list[str]:
    resume(platform, source)
    return start_what_waits(platform, source, platform.clock())


def caught_up(platform: Keeping, source: str = "nightly") -> list[str]:
    """The source's moments that the trigger was told of."""
    return [event["time"] for task, event in platform.invoked if (task, event["source"]) == (Task.TRIGGER, source)]


# --- what is set


def test_source_is_due_daily_when_nobody_set_its_schedule(platform: Keeping) -> None:
    entry = platform.entries.entries["nightly-daily"]
    assert (entry["ScheduleExpression"], entry["ScheduleExpressionTimezone"], entry["State"]) == (
        "cron(0 2 * * ? *)",
        "UTC",
        "ENABLED",
    )
    assert DUE_AT in entry["Target"]["Input"]
    assert entry["Target"]["RoleArn"] == f"arn:aws:iam::{LAYOUT.account}:role/medallion-dev-trial-schedule-eu-west-1"
    assert upcoming(schedule_of(platform, "nightly"), NOW, 2) == [
        datetime(2026, 11, 22, 2, tzinfo=UTC),
        datetime(2026, 11, 23, 2, tzinfo=UTC),
    ]


def test_entry_is_what_a_person_set_and_stays_so_when_the_folder_comes_again(platform: Keeping) -> None:
    made = set_schedule(platform, "nightly", NOON, platform.person())
    assert (made.revision, made.set_by, made.cron) == (2, "Ada", "0 12 * * *")
    text = contract("nightly", trigger="schedule")
    register_version(platform, parse_contract(text, "the folder's"), text)
    entry = platform.entries.entries["nightly-daily"]
    assert (entry["ScheduleExpression"], entry["ScheduleExpressionTimezone"]) == (
        "cron(0 12 * * ? *)",
        "Europe/Zurich",
    )
    assert schedule_of(platform, "nightly") == made


def test_entry_is_disabled_while_the_schedule_is_paused(platform: Keeping) -> None:
    paused = set_schedule(platform, "nightly", NOON.model_copy(update={"paused": True}), platform.person())
    assert platform.entries.entries["nightly-daily"]["State"] == "DISABLED"
    assert upcoming(paused, NOW, 3) == []


def test_the_first_stands_when_two_set_a_schedule(platform: Keeping) -> None:
    set_schedule(platform, "nightly", NOON.model_copy(update={"revision": 1}), platform.person())
    with pytest.raises(ScheduleChanged, match="it is revision 2"):
        set_schedule(platform, "nightly", NOON.model_copy(update={"revision": 1}), platform.person("Grace"))


def test_schedule_is_set_once_when_the_same_request_is_done_again(platform: Keeping) -> None:
    asked, person = NOON.model_copy(update={"revision": 1}), platform.person()
    made = set_schedule(platform, "nightly", asked, person)
    platform.entries.entries.clear()
    assert set_schedule(platform, "nightly", asked, person) == made
    assert platform.entries.entries["nightly-daily"]["ScheduleExpression"] == "cron(0 12 * * ? *)"


def test_the_later_stands_when_one_person_sets_two_in_one_second(platform: Keeping) -> None:
    set_schedule(platform, "nightly", NOON, platform.person())
    pass_by(platform, timedelta(milliseconds=300))
    later = set_schedule(platform, "nightly", Setting(cron="0 2 * * *"), platform.person())
    assert (later.cron, schedule_of(platform, "nightly")) == ("0 2 * * *", later)
    assert platform.entries.entries["nightly-daily"]["ScheduleExpression"] == "cron(0 2 * * ? *)"


def test_nothing_is_set_when_a_schedule_cannot_be_taken(platform: Keeping) -> None:
    before = schedule_of(platform, "nightly")
    for setting in (Setting(cron="0 0 1 * MON"), Setting(cron="0 2 * * *", time_zone="Zurich")):
        with pytest.raises(InvalidSchedule):
            set_schedule(platform, "nightly", setting, platform.person())
    assert schedule_of(platform, "nightly") == before


def test_window_goes_with_the_contract(platform: Keeping) -> None:
    assert platform.entries.entries["batched-window"]["ScheduleExpression"] == "rate(5 minutes)"
    text = contract("batched", "1.1.0")
    register_version(platform, parse_contract(text, "the next"), text)
    assert platform.entries.entries["batched-window"]["State"] == "DISABLED"
    assert "orders-window" not in platform.entries.entries


# --- what is missed


@pytest.mark.parametrize(("policy", "runs"), [(CatchUp.ONCE, 1), (CatchUp.NONE, 0)])
def test_missed_moments_are_one_run_or_none_when_nobody_was_told_of_them(
    platform: Keeping, policy: CatchUp, runs: int
) -> None:
    set_schedule(platform, "nightly", Setting(cron="0 2 * * *", catch_up=policy), platform.person())
    pass_by(platform, 3 * DAY)
    sweep(platform)
    assert caught_up(platform) == ["2026-11-24T02:00:00+00:00"] * runs
    put(platform, "nightly")
    for moment in caught_up(platform):
        assert len(on_schedule(platform, "nightly", datetime.fromisoformat(moment))) == 1
    platform.invoked.clear()
    sweep(platform)
    assert caught_up(platform) == [], "what was caught up with is dealt with"


def test_sweep_leaves_a_moment_to_the_trigger_while_that_may_come(platform: Keeping) -> None:
    due = datetime(2026, 11, 22, 2, tzinfo=UTC)
    pass_by(platform, due + GRACE / 2 - NOW)
    sweep(platform)
    assert caught_up(platform) == []
    on_schedule(platform, "nightly", due)
    pass_by(platform, GRACE)
    sweep(platform)
    assert caught_up(platform) == []
    assert caught_up(platform, "orders") == ["2026-11-22T02:00:00+00:00"], "that one's trigger never came"


def test_a_moment_told_of_late_is_left_out_when_nothing_is_caught_up_with(platform: Keeping) -> None:
    set_schedule(platform, "nightly", Setting(cron="0 2 * * *", catch_up=CatchUp.NONE), platform.person())
    put(platform, "nightly")
    pass_by(platform, DAY)
    assert on_schedule(platform, "nightly", datetime(2026, 11, 22, 2, tzinfo=UTC)) == []
    assert len(on_schedule(platform, "nightly", platform.clock())) == 1


@pytest.mark.parametrize(("policy", "runs"), [(CatchUp.ONCE, 1), (CatchUp.NONE, 0)])
def test_schedule_catches_up_when_it_goes_on_after_a_pause(platform: Keeping, policy: CatchUp, runs: int) -> None:
    daily = Setting(cron="0 2 * * *", catch_up=policy)
    set_schedule(platform, "nightly", daily.model_copy(update={"paused": True}), platform.person())
    put(platform, "nightly")
    pass_by(platform, 2 * DAY)
    sweep(platform)
    assert caught_up(platform) == []
    set_schedule(platform, "nightly", daily, platform.person())
    assert len(platform.control.runs()) == runs
    sweep(platform)
    assert caught_up(platform) == [], "it is dealt with, either way"


def test_moments_of_another_schedule_are_not_missed(platform: Keeping) -> None:
    pass_by(platform, 2 * DAY)
    put(platform, "nightly")
    set_schedule(platform, "nightly", Setting(cron="0 3 * * *"), platform.person())
    assert platform.control.runs() == []


# --- sources that wait


def test_objects_wait_while_their_source_is_paused_and_run_when_it_goes_on(platform: Keeping) -> None:
    paused = pause(platform, "orders", platform.person())
    assert paused.pause is not None
    assert (paused.pause.by, paused.pause.reason) == ("Ada", "it is needed")
    assert [put(platform, "orders", number) for number in range(3)] == [None] * 3
    assert on_schedule(platform, "orders", platform.clock()) == on_window(platform, "orders") == []
    assert state_of(platform, "orders").waiting == 3
    [run_id] = resume_now(platform, "orders")
    state = state_of(platform, "orders")
    assert state.last_run is not None
    assert (state.last_run.run_id, state.last_run.object_count, state.waiting) == (run_id, 3, 0)
    assert put(platform, "orders", 9) is not None


def test_it_is_said_when_a_source_is_paused_or_goes_on_already(platform: Keeping) -> None:
    with pytest.raises(SourceChanged, match="is not paused"):
        resume(platform, "orders")
    pause(platform, "orders", platform.person())
    with pytest.raises(SourceChanged, match="is paused already"):
        pause(platform, "orders", platform.person())


def test_scheduled_source_waits_for_its_moment_when_it_goes_on_before_it(platform: Keeping) -> None:
    pause(platform, "nightly", platform.person())
    put(platform, "nightly")
    assert resume_now(platform, "nightly") == []
    pause(platform, "nightly", platform.person())
    pass_by(platform, DAY)
    assert on_schedule(platform, "nightly", datetime(2026, 11, 22, 2, tzinfo=UTC)) == []
    sweep(platform)
    assert caught_up(platform) == []
    [run_id] = resume_now(platform, "nightly")
    assert platform.control.run(run_id).object_count == 1
