"""Cancel: a run that a person no longer wants is stopped, and ends without publishing."""

from __future__ import annotations

from medallion.control.items import Cancellation, Run, RunStatus
from medallion.errors import NotCancellable
from medallion.layout import execution
from medallion.people import Person
from medallion.steps.platform import Platform
from medallion.steps.settle import abandon
from medallion.steps.ticket import Ticket


def cancel(platform: Platform, run_id: str, person: Person) -> Run:
    """Stop the run, and take back what it has not published. It can be done again, as any that failed.

    Whether it is cancelled or published is decided by one condition on its item. Asked for again, it completes what is
    left, or changes nothing. NotCancellable where the run has ended, or is being published.
    """
    control = platform.control
    run = control.run(run_id)
    if run.cancelled is not None and run.status.ended:
        return run
    said = run.cancelled or Cancellation(by=person.by, reason=person.reason, at=person.at)
    if run.cancelled is None and (run.status.ended or not control.cancel(run, said)):
        raise NotCancellable(_why_not(control.run(run_id)))
    ticket = Ticket.of(run)
    _stop(platform, run)
    # A function that is still at work may commit no more: it asks for its lease before each commit.
    control.leases.release(ticket.leased, run_id)
    control.leases.leave(ticket.leased, run_id)
    return abandon(platform, ticket, RunStatus.FAILED, said.said)


def _stop(platform: Platform, run: Run) -> None:
    """End the run's execution, and with it the job that it may wait for."""
    named = platform.layout.execution_arn(run.kind.machine, execution(run.run_id, run.attempt))
    states = platform.states
    try:
        states.stop_execution(executionArn=run.execution_arn or named, error="Cancelled", cause="at a person's word")
    except states.exceptions.ExecutionDoesNotExist:
        return


def _why_not(run: Run) -> str:
    if run.status is RunStatus.PROMOTED:
        return f"run {run.run_id} is published: it can be rolled back, not cancelled"
    if run.status.ended:
        return f"run {run.run_id} has ended ({run.status}): there is nothing to cancel"
    if run.publishing == run.attempt:
        return f"run {run.run_id} is being published at this moment, and is left to it; roll its table back afterwards"
    return f"run {run.run_id} has just gone on, or was cancelled by someone else; look at it, and ask again"
