"""Acquire, and what gives a lease back:
one writer at a time for each source and each model, the others woken in turn.
"""

from __future__ import annotations

from datetime import timedelta
from functools import partial

from medallion.control.items import Lease, Waiter
from medallion.control.leases import TERM
from medallion.layout import Zone
from medallion.steps.platform import Platform
from medallion.steps.ticket import Ticket


def acquire(platform: Platform, ticket: Ticket, task_token: str) -> None:
    """Give the run its lease, or a place in the queue; the state machine goes on when the task token is answered."""
    waiter = Waiter(subject=ticket.leased, run_id=ticket.run_id, task_token=task_token)
    platform.control.leases.wait(waiter)
    wake_next(platform, ticket.leased)


def confirm(platform: Platform, ticket: Ticket) -> None:
    """Renew the run's lease; LeaseLost if another run took over. To be asked before each write that others see."""
    platform.control.leases.confirm(ticket.leased, ticket.run_id, ticket.lease or 0, platform.clock())


def take(platform: Platform, subject: str, owner: str, term: timedelta = TERM) -> int | None:
    """The fencing token if `owner`, who is no run and does not queue, holds the lease from now on."""
    return platform.control.leases.acquire(subject, owner, platform.clock(), term, partial(is_over, platform))


def hand_over(platform: Platform, ticket: Ticket) -> None:
    """Give the run's lease back, and wake the run that is next."""
    platform.control.leases.release(ticket.leased, ticket.run_id, ticket.lease)
    wake_next(platform, ticket.leased)


def wake_next(platform: Platform, subject: str) -> None:
    """Give the lease to the first run in the queue, unless another run holds it.

    A holder whose task token nobody answered yet, since the process that should have ended first, is answered here. One
    that has ended gives the lease on.
    """
    while (granted := _granted(platform, subject)) is not None:
        if _answer(platform, granted):
            return


def is_over(platform: Platform, owner: str) -> bool:
    """Whether the run works no more: it has ended, or its execution has. What is no run is over when its lease is."""
    run = platform.control.find_run(owner)
    if run is None or run.status.ended:
        return True
    return bool(run.execution_arn) and platform.execution_status(run.execution_arn) != "RUNNING"


def _granted(platform: Platform, subject: str) -> Lease | None:
    """The lease whose holder is to be told now; None if there is none to tell."""
    leases = platform.control.leases
    while True:
        held = leases.held(subject)
        if held is not None and held.unanswered:
            return held
        waiters = leases.waiters(subject)
        if not waiters or _stopped(platform, subject):
            return None
        # A holder that waits again lost its answer: nobody else can have the lease before it.
        first = next((one for one in waiters if held is not None and one.run_id == held.owner), waiters[0])
        if not leases.grant(first, platform.clock(), partial(is_over, platform)) and leases.held(subject) == held:
            return None


def _stopped(platform: Platform, subject: str) -> bool:
    """Whether the subject is a source whose breaker is open: its runs wait until a person closes it."""
    zone, _, source = subject.partition("#")
    return zone == Zone.SILVER and platform.control.breakers.is_open(source)


def _answer(platform: Platform, granted: Lease) -> bool:
    """Tell the holder. False if it has ended, and the lease is free again.

    A task that is gone may have been answered by another process: its run then goes on, or waits anew.
    """
    gone, run_id, task_token = platform.states.exceptions, granted.owner or "", granted.unanswered or ""
    platform.control.begin(run_id)
    try:
        platform.states.send_task_success(taskToken=task_token, output=f'{{"lease": {granted.token}}}')
    except (gone.TaskTimedOut, gone.TaskDoesNotExist, gone.InvalidToken):
        if is_over(platform, run_id):
            platform.control.leases.release(granted.subject, run_id, granted.token)
            return False
    platform.control.leases.answered(granted.subject, task_token)
    return True
