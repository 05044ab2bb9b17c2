"""What stays when a tenant is gone, and why, and until when."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

from botocore.exceptions import ClientError

from medallion.control.closings import Closing, Stage
from medallion.engines.duckdb.leaving import count_entries
from medallion.layout import Zone
from medallion.plan.quarantine import State
from medallion.retention import SEVEN_YEARS
from medallion.steps.closing.manifest import File
from medallion.steps.closing.model import Found, Kept, Kind
from medallion.steps.closing.remove import locked
from medallion.steps.closing.retain import CONDEMNED, DECISIONS, RECEIPTS, WHY, Store
from medallion.steps.platform import Platform

_LOCKED = "object lock keeps them from everybody until then; once the tenant's key is gone nobody can read them"


def kept_copies(files: Sequence[File], store: Store, since: datetime) -> Iterator[Kept]:
    """What was retained, by its kind."""
    for kind, why in WHY.items():
        of_kind = [one for one in files if one.path.startswith(f"{kind}/")]
        yield Kept(
            what=kind,
            where=f"s3://{store.bucket}/{store.prefix}{kind}/",
            why=why,
            until=since + SEVEN_YEARS,
            items=sum(one.items for one in of_kind),
            bytes=sum(one.bytes for one in of_kind),
        )


def remaining(platform: Platform, closing: Closing, still: Sequence[Found]) -> Iterator[Kept]:
    """What AWS keeps for a time, or nobody can tell apart."""
    layout = platform.layout
    for one in still:
        until = locked_until(platform, one.name) if one.kind is Kind.BUCKET else None
        yield Kept(
            what="locked objects",
            where=one.name,
            why=_LOCKED,
            until=until,
            items=one.items,
            bytes=one.bytes,
        )
    key = platform.session.client("kms").describe_key(KeyId=closing.key)["KeyMetadata"]
    yield Kept(
        what="the tenant's key, disabled",
        where=key["Arn"],
        why="KMS deletes a key after a time in which it can be called back",
        until=key.get("DeletionDate"),
    )
    yield Kept(
        what="the items Tenant and Closing",
        where=layout.shared.control_table,
        why="they say that the tenant was there and how it left, and keep its id from being taken unawares",
        items=2,
    )
    yield Kept(
        what="backups of the control table",
        where=layout.shared.control_table,
        why="the table can be restored to any second of that time, the tenant's items with it",
        until=closing.ended[Stage.REMOVED] + timedelta(days=recovery_days(platform)),
    )
    yield Kept(
        what="the tenant's folder as the CDK uploaded it",
        where="the CDK's asset bucket of this account and region",
        why="assets are shared by their contents, and no stack says whose they are: `cdk gc` removes what none uses",
    )


def locked_until(platform: Platform, bucket: str) -> datetime | None:
    """When the last object of a locked bucket may be removed; None where it is not locked."""
    if not locked(platform, bucket):
        return None
    until = datetime.min.replace(tzinfo=UTC)
    for page in platform.s3.get_paginator("list_object_versions").paginate(Bucket=bucket):
        for one in page.get("Versions", []):
            said = platform.s3.head_object(Bucket=bucket, Key=one["Key"], VersionId=one["VersionId"])
            until = max(until, said.get("ObjectLockRetainUntilDate", until))
    return until


def recovery_days(platform: Platform) -> int:
    """How far back the control table can be restored."""
    dynamodb = platform.session.client("dynamodb")
    try:
        told = dynamodb.describe_continuous_backups(TableName=platform.layout.shared.control_table)
    except ClientError:
        return 35
    recovery = told["ContinuousBackupsDescription"].get("PointInTimeRecoveryDescription", {})
    return int(recovery.get("RecoveryPeriodInDays", 35))


def foreseen(platform: Platform) -> list[Kept]:
    """What a closing would keep, before anything was copied."""
    layout, control, until = platform.layout, platform.control, platform.clock() + SEVEN_YEARS
    logs = [layout.quarantine(one.name) for one in control.sources()]
    items = {
        CONDEMNED: sum(
            count_entries(platform.lake, log, State.CONDEMNED, platform.resources)
            for log in logs
            if platform.lake.exists(log)
        ),
        RECEIPTS: sum(one.sequence for one in control.anchors()),
        DECISIONS: 0,
    }
    where = f"s3://{layout.shared.retention_bucket}/"
    kept = [Kept(what=kind, where=where, why=why, until=until, items=items[kind]) for kind, why in WHY.items()]
    ledger = layout.bucket(Zone.LEDGER)
    if locked_day := locked_until(platform, ledger):
        kept.append(Kept(what="locked objects", where=ledger, why=_LOCKED, until=locked_day))
    return kept
