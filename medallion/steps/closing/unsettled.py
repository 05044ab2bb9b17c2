"""What a tenant's own data leaves open: a person decides on it first, or waits for it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from itertools import islice

from medallion.control.items import RunStatus
from medallion.engines.duckdb.leaving import count_entries
from medallion.layout import Machine, Zone, source_file_id
from medallion.plan.quarantine import State
from medallion.steps.closing.model import Leftover
from medallion.steps.closing.survey import buckets
from medallion.steps.platform import Platform

_NAMED = 20
"""Of one sort so many are named; that there are more is said."""


def unsettled(platform: Platform, *, abandon_open: bool) -> list[Leftover]:
    """Runs, objects, entries, leases, rollbacks and legal holds that stand in the way of a closing."""
    parts = (_runs, _operations, _executions, _objects, _leases, _holds)
    found = [part(platform) for part in parts]
    if not abandon_open:
        found.append(_entries(platform))
    return [leftover for one in found for leftover in _first(one)]


def _first(found: Iterator[Leftover]) -> list[Leftover]:
    named = list(islice(found, _NAMED))
    more = next(found, None)
    return named if more is None else [*named, more.model_copy(update={"where": f"{more.where}, and more"})]


def _runs(platform: Platform) -> Iterator[Leftover]:
    for run in platform.control.unfinished_runs():
        decide = "approve or reject it" if run.status is RunStatus.HELD else "wait for it, or see `medallion run`"
        yield Leftover(what=f"run that is {run.status}", where=run.run_id, remedy=decide)


def _operations(platform: Platform) -> Iterator[Leftover]:
    for one in platform.control.operations.unfinished():
        where = f"{one.operation_id} ({one.kind} of {one.subject})"
        yield Leftover(what=f"operation that is {one.status}", where=where, remedy="wait for it")


def _executions(platform: Platform) -> Iterator[Leftover]:
    for machine in Machine:
        arn = platform.layout.machine_arn(machine)
        try:
            going = platform.states.list_executions(stateMachineArn=arn, statusFilter="RUNNING")["executions"]
        except platform.states.exceptions.StateMachineDoesNotExist:
            continue
        for one in going:
            yield Leftover(what="execution that goes on", where=one["executionArn"], remedy="wait for it, or stop it")


def _objects(platform: Platform) -> Iterator[Leftover]:
    """Object versions in Landing that no run took up."""
    layout, landing = platform.layout, platform.layout.bucket(Zone.LANDING)
    for page in platform.s3.get_paginator("list_object_versions").paginate(Bucket=landing):
        by_source: dict[str, list[str]] = defaultdict(list)
        for one in page.get("Versions", []):
            identity = source_file_id(landing, one["Key"], one["VersionId"])
            by_source[layout.source_of(one["Key"])].append(identity)
        for source, identities in by_source.items():
            claims = platform.control.claims_among(source, identities)
            taken = {claim.source_file_id for claim in claims if claim.run_id is not None}
            for identity in identities:
                if identity not in taken:
                    yield Leftover(
                        what="object in Landing that no run took up",
                        where=identity,
                        remedy="register its source and let it run, or delete that version",
                    )


def _entries(platform: Platform) -> Iterator[Leftover]:
    for source in platform.control.sources():
        log = platform.layout.quarantine(source.name)
        count = count_entries(platform.lake, log, State.OPEN, platform.resources) if platform.lake.exists(log) else 0
        if count:
            yield Leftover(
                what=f"{count} open entries of quarantine",
                where=log.qualified,
                remedy="correct and reprocess them, or say --abandon-open: they are exported, and then gone",
            )


def _leases(platform: Platform) -> Iterator[Leftover]:
    control = platform.control
    subjects = [f"{Zone.SILVER}#{one.name}" for one in control.sources()]
    subjects += [f"{Zone.GOLD}#{one.name}" for one in control.models()]
    for subject in subjects:
        held = control.leases.held(subject)
        if held is not None and held.owner is not None:
            remedy = "wait until it is given back, or complete what holds it"
            yield Leftover(what=f"lease that {held.owner} holds", where=subject, remedy=remedy)
        for one in control.rollbacks.of(subject):
            if one.ended_at is None:
                where = f"{subject} to run {one.to_run_id}"
                yield Leftover(
                    what="rollback that was interrupted", where=where, remedy="say `medallion rollback` again"
                )


def _holds(platform: Platform) -> Iterator[Leftover]:
    """Object versions under legal hold: there can be some only where a bucket has object lock."""
    s3 = platform.s3
    for bucket in buckets(platform):
        try:
            s3.get_object_lock_configuration(Bucket=bucket)
        except s3.exceptions.ClientError as without:
            if without.response["Error"]["Code"] == "ObjectLockConfigurationNotFoundError":
                continue
            raise
        for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket):
            for one in page.get("Versions", []):
                if _is_held(platform, bucket, one["Key"], one["VersionId"]):
                    yield Leftover(
                        what="object under legal hold",
                        where=source_file_id(bucket, one["Key"], one["VersionId"]),
                        remedy="whoever placed the hold decides: nothing is removed while it stands",
                    )


def _is_held(platform: Platform, bucket: str, key: str, version: str) -> bool:
    s3 = platform.s3
    try:
        hold = s3.get_object_legal_hold(Bucket=bucket, Key=key, VersionId=version)
    except s3.exceptions.ClientError as without:
        if without.response["Error"]["Code"] == "NoSuchObjectLockConfiguration":
            return False
        raise
    return hold["LegalHold"].get("Status") == "ON"
