"""Hold: the run gives its lease back and waits for a person, who approves or rejects it with name and reason."""

from __future__ import annotations

from datetime import timedelta

from medallion.control.items import Approval, Run, RunStatus
from medallion.errors import NotHeld
from medallion.events import EventType
from medallion.steps.lease import hand_over
from medallion.steps.platform import Platform
from medallion.steps.ticket import Ticket


def hold(platform: Platform, ticket: Ticket, task_token: str) -> None:
    """Note why the run waits and how it is answered, let others go on, and tell a person."""
    platform.control.note(ticket.run_id, status=RunStatus.HELD, task_token=task_token, approval=None)
    run = platform.control.run(ticket.run_id)
    hand_over(platform, ticket)
    platform.emit(EventType.RUN_HELD, source=ticket.subject, run_id=ticket.run_id, reason=run.reason)


def decide(platform: Platform, run_id: str, *, approved: bool, by: str, reason: str) -> Run:
    """Approve or reject a held run, once. Approval refines it again, on what is published by then.

    NotHeld if it is not, or is not any more.
    """
    run = platform.control.run(run_id)
    if run.status is not RunStatus.HELD or not run.task_token:
        raise NotHeld(f"run {run_id} is {run.status}, not held: there is nothing to decide")
    approval = Approval(approved=approved, by=by, reason=reason, at=platform.clock(), digest=run.digest)
    if not platform.control.decide(run, approval):
        raise NotHeld(f"run {run_id} has just been decided by someone else; look at it with `medallion run`")
    if approved and run.kind.of_source:
        source = platform.control.source(run.subject)
        since = platform.clock() - timedelta(minutes=source.guard.breaker_minutes)
        platform.control.breakers.forgive(run.subject, run_id, since)
    output = '{"decision": "approve"}' if approved else '{"decision": "reject"}'
    gone = platform.states.exceptions
    try:
        platform.states.send_task_success(taskToken=run.task_token, output=output)
    except (gone.TaskTimedOut, gone.TaskDoesNotExist, gone.InvalidToken) as ended:
        raise NotHeld(
            f"run {run_id} waits no longer: its execution has ended; do it again with `medallion rerun`"
        ) from ended
    return platform.control.run(run_id)
