"""How long a run's steps took, by Step Functions' own history."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

import boto3


class Steps(NamedTuple):
    """Seconds in each state that was left, in the order in which they began, a state entered twice counted twice; and
    the state that the execution is in, or nothing.
    """

    seconds: dict[str, float]
    current: str


def step_seconds(session: boto3.Session, execution_arn: str) -> dict[str, float]:
    """The seconds of `steps_of`."""
    return steps_of(session, execution_arn).seconds


def steps_of(session: boto3.Session, execution_arn: str) -> Steps:
    """How far the execution is. Empty where Step Functions holds no such history: it keeps 90 days."""
    if not execution_arn:
        return Steps({}, "")
    states = session.client("stepfunctions")
    events: list[Any] = []
    try:
        for page in states.get_paginator("get_execution_history").paginate(executionArn=execution_arn):
            events += page["events"]
    except states.exceptions.ExecutionDoesNotExist:
        return Steps({}, "")
    return Steps(seconds_by_state(events), current_state(events))


def current_state(events: list[Any]) -> str:
    """The state that was entered last and not left; nothing where the execution has ended, or is between two."""
    for event in reversed(events):
        if event.get("type", "").startswith("Execution") or "stateExitedEventDetails" in event:
            return ""
        if "stateEnteredEventDetails" in event:
            return str(event["stateEnteredEventDetails"]["name"])
    return ""


def seconds_by_state(events: list[Any]) -> dict[str, float]:
    """The time between a state's entered and exited events; a state that was never left is not in it."""
    entered: dict[str, datetime] = {}
    seconds: dict[str, float] = {}
    for event in events:
        if "stateEnteredEventDetails" in event:
            entered[event["stateEnteredEventDetails"]["name"]] = event["timestamp"]
            seconds.setdefault(event["stateEnteredEventDetails"]["name"], 0.0)
        elif "stateExitedEventDetails" in event:
            name = event["stateExitedEventDetails"]["name"]
            seconds[name] += (event["timestamp"] - entered.pop(name)).total_seconds()
    return {name: round(spent, 3) for name, spent in seconds.items() if name not in entered}
