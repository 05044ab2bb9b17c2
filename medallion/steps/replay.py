"""Reprocess and backfill: a person asks that records be taken up once more, as a run of their own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

from medallion.control.items import INLINE, Run, RunKind, RunStatus, Source
from medallion.engines.duckdb.entries import Entry, choose
from medallion.engines.model import Replay
from medallion.errors import NotRepeatable
from medallion.layout import Machine
from medallion.people import Person
from medallion.plan.quarantine import Chosen, State
from medallion.steps.platform import Platform
from medallion.steps.refine import REPLAY
from medallion.steps.trigger import run_id_of, start_execution

Noted = Callable[[str], None]


def _unnoted(run_id: str) -> None:
    """Nobody keeps the run's id."""


def reprocess(
    platform: Platform, source_name: str, chosen: Chosen, person: Person, note: Noted = _unnoted
) -> Run | None:
    """Take the chosen open entries through the active contract once more; None where there is nothing to take up.

    A malformed record that nobody corrected, under the rules that it failed, is left alone: it cannot fare otherwise.
    Asking twice for the same, before the first has ended, is asking once. `note` is told the run's id before the run is
    made.
    """
    source = platform.control.source(source_name)
    entries = due(platform, source, chosen)
    if not entries:
        return None
    arrivals = {entry.source_file_id for entry in entries}
    replay = Replay.of_entries(runs_of(platform, source_name, arrivals), entries)
    return _ask(platform, source, RunKind.REPROCESS, replay, tuple(replay.entries), person, note)


def due(platform: Platform, source: Source, chosen: Chosen) -> list[Entry]:
    """The chosen open entries that a reprocess would take up now."""
    log = platform.layout.quarantine(source.name)
    found = choose(platform.lake, log, chosen, State.OPEN, platform.resources)
    return [one for one in found if one.due(source.ruleset)]


def backfill(
    platform: Platform, source_name: str, objects: Sequence[str], person: Person, note: Noted = _unnoted
) -> Run | None:
    """Take every record of the objects through the active contract once more, from Bronze, as people corrected them.

    Silver changes where a record fares otherwise than before; what a person must decide on stays as it is: condemned
    records, and open entries that failed under these very rules. None where there is no object. NotRepeatable where one
    of them is not of a published run. `note` is told the run's id before the run is made.
    """
    source = platform.control.source(source_name)
    if not objects:
        return None
    replay = replay_of(platform, source_name, objects)
    return _ask(platform, source, RunKind.BACKFILL, replay, replay.objects, person, note)


def replay_of(platform: Platform, source_name: str, objects: Sequence[str]) -> Replay:
    """Every record of the objects; NotRepeatable where one of them is not of a published run."""
    for one in objects:
        run = _arrival(platform, source_name, one)
        if run.status is not RunStatus.PROMOTED:
            raise NotRepeatable(
                f"{one} of source {source_name}: its run is {run.status}, and only what was published can be done "
                "again from Bronze; use `medallion rerun` for a run that ended badly"
            )
    return Replay(runs=runs_of(platform, source_name, objects), objects=tuple(sorted(set(objects))))


def published_objects(
    platform: Platform, source: str, since: datetime | None = None, until: datetime | None = None
) -> list[str]:
    """The source's objects that arrived in that time (UTC) and whose run is published, in order of arrival."""
    found = []
    for claim in sorted(platform.control.claims(source), key=lambda one: (one.arrived_at, one.source_file_id)):
        within = (since is None or claim.arrived_at >= since) and (until is None or claim.arrived_at < until)
        if within and claim.run_id is not None and platform.control.run(claim.run_id).status is RunStatus.PROMOTED:
            found.append(claim.source_file_id)
    return found


def runs_of(platform: Platform, source: str, objects: Iterable[str]) -> tuple[str, ...]:
    """The runs that wrote the objects' records to Bronze."""
    return tuple(sorted({_arrival(platform, source, one).run_id for one in objects}))


def _arrival(platform: Platform, source: str, source_file_id: str) -> Run:
    """The run that the object arrived with, which wrote its records to Bronze."""
    claim = platform.control.claim_of(source, source_file_id)
    if claim is None or claim.run_id is None:
        raise NotRepeatable(f"{source_file_id} of source {source}: no run has taken up this object; look at its key")
    return platform.control.run(claim.run_id)


def _ask(
    platform: Platform,
    source: Source,
    kind: RunKind,
    replay: Replay,
    objects: tuple[str, ...],
    person: Person,
    note: Noted,
) -> Run:
    platform.control.refuse_if_frozen()
    run_id = run_id_of(platform.clock(), [kind, source.ruleset, replay.model_dump_json()])
    for earlier in platform.control.unfinished_runs():
        asked = earlier.kind is kind and earlier.subject == source.name
        if asked and earlier.run_id.rpartition("-")[2] == run_id.rpartition("-")[2]:
            note(earlier.run_id)
            return begin(platform, earlier)
    run = Run(
        run_id=run_id,
        kind=kind,
        subject=source.name,
        objects=objects if len(objects) <= INLINE else (),
        object_count=len(objects),
        lane=source.lane,
        contract_version=source.contract_version,
        created_at=platform.clock(),
        replays=replay.runs,
        requested_by=person.by,
        purpose=person.reason,
    )
    note(run_id)
    platform.write_document(run_id, run.attempt, REPLAY, replay)
    platform.control.create_run(run)
    return begin(platform, platform.control.run(run_id))


def begin(platform: Platform, run: Run) -> Run:
    """Start the run that was asked for, if nobody has."""
    if run.status is RunStatus.PENDING:
        start_execution(platform, Machine.INGEST, run)
    return run
