"""Settle: the run's receipt is written, its record ends, and its lease goes to the next run.

Abandon: a run that ends without publishing.
"""

from __future__ import annotations

from collections.abc import Sequence

from medallion.control.items import Run, RunStatus
from medallion.engines.duckdb.quarantine import withdraw
from medallion.engines.model import SourceTables
from medallion.events import EventType
from medallion.ledger.gate import Decision
from medallion.steps.lease import hand_over
from medallion.steps.platform import Platform
from medallion.steps.promote import announce
from medallion.steps.receipt import write_receipt
from medallion.steps.ticket import Ticket


def settle(platform: Platform, ticket: Ticket, decision: Decision) -> Run:
    """End a run that was published, or had nothing to publish, and let the next one go on."""
    since = platform.clock()
    status = RunStatus.UNCHANGED if decision is Decision.SKIP else RunStatus.PROMOTED
    status = write_receipt(platform, ticket, status)
    platform.control.end(ticket.run_id, status, platform.clock(), mb_seconds=platform.mb_seconds(since))
    hand_over(platform, ticket)
    return platform.control.run(ticket.run_id)


def abandon(platform: Platform, ticket: Ticket, status: RunStatus, reason: str, log: Sequence[str] = ()) -> Run:
    """End a run that failed or was rejected: its branch goes, its quarantine entries are withdrawn, its records stay
    in Bronze. `log` are the last lines of the job that failed.

    What a reader sees is as it was before the run. A run whose snapshot is published already is not taken back but
    completed.
    """
    since, run = platform.clock(), platform.control.run(ticket.run_id)
    if run.status.ended:
        hand_over(platform, ticket)
        return run
    if log:
        platform.control.note(ticket.run_id, job_log=tuple(log))
    if not ticket.kind.of_source:
        platform.control.begin_build(ticket.subject, ticket.run_id)
    target = ticket.published_table(platform.layout)
    snapshot = platform.lake.made(target, ticket.commit) if platform.lake.exists(target) else None
    if snapshot is not None:
        announce(platform, ticket, run, snapshot)
        platform.control.note(
            ticket.run_id, warnings=(f"completed after a failure that followed publication: {reason}",)
        )
        return settle(platform, ticket, Decision.PROMOTE)
    if ticket.kind.of_source:
        attempts = range(1, ticket.attempt + 1)
        tables = SourceTables.of(platform.layout, ticket.subject)
        # What a cancelled run's job or function still writes while it is stopped is taken back beforehand.
        late = run.cancelled is not None
        withdraw(platform.lake, tables, ticket.run_id, attempts, ticket.branch, platform.resources, late=late)
    elif platform.lake.exists(target):
        platform.lake.drop_branch(target, ticket.branch)
    kind = EventType.RUN_REJECTED if status is RunStatus.REJECTED else EventType.RUN_FAILED
    named = "source" if ticket.kind.of_source else "model"
    platform.emit(kind, **{named: ticket.subject}, run_id=ticket.run_id, reason=reason)
    status = write_receipt(platform, ticket, status, reason)
    took = platform.mb_seconds(since)
    platform.control.end(ticket.run_id, status, platform.clock(), mb_seconds=took, reason=reason)
    hand_over(platform, ticket)
    return platform.control.run(ticket.run_id)
