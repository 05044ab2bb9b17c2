"""Sweep: what broke off without anybody to notice is started, ended or handed on. It needs no person."""

from __future__ import annotations

from medallion.contracts.model import Frozen
from medallion.control.items import Run, RunStatus
from medallion.layout import Task, Zone, execution
from medallion.steps.batch import PATIENCE, resume, start_execution
from medallion.steps.failure import Failure
from medallion.steps.lease import is_over, wake_next
from medallion.steps.operations import take_up
from medallion.steps.platform import Platform
from medallion.steps.schedules import remind
from medallion.steps.ticket import Ticket


class Swept(Frozen):
    """What a sweep did: runs that it started, those that it had ended, and operations that it had begun again."""

    started: tuple[str, ...]
    ended: tuple[str, ...]
    operations: tuple[str, ...]


def sweep(platform: Platform) -> Swept:
    """Look after every run and operation that has not ended, every batch that is gathered, and every lease.

    A run that was never started is started; one whose execution is over is ended as failed, or completed where it is
    published already. A batch that was left is gathered to its end. A lease of a run that is over goes on, and a holder
    that was not told is told. An operation that nobody works on is begun again. A schedule whose moment nobody dealt
    with is caught up with. A paused source waits on.
    """
    control = platform.control
    control.refuse_if_frozen()
    found = {run.run_id: _look_after(platform, run) for run in map(control.find_run, control.open_runs()) if run}
    for source in control.sources():
        batch = control.batches.gathering(source.name)
        if batch is not None and source.pause is None:
            resume(platform, batch.run_id, source)
        _move(platform, f"{Zone.SILVER}#{source.name}")
    for model in control.models():
        _move(platform, f"{Zone.GOLD}#{model.name}")
    for schedule in control.schedules.all():
        remind(platform, schedule)
    return Swept(
        started=tuple(run_id for run_id, did in found.items() if did is RunStatus.RUNNING),
        ended=tuple(run_id for run_id, did in found.items() if did is RunStatus.FAILED),
        operations=take_up(platform),
    )


def _look_after(platform: Platform, run: Run) -> RunStatus | None:
    """What was made of the run; None where it goes on by itself."""
    machine = run.kind.machine
    arn = run.execution_arn
    if run.status is RunStatus.PENDING:
        arn = platform.layout.execution_arn(machine, execution(run.run_id, run.attempt))
    status = platform.execution_status(arn)
    if status == "RUNNING" or (status is None and run.created_at + PATIENCE > platform.clock()):
        return None
    if status is None and run.status is RunStatus.PENDING:
        start_execution(platform, machine, run)
        return RunStatus.RUNNING
    over = f"it is {status or 'gone'} and did not end the run; do it again with `medallion rerun`"
    failure = Failure(status=RunStatus.FAILED, error="Execution", cause=over)
    platform.invoke(
        Task.FAIL, {"run": Ticket.of(run).model_dump(mode="json"), "failure": failure.model_dump(mode="json")}
    )
    return RunStatus.FAILED


def _move(platform: Platform, subject: str) -> None:
    """Take the lease from a run that is over, whatever its term, and move the queue."""
    leases = platform.control.leases
    held = leases.held(subject)
    owner = None if held is None or held.owner is None else platform.control.find_run(held.owner)
    if held is not None and owner is not None and is_over(platform, owner.run_id):
        leases.release(subject, owner.run_id, held.token)
    wake_next(platform, subject)
