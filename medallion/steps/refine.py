"""Refine: the run's objects go through the plan that is pinned to it, here or by a job of a large lane."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, BinaryIO, cast
from urllib.parse import urlsplit

from boto3.s3.transfer import TransferConfig

from medallion.contracts.model import Frozen, Lane
from medallion.contracts.ruleset import ruleset_hash
from medallion.control.items import RunKind
from medallion.engines.duckdb.handover import hand_over
from medallion.engines.duckdb.quarantine import withdraw
from medallion.engines.duckdb.refine import refine as run_plan
from medallion.engines.duckdb.replay import Replayed, bronze_of
from medallion.engines.duckdb.staging import Arrived
from medallion.engines.inputs import Inputs, Pins
from medallion.engines.model import Attempt, Refined, Replay, SourceObject, SourceTables
from medallion.errors import InvalidContract, SchemaMismatch, UnreadableObject
from medallion.layout import TableLayout, Zone
from medallion.plan.compiler import compile_plan
from medallion.plan.model import Plan
from medallion.steps.entries import active_contract
from medallion.steps.lanes import GIB, Handover, bytes_to_read
from medallion.steps.lease import confirm
from medallion.steps.platform import Platform
from medallion.steps.ticket import Ticket
from medallion.steps.trigger import MANIFEST, Manifest, ManifestObject

if TYPE_CHECKING:
    from mypy_boto3_s3.type_defs import CopySourceTypeDef

PLAN, PINS, JOB, REFINED = "plan.json", "pins.json", "job.json", "refined.json"
STAGED = "staged"
"""The folder of the relations that a job reads."""
REPLAY, REPLAYED = "replay.json", "replayed.parquet"
"""The records that a replay was asked for, and those that its attempt took up."""


class RefineResult(Frozen):
    """What Refine leaves for the gate: what it committed, or why it committed nothing."""

    refined: Refined | None = None
    blocked: str = ""


def refine(platform: Platform, ticket: Ticket) -> Handover:
    """Run the pinned plan over the run's objects, or over the records that it takes up once more; in a large lane,
    stage them and hand the run over to the lane's job.

    A header that breaks the contract blocks the run, before anything is written. LaneNotAvailable where the source asks
    for a lane that is not deployed.
    """
    confirm(platform, ticket)
    layout, lake = platform.layout, platform.lake.confirming(partial(confirm, platform, ticket))
    tables = SourceTables.of(layout, ticket.subject)
    _leave_earlier_attempts(platform, ticket, tables)
    plan = _pinned_plan(platform, ticket)
    references = {one.source: layout.silver(one.source) for one in plan.references}
    inputs, started_at = _pinned_inputs(platform, ticket, plan, tables, references)
    run = Attempt(ticket.commit, ticket.branch, started_at)
    material = _material(platform, ticket, tables)
    size = bytes_to_read(platform.control.run(ticket.run_id).bytes, inputs)
    lane = platform.lanes.choose(ticket.subject, Lane(ticket.lane), size, inputs.silver.types)
    platform.control.note(ticket.run_id, lane=lane)
    try:
        if lane is not Lane.LAMBDA:
            staged, result, order = (
                platform.document_address(ticket.run_id, ticket.attempt, name) for name in (STAGED, REFINED, JOB)
            )
            job = hand_over(lake, plan, tables, inputs, references, run, material, platform.resources, staged, result)
            platform.write_document(ticket.run_id, ticket.attempt, JOB, job)
            return Handover(lane=lane, job=order)
        done = RefineResult(refined=run_plan(lake, plan, tables, inputs, run, material, platform.resources))
    except SchemaMismatch as mismatch:
        done = RefineResult(blocked=str(mismatch))
    platform.write_document(ticket.run_id, ticket.attempt, REFINED, done)
    return Handover()


def _material(platform: Platform, ticket: Ticket, tables: SourceTables) -> Arrived | Replayed:
    if ticket.kind is RunKind.INGEST:
        manifest = platform.read_document(Manifest, ticket.run_id, 1, MANIFEST)
        if manifest is None:
            raise UnreadableObject(
                f"run {ticket.run_id}: its manifest is gone from the artifacts bucket; start the run again"
            )
        return Arrived([_source_object(platform, one) for one in manifest.objects])
    chosen = platform.read_document(Replay, ticket.run_id, 1, REPLAY)
    if chosen is None:
        raise UnreadableObject(
            f"run {ticket.run_id}: the list of its records is gone from the artifacts bucket; ask for the run again"
        )
    return Replayed(
        chosen=chosen,
        bronze=bronze_of(platform.lake, tables, chosen),
        address=platform.document_address(ticket.run_id, ticket.attempt, REPLAYED),
        open_object=partial(claimed_object, platform, ticket.subject),
    )


def _pinned_inputs(
    platform: Platform, ticket: Ticket, plan: Plan, tables: SourceTables, references: Mapping[str, TableLayout]
) -> tuple[Inputs, datetime]:
    """What the attempt reads, and when it began: the same for each try of it."""
    pins = platform.read_document(Pins, ticket.run_id, ticket.attempt, PINS)
    inputs = Inputs.read(platform.lake, plan, tables, references, pins)
    if pins is None:
        pins = inputs.pins(platform.clock())
        platform.write_document(ticket.run_id, ticket.attempt, PINS, pins)
    return inputs, pins.started_at


def _pinned_plan(platform: Platform, ticket: Ticket) -> Plan:
    """The plan of this run's attempt:
    compiled from the source's active contract the first time, and kept with the run.
    """
    pinned = platform.read_document(Plan, ticket.run_id, ticket.attempt, PLAN)
    if pinned is not None:
        return pinned
    contract = active_contract(platform, ticket.subject)
    plan = compile_plan(contract, ruleset_hash(contract))
    _check_dialect(platform, ticket, plan)
    platform.write_document(ticket.run_id, ticket.attempt, PLAN, plan)
    platform.control.note(ticket.run_id, contract_version=contract.version)
    return plan


def _check_dialect(platform: Platform, ticket: Ticket, plan: Plan) -> None:
    """Bronze holds the records as the first attempt read them: to be read otherwise, they come again."""
    first = platform.read_document(Plan, ticket.run_id, 1, PLAN)
    if first is None:
        return
    tokens = {"null_values": plan.dialect.null_values}
    if first.dialect.model_copy(update=tokens) != plan.dialect:
        raise InvalidContract(
            f"source {ticket.subject}: the contract's way of reading objects has changed since run {ticket.run_id} "
            "read its own, and Bronze holds them as they were read; put the objects into Landing again"
        )


def _leave_earlier_attempts(platform: Platform, ticket: Ticket, tables: SourceTables) -> None:
    """What earlier attempts of the run left unpublished is taken back,
    so that this one starts from main as it is now.
    """
    if ticket.attempt > 1:
        withdraw(platform.lake, tables, ticket.run_id, range(1, ticket.attempt), ticket.branch, platform.resources)


def _source_object(platform: Platform, one: ManifestObject) -> SourceObject:
    return SourceObject(
        one.source_file_id, one.arrived_at, partial(_open, platform, one), one.size, partial(_copy, platform, one)
    )


def claimed_object(platform: Platform, source: str, source_file_id: str) -> SourceObject:
    claim = platform.control.claim_of(source, source_file_id)
    if claim is None:
        raise UnreadableObject(f"{source_file_id} of source {source}: nothing is known of this object")
    return _source_object(platform, ManifestObject.model_validate(claim.model_dump(include=_OF_CLAIM)))


_OF_CLAIM = set(ManifestObject.model_fields)


def _copy(platform: Platform, one: ManifestObject, address: str) -> None:
    """Let S3 copy the object's version to the address: as it is, without what a person noted of it."""
    to = urlsplit(address)
    origin: CopySourceTypeDef = {
        "Bucket": platform.layout.bucket(Zone.LANDING),
        "Key": one.key,
        "VersionId": one.version,
    }
    plainly = {"MetadataDirective": "REPLACE", "TaggingDirective": "REPLACE"}
    platform.s3.copy(origin, to.netloc, to.path.lstrip("/"), ExtraArgs=plainly, Config=_IN_ONE_CALL)


_IN_ONE_CALL = TransferConfig(multipart_threshold=GIB, multipart_chunksize=GIB)
"""S3 copies five gigabytes at a time; more calls take less time where an object is large."""


def _open(platform: Platform, one: ManifestObject) -> BinaryIO:
    bucket = platform.layout.bucket(Zone.LANDING)
    found = platform.s3.get_object(Bucket=bucket, Key=one.key, VersionId=one.version)
    return cast("BinaryIO", found["Body"])
