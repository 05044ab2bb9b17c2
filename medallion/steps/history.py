"""How long a run's steps took, by Step Functions' own history."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import boto3


def step_seconds(session: boto3.Session, execution_arn: str) -> dict[str, float]:
    """Seconds in each state of the execution, in the order in which they began; a state entered twice counts twice.

    Empty where Step Functions holds no such history: it keeps 90 days.
    """
    if not execution_arn:
        return {}
    states = session.client("stepfunctions")
    events: list[Any] = []
    try:
        for page in states.get_paginator("get_execution_history").paginate(executionArn=execution_arn):
            events += page["events"]
    except states.exceptions.ExecutionDoesNotExist:
        return {}
    return seconds_by_state(events)


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
