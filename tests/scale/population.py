"""A control table as it is after years: many tenants, each with sources, runs, objects, people and what they asked."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3

from medallion.contracts.model import Lane, Trigger
from medallion.control.audit import AuditEntry
from medallion.control.items import (
    ContractVersion,
    EndedRun,
    EndedRunOf,
    Item,
    Key,
    ObjectClaim,
    Run,
    RunKind,
    RunOf,
    RunStatus,
    Source,
    Tenant,
)
from medallion.control.keys import ApiKey, Role
from medallion.control.operations import Operation, OperationStatus
from medallion.control.table import Put

BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
SOURCES = 20
_ENDS = (RunStatus.PROMOTED, RunStatus.PROMOTED, RunStatus.PROMOTED, RunStatus.REJECTED)
RARE = 3
"""A tenant's first runs, refused, as no other is."""
Placed = tuple[Item, Key]


@dataclass(frozen=True)
class Size:
    """How many of each a tenant has."""

    runs: int
    objects: int
    audit: int
    operations: int
    keys: int = 60


def tenants(number: int) -> list[str]:
    return [f"tenant{at:03}" for at in range(number)]


def items(tenant: str, size: Size) -> Iterator[Placed]:
    """The tenant's items with their keys."""
    yield Tenant(id=tenant, name=tenant.capitalize()), Tenant.key_of(tenant)
    for at in range(SOURCES):
        yield from _source(tenant, f"source{at:02}")
    for at in range(size.runs):
        yield from _run(tenant, at)
    for at in range(size.objects):
        yield _object(tenant, at)
    for at in range(size.audit):
        entry = AuditEntry(
            at=_moment(at),
            request_id=f"request-{at}",
            by="key 0123456789ab (loader)",
            role="engineer",
            action="create_upload",
            subject={"source": _of(at)},
            status=201,
        )
        yield entry, AuditEntry.key_of(tenant, entry.place)
    for at in range(size.operations):
        operation = Operation(
            operation_id=f"{_moment(at):%Y%m%dT%H%M%S}-{at:016x}",
            kind="reprocess",
            subject=_of(at),
            asked={},
            status=OperationStatus.SUCCEEDED,
            result={},
            requested_by="Ada",
            created_at=_moment(at),
            ended_at=_moment(at),
            expires_at=4_000_000_000,
        )
        yield operation, Operation.key_of(tenant, operation.operation_id)
    for at in range(size.keys):
        key = ApiKey(
            key_id=f"{at:012x}",
            owner=tenant,
            role=Role.VIEWER,
            name="a viewer",
            secret_hash="0" * 64,
            created_at=BEGAN,
            created_by="Ada",
        )
        yield key, ApiKey.key_of(tenant, key.key_id)


def run_id(at: int) -> str:
    return f"{_moment(at):%Y%m%dT%H%M%S}-{at:016x}"


def fill(session: boto3.Session, table: str, named: list[str], size: Size) -> int:
    """Write the tenants' items, several at once. How many they are."""

    def one(tenant: str) -> int:
        written = 0
        with session.resource("dynamodb").Table(table).batch_writer() as batch:
            for item, key in items(tenant, size):
                batch.put_item(Item=_request(item, key))
                written += 1
        return written

    with ThreadPoolExecutor(4) as pool:
        return sum(pool.map(one, named))


def _request(item: Item, key: Key) -> dict[str, Any]:
    request: dict[str, Any] = Put(item, key).request()["Item"]
    return request


def _of(at: int) -> str:
    return f"source{at % SOURCES:02}"


def _moment(at: int) -> datetime:
    return BEGAN + timedelta(minutes=at)


def _source(tenant: str, name: str) -> Iterator[Placed]:
    source = Source(
        name=name,
        contract_version="1.0.0",
        ruleset="0" * 64,
        trigger=Trigger.ON_ARRIVAL,
        lane=Lane.AUTO,
        approval="automatic",
    )
    yield source, Source.key_of(tenant, name)
    version = ContractVersion(
        source=name, version="1.0.0", text="a contract\n" * 300, ruleset="0" * 64, registered_at=BEGAN
    )
    yield version, ContractVersion.key_of(tenant, name, "1.0.0")


def _run(tenant: str, at: int) -> Iterator[Placed]:
    run = Run(
        run_id=run_id(at),
        kind=RunKind.INGEST,
        subject=_of(at),
        status=RunStatus.REFUSED if at < RARE else _ENDS[at % len(_ENDS)],
        objects=(f"s3://landing/{_of(at)}/{at}.csv?version=1",),
        object_count=1,
        created_at=_moment(at),
        ended_at=_moment(at),
        totals={"rows_in": 1000, "inserted": 990, "quarantined": 10},
    )
    yield run, Run.key_of(tenant, run.run_id)
    yield RunOf(run_id=run.run_id), RunOf.key_of(tenant, run.subject, run.run_id)
    yield EndedRun(run_id=run.run_id), EndedRun.key_of(tenant, run.status, run.run_id)
    yield EndedRunOf(run_id=run.run_id), EndedRunOf.key_of(tenant, run.subject, run.status, run.run_id)


def _object(tenant: str, at: int) -> Placed:
    claim = ObjectClaim(
        source_file_id=f"s3://landing/{_of(at)}/{at}.csv?version=1",
        source=_of(at),
        key=f"{_of(at)}/{at}.csv",
        version="1",
        size=100_000,
        arrived_at=_moment(at),
        run_id=run_id(at),
    )
    return claim, ObjectClaim.key_of(tenant, claim.source, claim.source_file_id)
