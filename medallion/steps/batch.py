"""Objects that wait become runs. Each part may have been done before, by a process that broke off."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta

from medallion.contracts.model import Frozen
from medallion.control.batches import CHUNK
from medallion.control.items import INLINE, Gathering, ObjectClaim, Run, RunKind, RunStatus, Source
from medallion.events import EventType
from medallion.layout import Machine, execution
from medallion.steps.platform import Platform
from medallion.steps.ticket import Ticket

MANIFEST = "manifest.json"
LARGEST = 1000
"""Objects in one run at most."""
PATIENCE = timedelta(minutes=2)
"""How long a batch is left to the process that gathers it."""
_BROKEN = ("FAILED", "ABORTED", "TIMED_OUT")


class ArrivedObject(Frozen):
    """An object version in Landing, as S3's event or a listing tells of it.

    `sequencer` is S3's, without which versions of one key go by the moment alone.
    """

    key: str
    version: str
    size: int
    arrived_at: datetime
    sequencer: str = ""


class ManifestObject(ArrivedObject):
    """An object of a run, by reference."""

    source_file_id: str


class Manifest(Frozen):
    """The objects of a run."""

    objects: tuple[ManifestObject, ...]


def start_waiting(platform: Platform, source: Source) -> list[str]:
    """Start runs of every object of the source that waits. Their ids.

    Those that an earlier process made and did not start are started, too.
    """
    for run in filter(None, map(platform.control.find_run, platform.control.open_runs())):
        if (run.kind, run.subject, run.status) == (RunKind.INGEST, source.name, RunStatus.PENDING):
            start_execution(platform, Machine.INGEST, run)
    started: dict[str, None] = {}
    if source.whole_states:
        while waiting := platform.control.batches.waiting(source.name, LARGEST):
            started |= dict.fromkeys(start_alone(platform, source, claim) for claim in waiting)
    else:
        while (run_id := _gather(platform, source)) is not None:
            started[run_id] = None
    return list(started)


def start_if_full(platform: Platform, source: Source) -> str | None:
    """Start a run of the objects that wait, if they are as many or as large as the source says. The run's id."""
    batch, batches = source.batch, platform.control.batches
    waiting = batches.waiting(source.name, batch.count or LARGEST)
    full = len(waiting) >= (batch.count or LARGEST)
    if batch.bytes is not None:
        full = full or sum(one.size for one in waiting) >= batch.bytes
    gathered = batches.gathering(source.name)
    if gathered is not None and gathered.created_at + PATIENCE > platform.clock():
        return None
    return _gather(platform, source) if full or gathered is not None else None


def start_alone(platform: Platform, source: Source, claim: ObjectClaim) -> str:
    """Start the one object's run. Of whole states, one older than what ran before is a refused run instead."""
    run = _run(platform, source, run_id_of(claim.arrived_at, [claim.source_file_id]), [claim])
    newest = [platform.control.newest_snapshot(claim, run.run_id)] if source.whole_states else []
    if (standing := _standing(platform, claim)) is not None:
        return resume(platform, standing, source)
    _keep_manifest(platform, run.run_id, [claim])
    if platform.control.batches.run_alone(run, claim, *newest):
        start_execution(platform, Machine.INGEST, run)
        return run.run_id
    if (standing := _standing(platform, claim)) is not None:
        return resume(platform, standing, source)
    late = f"a newer state of source {source.name} ran before it; put it into Landing again if it is to be the state"
    return refuse(platform, claim, late, final=True)


def resume(platform: Platform, run_id: str, source: Source | None) -> str:
    """Start the run of an object that has one, if nobody did: it may still be gathered, by a process that broke off."""
    run = platform.control.find_run(run_id)
    if run is not None and run.status is RunStatus.PENDING:
        start_execution(platform, Machine.INGEST, run)
    if run is None and source is not None:
        gathered = platform.control.batches.gathering(source.name)
        if gathered is not None and gathered.created_at + PATIENCE < platform.clock():
            _gather(platform, source)
    return run_id


def refuse(platform: Platform, claim: ObjectClaim, reason: str, *, final: bool) -> str:
    """Record that the object is refused, and tell a person. Unless that is final, it waits on. The run's id."""
    refused = Run(
        run_id=run_id_of(claim.arrived_at, ["refused", claim.source_file_id]),
        kind=RunKind.INGEST,
        subject=claim.source,
        status=RunStatus.REFUSED,
        reason=reason,
        objects=(claim.source_file_id,),
        object_count=1,
        bytes=claim.size,
        created_at=platform.clock(),
        ended_at=platform.clock(),
    )
    control = platform.control
    if control.batches.run_alone(refused, claim) if final else control.create_run(refused):
        about = {"source": claim.source, "key": claim.key, "run_id": refused.run_id}
        platform.emit(EventType.OBJECT_REFUSED, **about, reason=reason)
    return refused.run_id


