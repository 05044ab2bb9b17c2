"""Promote:
main moves to the run's one snapshot, by compare-and-swap; then the files and the event that readers go by.
"""

from __future__ import annotations

from medallion.control.items import Run, RunKind
from medallion.engines.duckdb.quarantine import publish
from medallion.engines.model import Built, SourceTables
from medallion.errors import PublishConflict, RunCancelled
from medallion.events import EventType
from medallion.layout import TableLayout
from medallion.steps.build import BUILT
from medallion.steps.lease import confirm
from medallion.steps.platform import Platform
from medallion.steps.published import Latest, Published
from medallion.steps.ticket import Ticket


def promote(platform: Platform, ticket: Ticket) -> None:
    """Publish what the gate let through. Each part is done once, whichever try does it.

    RunCancelled where a person was faster.
    """
    confirm(platform, ticket)
    run = platform.control.run(ticket.run_id)
    if not platform.control.begin_publishing(ticket.run_id, ticket.attempt):
        raise RunCancelled(f"run {ticket.run_id} was cancelled, or has ended, before it was published")
    table = ticket.published_table(platform.layout)
    snapshot = platform.lake.publish(table, ticket.commit, branch=ticket.branch, base=_base(platform, ticket, run))
    announce(platform, ticket, run, snapshot)


def announce(platform: Platform, ticket: Ticket, run: Run, snapshot: int) -> None:
    """What follows once main holds the run's snapshot: its quarantine entries stand, readers and models are told."""
    table = ticket.published_table(platform.layout)
    if ticket.kind.of_source and (ticket.kind is not RunKind.INGEST or _logged(run)):
        publish(platform.lake, SourceTables.of(platform.layout, ticket.subject), ticket.commit, platform.resources)
    _tell(platform, table, published(platform, run, table, snapshot))
    platform.lake.drop_branch(table, ticket.branch)
    about = {"run_id": ticket.run_id, "snapshot_id": str(snapshot)}
    if ticket.kind.of_source:
        platform.emit(EventType.SILVER_PROMOTED, source=ticket.subject, **about)
    else:
        platform.emit(EventType.GOLD_PROMOTED, model=ticket.subject, **about)


def _logged(run: Run) -> bool:
    """Whether anything stands in the logs that waits for the run's publication."""
    return bool("history" in run.snapshots or run.total("quarantined") or run.total("duplicates"))


def _base(platform: Platform, ticket: Ticket, run: Run) -> int:
    """The snapshot of main that the run was made on."""
    if ticket.kind.of_source:
        return int(run.snapshots["silver_base"])
    built = platform.read_document(Built, ticket.run_id, ticket.attempt, BUILT)
    if built is None:
        raise PublishConflict(f"run {ticket.run_id}: nothing was built; start it again")
    return built.base


def published(platform: Platform, run: Run, table: TableLayout, snapshot: int) -> Published:
    """The run as readers learn of it, once main holds its snapshot."""
    return Published(
        run_id=run.run_id,
        table=table.qualified,
        snapshot_id=snapshot,
        contract_version=run.contract_version,
        execution_arn=run.execution_arn,
        completed_at=platform.clock(),
        rows=run.rows or run.total("inserted") + run.total("updated"),
        outcomes=run.outcomes,
        totals=run.totals,
    )


def _tell(platform: Platform, table: TableLayout, now: Published) -> None:
    """Write `_SUCCESS`, then `_LATEST.json`, which keeps the publication before this one."""
    layout = platform.layout
    platform.write_object(table.bucket, layout.success_key(table.name, now.run_id), now)
    before = platform.read_object(Latest, table.bucket, layout.latest_key(table.name))
    if before is not None and before.current.run_id == now.run_id:
        return
    if platform.lake.history(table)[0][0] != now.snapshot_id:
        return  # a later run is published already, and has told so
    latest = Latest(current=now, previous=None if before is None else before.current)
    platform.write_object(table.bucket, layout.latest_key(table.name), latest)
