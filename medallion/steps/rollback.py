"""Roll back: main goes back to an earlier run's snapshot, and the runs after it are published no more.

What is to be done is written down first, and the lease is kept until all of it is done: a rollback that was
interrupted is completed by the same command, and no run begins in between.
"""

from __future__ import annotations

from datetime import timedelta

from medallion.control.items import Run, RunStatus
from medallion.control.rollbacks import Rollback, TakenBack
from medallion.engines.commits import Commit
from medallion.engines.duckdb.quarantine import take_back
from medallion.engines.model import SourceTables
from medallion.errors import NotReversible, PublishConflict, SubjectBusy
from medallion.events import EventType
from medallion.layout import TableLayout, Zone
from medallion.ledger.receipts import Decided, Entry
from medallion.steps.lease import take, wake_next
from medallion.steps.platform import Platform
from medallion.steps.promote import published
from medallion.steps.published import Latest, Published
from medallion.steps.receipt import append
from medallion.steps.ticket import Ticket

UNTIL_DONE = timedelta(days=36500)
"""The term of a rollback's lease: nobody takes it over."""


def rollback(platform: Platform, zone: Zone, subject: str, run_id: str, *, by: str, reason: str) -> Rollback:
    """Make readers of the source (Zone.SILVER) or model (Zone.GOLD) see what they saw after run `run_id`.

    The runs after it become rolled_back; they can be done again. Their records stay in Bronze and their objects are
    theirs. Asked for again, it completes what is left, or changes nothing. NotReversible if the run is not one of those
    that main holds; SubjectBusy if another run holds the lease.
    """
    control = platform.control
    control.refuse_if_frozen()
    target = control.run(run_id)
    if (target.kind.zone, target.subject) != (zone, subject):
        raise NotReversible(
            f"run {run_id} is of {target.kind.zone} {target.subject}, not of {zone} {subject}; "
            f"`medallion runs --source {subject}` lists those that are"
        )
    leased, owner = Ticket.of(target).leased, f"rollback-{run_id}"
    token = take(platform, leased, owner, UNTIL_DONE)
    if token is None:
        raise SubjectBusy(
            f"{subject} of tenant {platform.layout.tenant} cannot be rolled back now: a run, or a rollback to another "
            "run that was interrupted, holds its lease; wait for the run (`medallion runs`), or complete that rollback "
            "by its own command, then roll back again"
        )
    begun = next((one for one in control.rollbacks.of(leased) if one.ended_at is None), None)
    try:
        begun = begun or _begin(platform, target, leased, by=by, reason=reason)
        _complete(platform, target, begun)
    except (NotReversible, PublishConflict):
        _end(platform, leased, owner, begun)
        raise
    _end(platform, leased, owner, begun)
    return begun


def _begin(platform: Platform, target: Run, leased: str, *, by: str, reason: str) -> Rollback:
    """Write down what is to be taken back."""
    table = Ticket.of(target).published_table(platform.layout)
    history = platform.lake.history(table) if platform.lake.exists(table) else []
    number = next((number for number, (_, commit) in enumerate(history) if commit.run_id == target.run_id), None)
    if number is None:
        raise NotReversible(
            f"{table.qualified}: what run {target.run_id} published is not in main's history: it was never published, "
            "was rolled back itself, or is older than what the environment keeps; choose another run"
        )
    begun = Rollback(
        subject=leased,
        to_run_id=target.run_id,
        to_snapshot=str(history[number][0]),
        from_snapshot=str(platform.lake.plan(table).snapshot_id),
        runs=tuple(TakenBack(run_id=commit.run_id, attempt=commit.attempt) for _, commit in history[:number]),
        by=by,
        reason=reason,
        begun_at=platform.clock(),
    )
    if begun.runs:
        platform.control.rollbacks.begin(begun)
    return begun


def _complete(platform: Platform, target: Run, begun: Rollback) -> None:
    """Do what was written down, in this order: main and `current`, `_LATEST.json`, the quarantine log, the runs, the
    receipt, the event.
    """
    if not begun.runs:
        return
    ticket = Ticket.of(target)
    table = ticket.published_table(platform.layout)
    platform.lake.move_back(table, base=int(begun.from_snapshot), to=int(begun.to_snapshot))
    _tell(platform, table, target, int(begun.to_snapshot))
    for one in begun.runs:
        if ticket.kind.of_source:
            tables = SourceTables.of(platform.layout, ticket.subject)
            take_back(platform.lake, tables, Commit(one.run_id, one.attempt), platform.resources, by=begun.by)
        why = f"rolled back to run {begun.to_run_id} by {begun.by}: {begun.reason}"
        platform.control.rollbacks.take_back(one, platform.clock(), why)
    append(platform, ticket.leased, _receipt(begun))
    about = {"run_id": begun.to_run_id, "snapshot_id": begun.to_snapshot, "by": begun.by, "reason": begun.reason}
    if ticket.kind.of_source:
        platform.emit(EventType.SILVER_ROLLED_BACK, source=ticket.subject, **about)
    else:
        platform.emit(EventType.GOLD_ROLLED_BACK, model=ticket.subject, **about)


def _receipt(begun: Rollback) -> Entry:
    """What the ledger says of the rollback: the runs after `to_run_id` are published no more."""
    return Entry(
        run_id=f"rollback-{begun.begun_at:%Y%m%dt%H%M%S%f}",
        attempt=1,
        kind="rollback",
        status=RunStatus.ROLLED_BACK,
        at=begun.begun_at,
        reason=f"back to run {begun.to_run_id}",
        snapshots={"from": begun.from_snapshot, "to": begun.to_snapshot},
        decided=Decided(approved=True, by=begun.by, reason=begun.reason, at=begun.begun_at),
        undone=tuple(one.run_id for one in begun.runs),
    )


def _tell(platform: Platform, table: TableLayout, target: Run, snapshot: int) -> None:
    """`_LATEST.json` says what it said after the run that is current again."""
    history = platform.lake.history(table)
    earlier = next((commit.run_id for _, commit in history if commit.run_id != target.run_id), None)
    current = _success(platform, table, target.run_id) or published(platform, target, table, snapshot)
    previous = None if earlier is None else _success(platform, table, earlier)
    key = platform.layout.latest_key(table.name)
    platform.write_object(table.bucket, key, Latest(current=current, previous=previous))


def _success(platform: Platform, table: TableLayout, run_id: str) -> Published | None:
    return platform.read_object(Published, table.bucket, platform.layout.success_key(table.name, run_id))


def _end(platform: Platform, leased: str, owner: str, begun: Rollback | None) -> None:
    """The rollback is over, and the next run may go on."""
    if begun is not None and begun.runs:
        platform.control.rollbacks.end(begun, platform.clock())
    platform.control.leases.release(leased, owner)
    wake_next(platform, leased)
