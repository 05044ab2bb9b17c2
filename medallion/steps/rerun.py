"""Rerun: a run that ended badly is done again, as its next attempt; one that was published after all is completed."""

from __future__ import annotations

from medallion.control.items import Run, RunStatus
from medallion.engines.commits import Commit
from medallion.errors import NotRepeatable
from medallion.ledger.gate import Decision
from medallion.steps.platform import Platform
from medallion.steps.promote import announce
from medallion.steps.settle import abandon, settle
from medallion.steps.ticket import Ticket
from medallion.steps.trigger import start_execution


def rerun(platform: Platform, run_id: str) -> Run:
    """Do a failed, rejected or rolled-back run again, or one whose execution ended without ending it.

    NotRepeatable for any other.
    """
    platform.control.refuse_if_frozen()
    run = platform.control.run(run_id)
    if not run.status.ended and run.execution_arn:
        status = platform.execution_status(run.execution_arn) or "gone"
        if status == "RUNNING":
            raise NotRepeatable(f"run {run_id} is {run.status} and goes on: it cannot be done again yet")
        run = abandon(platform, Ticket.of(run), RunStatus.FAILED, f"its execution is {status} and did not end it")
        if run.status is RunStatus.PROMOTED:
            return run
    if run.status not in (RunStatus.FAILED, RunStatus.REJECTED, RunStatus.ROLLED_BACK):
        raise NotRepeatable(
            f"run {run_id} is {run.status}: only a failed, rejected or rolled-back run can be done again"
        )
    published = _published(platform, run)
    if not platform.control.reopen(run):
        raise NotRepeatable(
            f"run {run_id} has just been started again by someone else; look at it with `medallion run`"
        )
    again = platform.control.run(run_id)
    if published is not None:
        attempt, snapshot = published
        ticket = Ticket.of(again).model_copy(update={"attempt": attempt})
        announce(platform, ticket, again, snapshot)
        return settle(platform, ticket, Decision.PROMOTE)
    start_execution(platform, run.kind.machine, again)
    return platform.control.run(run_id)


def _published(platform: Platform, run: Run) -> tuple[int, int] | None:
    """The attempt of the run that main holds, and its snapshot; None where it holds none."""
    table = Ticket.of(run).published_table(platform.layout)
    if not platform.lake.exists(table):
        return None
    for attempt in range(run.attempt, 0, -1):
        snapshot = platform.lake.made(table, Commit(run.run_id, attempt))
        if snapshot is not None:
            return attempt, snapshot
    if platform.lake.forgot(platform.lake.load(table), run.run_id):
        raise NotRepeatable(
            f"run {run.run_id} was published after all, longer ago than {table.qualified} remembers: its rows are there"
        )
    return None