def run_id_of(moment: datetime, identities: Sequence[str]) -> str:
    """A run's id: it sorts by time, to the millisecond, and names what the run is made of."""
    digest = hashlib.sha256("\n".join(sorted(identities)).encode()).hexdigest()
    return f"{moment:%Y%m%dt%H%M%S}{moment.microsecond // 1000:03}-{digest[:12]}"


def start_execution(platform: Platform, machine: Machine, run: Run) -> str:
    """Start the run's execution and return its ARN.

    Starting it twice is starting it once: the name is the run's and the attempt's. An execution that has ended without
    ending its run ends it here, as failed.
    """
    name = execution(run.run_id, run.attempt)
    arn = platform.layout.execution_arn(machine, name)
    platform.control.note(run.run_id, execution_arn=arn)
    try:
        platform.states.start_execution(
            stateMachineArn=platform.layout.machine_arn(machine), name=name, input=Ticket.of(run).model_dump_json()
        )
    except platform.states.exceptions.ExecutionAlreadyExists:
        status = platform.states.describe_execution(executionArn=arn)["status"]
        if status in _BROKEN:
            reason = f"its execution is {status} and did not end it; do it again with `medallion rerun`"
            platform.control.end(run.run_id, RunStatus.FAILED, platform.clock(), reason=reason)
    return arn


def _gather(platform: Platform, source: Source) -> str | None:
    """Gather what waits into one run and start it; None if nothing waits."""
    batches = platform.control.batches
    batch = batches.gathering(source.name)
    if batch is None:
        first = batches.waiting(source.name, 1)
        if not first:
            return None
        run_id = run_id_of(platform.clock(), [first[0].source_file_id])
        batch = batches.open(Gathering(source=source.name, run_id=run_id, created_at=platform.clock()))
    run_id = batch.run_id
    while not batch.sealed:
        if claims := _next_of(platform, source, batch):
            batches.grow(batch, claims, platform.clock())
        else:
            batches.seal(batch)
        # Whether that was done or another process was faster: what stands now is gone on with.
        standing = batches.gathering(source.name)
        if standing is None or standing.run_id != run_id:
            return resume(platform, run_id, None)
        batch = standing
    claims = batches.objects(batch)
    run = _run(platform, source, run_id, claims) if claims else None
    if run is not None:
        _keep_manifest(platform, run_id, claims)
    if batches.close(batch, run) and run is None:
        return _gather(platform, source)
    return resume(platform, run_id, None)


def _next_of(platform: Platform, source: Source, batch: Gathering) -> list[ObjectClaim]:
    """The objects that the batch takes next; none once it is full, or nothing waits."""
    room = min(CHUNK, (source.batch.count or LARGEST) - batch.objects)
    if room <= 0 or (source.batch.bytes is not None and batch.bytes >= source.batch.bytes):
        return []
    taken: list[ObjectClaim] = []
    size = batch.bytes
    for claim in platform.control.batches.waiting(source.name, room):
        taken.append(claim)
        size += claim.size
        if source.batch.bytes is not None and size >= source.batch.bytes:
            break
    return taken


def _standing(platform: Platform, claim: ObjectClaim) -> str | None:
    """The run that has the object."""
    found = platform.control.claim_of(claim.source, claim.source_file_id)
    return None if found is None else found.run_id


def _run(platform: Platform, source: Source, run_id: str, claims: Sequence[ObjectClaim]) -> Run:
    return Run(
        run_id=run_id,
        kind=RunKind.INGEST,
        subject=source.name,
        objects=tuple(claim.source_file_id for claim in claims) if len(claims) <= INLINE else (),
        object_count=len(claims),
        bytes=sum(claim.size for claim in claims),
        lane=source.lane,
        contract_version=source.contract_version,
        created_at=platform.clock(),
    )


def _keep_manifest(platform: Platform, run_id: str, claims: Sequence[ObjectClaim]) -> None:
    fields = set(ManifestObject.model_fields)
    objects = tuple(ManifestObject.model_validate(claim.model_dump(include=fields)) for claim in claims)
    platform.write_document(run_id, 1, MANIFEST, Manifest(objects=objects))
