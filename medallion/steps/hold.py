"""Hold: the run gives its lease back and waits for a person, who approves or rejects it with name and reason."""

from __future__ import annotations

from medallion.control.items import Approval, Run, RunStatus
from medallion.errors import UnknownRun
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
    """Approve or reject a held run. Approval refines it again, on what is published by then.

    UnknownRun if it is not held.
    """
    run = platform.control.run(run_id)
    if run.status is not RunStatus.HELD or not run.task_token:
        raise UnknownRun(f"run {run_id} is {run.status}, not held: there is nothing to decide")
    approval = Approval(approved=approved, by=by, reason=reason, at=platform.clock())
    platform.control.note(run_id, approval=approval, attempt=run.attempt + int(approved))
    output = '{"decision": "approve"}' if approved else '{"decision": "reject"}'
    platform.states.send_task_success(taskToken=run.task_token, output=output)
    return platform.control.run(run_id)
