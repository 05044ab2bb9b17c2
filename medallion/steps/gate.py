"""Gate: what the run committed is counted again and judged."""

from __future__ import annotations

from medallion.contracts.model import Frozen
from medallion.control.items import INLINE, Run
from medallion.engines.duckdb.audit import audit
from medallion.engines.model import Built, SourceTables
from medallion.errors import UnreadableObject
from medallion.ledger.gate import Decision, Judgement, judge_build, judge_run
from medallion.ledger.outcomes import ObjectOutcomes
from medallion.steps.breaker import note_seen, recent, trip
from medallion.steps.build import BUILT
from medallion.steps.platform import Platform
from medallion.steps.refine import REFINED, RefineResult
from medallion.steps.ticket import Ticket

OUTCOMES = "outcomes.json"


class Outcomes(Frozen):
    """What became of each object of a run's attempt."""

    objects: tuple[ObjectOutcomes, ...]


def gate(platform: Platform, ticket: Ticket) -> Judgement:
    """Judge the run by its committed snapshots, and note counts, warnings and reasons in the run's record."""
    judge = _judge_run if ticket.kind.of_source else _judge_build
    judgement = judge(platform, ticket)
    platform.control.note(ticket.run_id, reason="; ".join(judgement.reasons), warnings=judgement.warnings)
    return judgement


def _judge_build(platform: Platform, ticket: Ticket) -> Judgement:
    built = platform.read_document(Built, ticket.run_id, ticket.attempt, BUILT)
    if built is None:
        raise UnreadableObject(f"run {ticket.run_id}: nothing was built; start it again")
    snapshots = {"gold": built.snapshot, **built.inputs}
    platform.control.note(
        ticket.run_id, rows=built.rows, snapshots={name: str(snapshot) for name, snapshot in snapshots.items()}
    )
    judged = judge_build(built.rows, built.null_keys, built.repeated_keys, unchanged=built.unchanged)
    return judged.model_copy(update={"warnings": (*judged.warnings, built.kept_here)}) if built.kept_here else judged


def _judge_run(platform: Platform, ticket: Ticket) -> Judgement:
    result = platform.read_document(RefineResult, ticket.run_id, ticket.attempt, REFINED)
    if result is None or (result.refined is None and not result.blocked):
        raise UnreadableObject(f"run {ticket.run_id}: nothing was refined; start it again")
    if result.refined is None:
        return Judgement(decision=Decision.HOLD, reasons=(f"SCHEMA_ERROR: {result.blocked}",))
    refined = result.refined
    found = audit(
        platform.lake,
        SourceTables.of(platform.layout, ticket.subject),
        ticket.commit,
        refined,
        platform.resources,
    )
    before = platform.control.run(ticket.run_id)
    source = platform.control.source(ticket.subject)
    judgement = judge_run(
        found,
        refined.objects,
        refined.silver_base,
        manual=source.approval == "manual",
        guard=source.guard,
        recent=recent(platform, source, ticket.run_id),
    )
    platform.write_document(ticket.run_id, ticket.attempt, OUTCOMES, Outcomes(objects=found.objects))
    platform.control.note(
        ticket.run_id,
        outcomes=found.objects if len(found.objects) <= INLINE else (),
        totals=found.totals,
        digest=found.digest,
        quarantined_by_code=found.quarantined_by_code,
        unreadable_objects=sum(one.unreadable is not None for one in refined.objects),
        snapshots={
            "bronze": str(refined.bronze),
            "silver": str(refined.silver),
            "silver_base": str(refined.silver_base),
            "quarantine": str(refined.quarantine),
            "duplicates": str(refined.duplicates),
            **({} if refined.history is None else {"history": str(refined.history)}),
        },
    )
    approved = _approved(before, found.digest)
    if judgement.decision is Decision.HOLD and approved:
        judgement = judgement.model_copy(update={"decision": Decision.PROMOTE, "tripped": None})
    note_seen(platform, before, found, promoted=judgement.decision is Decision.PROMOTE, approved=approved)
    if judgement.tripped is not None:
        trip(platform, before, judgement.tripped)
    return judgement


def _approved(run: Run, digest: str) -> bool:
    """A person approved these very outcomes: where one of them has changed since, the run is held again."""
    return run.approval is not None and run.approval.approved and run.approval.digest == digest
