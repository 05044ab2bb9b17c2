"""Acquire, and what gives a lease back:
one writer at a time for each source and each model, the others woken in turn.
"""

from __future__ import annotations

from medallion.control.items import RunStatus, Waiter
from medallion.steps.platform import Platform
from medallion.steps.ticket import Ticket


def acquire(platform: Platform, ticket: Ticket, task_token: str) -> None:
    """Give the run its lease, or a place in the queue; the state machine goes on when the task token is answered."""
    waiter = Waiter(subject=ticket.leased, run_id=ticket.run_id, task_token=task_token)
    platform.control.leases.wait(waiter)
    wake_next(platform, ticket.leased)


def hand_over(platform: Platform, ticket: Ticket) -> None:
    """Give the run's lease back, and wake the run that is next."""
    platform.control.leases.stop_waiting(ticket.leased, ticket.run_id)
    platform.control.leases.release(ticket.leased, ticket.run_id)
    wake_next(platform, ticket.leased)


def wake_next(platform: Platform, subject: str) -> None:
    """Give the lease to the first run in the queue, unless another run holds it.

    Whoever takes the waiter out of the queue answers its token, so that it is woken once. One whose task has ended
    gives the lease on.
    """
    leases = platform.control.leases
    for waiter in leases.waiters(subject):
        token = leases.acquire(subject, waiter.run_id, platform.clock())
        if token is None:
            return
        if not leases.stop_waiting(subject, waiter.run_id):
            return
        platform.control.note(waiter.run_id, status=RunStatus.RUNNING)
        if _answer(platform, waiter, token):
            return
        leases.release(subject, waiter.run_id)


def _answer(platform: Platform, waiter: Waiter, token: int) -> bool:
    gone = platform.states.exceptions
    try:
        platform.states.send_task_success(taskToken=waiter.task_token, output=f'{{"lease": {token}}}')
    except (gone.TaskTimedOut, gone.TaskDoesNotExist, gone.InvalidToken):
        return False
    return True
