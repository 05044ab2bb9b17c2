"""Seconds per step, from Step Functions' history."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from medallion.steps.history import current_state, seconds_by_state

BEGAN = datetime(2026, 1, 1, tzinfo=UTC)


def event(seconds: float, kind: str, name: str) -> dict[str, Any]:
    return {"timestamp": BEGAN + timedelta(seconds=seconds), f"state{kind}EventDetails": {"name": name}}


def test_seconds_add_up_when_a_state_is_entered_twice() -> None:
    events = [
        event(0, "Entered", "Refine"),
        {"timestamp": BEGAN, "taskScheduledEventDetails": {}},
        event(2.5, "Exited", "Refine"),
        event(2.5, "Entered", "Hold"),
        event(60, "Exited", "Hold"),
        event(60, "Entered", "Refine"),
        event(61, "Exited", "Refine"),
    ]
    assert seconds_by_state(events) == {"Refine": 3.5, "Hold": 57.5}


def test_state_is_left_out_when_it_was_never_left() -> None:
    assert seconds_by_state(
        [event(0, "Entered", "Refine"), event(1, "Exited", "Refine"), event(1, "Entered", "Gate")]
    ) == {"Refine": 1.0}


def test_state_is_the_current_one_when_it_was_not_left() -> None:
    going_on = [event(0, "Entered", "Refine"), event(1, "Exited", "Refine"), event(1, "Entered", "Gate")]
    assert current_state(going_on) == "Gate"
    assert current_state(going_on[:2]) == ""
    ended = [*going_on, {"timestamp": BEGAN, "type": "ExecutionAborted"}]
    assert current_state(ended) == ""
    assert current_state([]) == ""
