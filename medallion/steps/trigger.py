"""An object arrived, or a source's schedule is due: claim the objects, and start their run once."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime

from medallion.contracts.model import Frozen, Lane, Trigger
from medallion.control.items import ClaimStatus, ObjectClaim, Run, RunKind, RunStatus, Source
from medallion.errors import UnknownSource
from medallion.events import EventType
from medallion.layout import Machine, Zone, execution, source_file_id
from medallion.steps.platform import Platform
from medallion.steps.ticket import Ticket

LARGEST_BATCH = 99
"""Objects in one run at most: the run and its claims are one DynamoDB transaction, of 100 items at most."""


MANIFEST = "manifest.json"
_BROKEN = ("FAILED", "ABORTED", "TIMED_OUT")


class ArrivedObject(Frozen):
    """An object version in Landing, as S3's event or a listing tells of it."""

    key: str
    version: str
    size: int
    arrived_at: datetime


class ManifestObject(ArrivedObject):
    """An object of a run, by reference."""

    source_file_id: str


class Manifest(Frozen):
    """The objects of a run."""

    objects: tuple[ManifestObject, ...]


def on_arrival(platform: Platform, arrived: ArrivedObject) -> str | None:
    """Claim the object and, unless its source runs by schedule, start its run. The run's id, or None while the object
    waits.

    An object of an unknown source is a refused run: visible, with its reason. It waits until its source is registered
    and due.
    """
    claim = platform.control.claim(_claim(platform, arrived))
    try:
        source = platform.control.source(claim.source)
    except UnknownSource as unknown:
        return _refuse(platform, claim, str(unknown))
    if claim.status is ClaimStatus.STARTED or (claim.run_id is None and source.trigger is Trigger.SCHEDULE):
        return claim.run_id
    run_id = claim.run_id or run_id_of(claim.arrived_at, [claim.source_file_id])
    if claim.run_id is None:
        _create_run(platform, source, run_id, [claim])
        run_id = platform.control.claim(claim).run_id or run_id
    return _start(platform, run_id)


def on_schedule(platform: Platform, source_name: str) -> list[str]:
    """Start the runs of every object of the source that waits: those whose event never came are found by listing
    Landing.
    """
    source, control = platform.control.source(source_name), platform.control
    known = {claim.source_file_id for claim in control.claims(source_name)}
    for arrived in _listed(platform, source_name):
        found = _claim(platform, arrived)
        if found.source_file_id not in known:
            control.claim(found)
    due: dict[str, None] = {}
    # An event may take an object of a batch while the batch is made: what is left is then made anew.
    while (waiting := [claim for claim in control.claims(source_name) if claim.status is ClaimStatus.PENDING]) and any(
        claim.run_id is None or claim.run_id not in due for claim in waiting
    ):
        due |= dict.fromkeys(claim.run_id for claim in waiting if claim.run_id is not None)
        batch = [claim for claim in waiting if claim.run_id is None][:LARGEST_BATCH]
        run_id = run_id_of(platform.clock(), [claim.source_file_id for claim in batch])
        if batch and _create_run(platform, source, run_id, batch):
            due[run_id] = None
    return [_start(platform, run_id) for run_id in due]


def run_id_of(moment: datetime, identities: Sequence[str]) -> str:
    """A run's id: it sorts by time, and names what the run is made of."""
    digest = hashlib.sha256("\n".join(sorted(identities)).encode()).hexdigest()
    return f"{moment:%Y%m%dt%H%M%S}-{digest[:12]}"


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


def _claim(platform: Platform, arrived: ArrivedObject) -> ObjectClaim:
    return ObjectClaim(
        source_file_id=source_file_id(platform.layout.bucket(Zone.LANDING), arrived.key, arrived.version),
        source=platform.layout.source_of(arrived.key),
        **arrived.model_dump(),
    )


def _create_run(platform: Platform, source: Source, run_id: str, claims: Sequence[ObjectClaim]) -> bool:
    run = Run(
        run_id=run_id,
        kind=RunKind.INGEST,
        subject=source.name,
        objects=tuple(claim.source_file_id for claim in claims),
        bytes=sum(claim.size for claim in claims),
        lane=_lane(source),
        contract_version=source.contract_version,
        created_at=platform.clock(),
    )
    return platform.control.create_run(run, claims)


def _start(platform: Platform, run_id: str) -> str:
    """Keep the run's manifest, start its execution, make its claims final. Each part may have been done before."""
    run = platform.control.run(run_id)
    claims = platform.control.claims_of(run)
    objects = tuple(
        ManifestObject.model_validate(claim.model_dump(include=set(ManifestObject.model_fields))) for claim in claims
    )
    if run.status is RunStatus.PENDING and run.attempt == 1:
        platform.write_document(run_id, run.attempt, MANIFEST, Manifest(objects=objects))
        start_execution(platform, Machine.INGEST, run)
    for claim in claims:
        platform.control.mark_started(claim, run_id)
    return run_id


def _lane(source: Source) -> str:
    """The lane that the source asks for. This deployment has one lane of its own to choose: Lambda."""
    return Lane.LAMBDA if source.lane is Lane.AUTO else source.lane


def _refuse(platform: Platform, claim: ObjectClaim, reason: str) -> str:
    run_id = run_id_of(claim.arrived_at, ["refused", claim.source_file_id])
    refused = Run(
        run_id=run_id,
        kind=RunKind.INGEST,
        subject=claim.source,
        status=RunStatus.REFUSED,
        reason=reason,
        objects=(claim.source_file_id,),
        bytes=claim.size,
        created_at=platform.clock(),
        ended_at=platform.clock(),
    )
    if platform.control.create_run(refused):
        platform.emit(EventType.OBJECT_REFUSED, source=claim.source, key=claim.key, run_id=run_id, reason=reason)
    return run_id


def _listed(platform: Platform, source: str) -> list[ArrivedObject]:
    pages = platform.s3.get_paginator("list_object_versions").paginate(
        Bucket=platform.layout.bucket(Zone.LANDING), Prefix=platform.layout.landing_key(source, "")
    )
    return [
        ArrivedObject(key=one["Key"], version=one["VersionId"], size=one["Size"], arrived_at=one["LastModified"])
        for page in pages
        for one in page.get("Versions", [])
    ]
