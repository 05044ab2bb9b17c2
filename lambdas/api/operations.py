"""What an answer cannot wait for: the route asks for it as an operation, and tells where to look."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

from fastapi import Depends, Header, Response
from pydantic import BaseModel, Field

from lambdas.api.caller import Caller
from medallion.control.operations import Operation, OperationStatus
from medallion.layout import API_STAGE
from medallion.steps.operations import OperationKind, ask

LONGEST = 20
"""Seconds that an answer waits at most: API Gateway gives up after 29."""
_PAUSE, _LONGEST_PAUSE = 0.2, 1.0

Reason = Annotated[str, Field(min_length=1, max_length=500, description="Why. It is recorded, with the key's name.")]


class OperationSummary(BaseModel):
    """What was asked for, and how it stands."""

    operation_id: Annotated[str, Field(examples=["20260301t120000250-0123456789ab"])]
    kind: Annotated[str, Field(description="What was asked for.", examples=[OperationKind.REPROCESS])]
    subject: Annotated[str, Field(description="A source, a table or a run.", examples=["transactions"])]
    status: OperationStatus
    run_id: Annotated[str | None, Field(description="The run that it started, if it starts one.")]
    requested_by: Annotated[str, Field(description="The key, or who signed.")]
    reason: str
    created_at: datetime
    ended_at: datetime | None


class OperationView(OperationSummary):
    """An operation with what came of it."""

    asked: Annotated[dict[str, Any], Field(description="What it was asked with.")]
    tries: Annotated[int, Field(description="How often it was begun: again, where one that did it broke off.")]
    result: Annotated[
        dict[str, Any] | None, Field(description="What came of it, as its kind says; null until it has succeeded.")
    ]
    problem: Annotated[str | None, Field(description="Why it failed, and what to do next.")]
    problem_kind: Annotated[
        str | None, Field(description="The kind of problem it failed with.", examples=["NotRepeatable"])
    ]


def _seconds(
    prefer: Annotated[
        str | None,
        Header(
            max_length=200,
            description=f"`wait=20` waits so many seconds for the operation's end, {LONGEST} at most (RFC 7240).",
            examples=["wait=20"],
        ),
    ] = None,
) -> int:
    wanted = re.search(r"(?:^|[,;\s])wait=(\d{1,4})(?:$|[,;\s])", prefer or "", re.IGNORECASE)
    return min(int(wanted[1]), LONGEST) if wanted else 0


Wait = Annotated[int, Depends(_seconds)]
"""How many seconds the caller prefers to wait for an operation's end."""

ASKED: dict[int | str, dict[str, Any]] = {
    200: {"model": OperationView, "description": "It has ended, within the time that the caller preferred to wait."},
    202: {"model": OperationView, "description": "It is asked for. `Location` says where to look how it stands."},
}
"""How a route that asks for an operation answers."""


def asked_for(
    caller: Caller,
    kind: OperationKind,
    subject: str,
    asked: Mapping[str, Any],
    reason: str,
    wait: int,
    response: Response,
) -> OperationView:
    """Ask for it in the caller's name, and tell how it stands when it has ended or the time is over."""
    operation = ask(caller.platform, kind, subject, asked, caller.person(reason))
    response.headers["Location"] = f"/{API_STAGE}/operations/{operation.operation_id}"
    operation = ended(caller, operation, wait)
    response.status_code = 200 if operation.status.ended else 202
    return view(operation)


def ended(caller: Caller, operation: Operation, seconds: int) -> Operation:
    """The operation once it has ended, or as it stands when that time is over."""
    until, pause = time.monotonic() + seconds, _PAUSE
    while not operation.status.ended and time.monotonic() + pause < until:
        time.sleep(pause)
        pause = min(pause * 1.5, _LONGEST_PAUSE)
        operation = caller.platform.control.operations.operation(operation.operation_id)
    return operation


def summary(operation: Operation) -> OperationSummary:
    return OperationSummary(**_told(operation, OperationSummary))


def view(operation: Operation) -> OperationView:
    return OperationView(**_told(operation, OperationView))


def _told(operation: Operation, kind: type[BaseModel]) -> dict[str, Any]:
    told = operation.model_dump(include=set(kind.model_fields))
    return {name: None if value == "" and name in _ABSENT else value for name, value in told.items()}


_ABSENT = ("run_id", "problem", "problem_kind")
"""What is null where there is nothing to say."""
