"""A source's breaker: what it goes by, and how a person closes it."""

from __future__ import annotations

from datetime import timedelta

from medallion.control.breakers import KEPT
from medallion.control.items import Breaker, Run, SeenRun, Source
from medallion.errors import BreakerNotOpen
from medallion.events import EventType
from medallion.layout import Zone
from medallion.ledger.gate import Recent, Seen, Tripped
from medallion.ledger.outcomes import Audit
from medallion.steps.lease import wake_next
from medallion.steps.platform import Platform

_COMPARED = 10
"""With how many runs a run's row count is compared."""


def recent(platform: Platform, source: Source, run_id: str) -> Recent:
    """What the gate saw of the source's other runs lately. What failed before the breaker was closed, or in a run that
    a person approved, does not count again.
    """
    breakers = platform.control.breakers
    breaker = breakers.of(source.name)
    since = platform.clock() - timedelta(minutes=source.guard.breaker_minutes)
    if breaker is not None and breaker.closed_at is not None:
        since = max(since, breaker.closed_at)
    lately = [one for one in breakers.seen_since(source.name, since) if one.run_id != run_id]
    published = {
        one.run_id: one.rows
        for one in breakers.latest(source.name, 3 * _COMPARED)
        if one.promoted and one.run_id != run_id
    }
    return Recent(
        seen=tuple(Seen(rows=one.rows, by_code={} if one.approved else one.by_code) for one in lately),
        rows=tuple(published.values())[:_COMPARED],
        breaker=breaker.said if breaker is not None and breaker.open else "",
    )


def note_seen(platform: Platform, run: Run, audit: Audit, *, promoted: bool, approved: bool) -> None:
    """Keep what the gate saw, for the runs to come."""
    now = platform.clock()
    seen = SeenRun(
        source=run.subject,
        run_id=run.run_id,
        attempt=run.attempt,
        at=now,
        rows=audit.totals["rows_in"],
        by_code=audit.quarantined_by_code,
        promoted=promoted,
        approved=approved,
        expires_at=int((now + KEPT).timestamp()),
    )
    platform.control.breakers.note(seen)


def trip(platform: Platform, run: Run, tripped: Tripped) -> None:
    """Stop the source, and tell a person: again where an earlier try ended before it did."""
    breaker = Breaker(source=run.subject, run_id=run.run_id, opened_at=platform.clock(), **tripped.model_dump())
    if platform.control.breakers.open(breaker) or platform.control.breakers.opened_by(run.subject, run.run_id):
        platform.emit(EventType.BREAKER_OPENED, source=run.subject, run_id=run.run_id, reason=breaker.said)


def close(platform: Platform, source: str, *, by: str, reason: str) -> Breaker:
    """Close the source's breaker: its queue goes on. BreakerNotOpen if it is not open."""
    name = platform.control.source(source).name
    breaker = platform.control.breakers.of(name)
    if breaker is None or not breaker.open:
        raise BreakerNotOpen(
            f"the breaker of source {name} of tenant {platform.layout.tenant} is not open: there is nothing to close"
        )
    if not platform.control.breakers.close(breaker, by=by, reason=reason, at=platform.clock()):
        raise BreakerNotOpen(
            f"the breaker of source {name} of tenant {platform.layout.tenant} has just been closed by someone else; "
            "look at it with `medallion breaker show`"
        )
    wake_next(platform, f"{Zone.SILVER}#{name}")
    return platform.control.breakers.of(name) or breaker
