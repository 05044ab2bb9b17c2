"""Remove: what belonged to the tenant goes, once what must outlive it was read back. Each part may be gone already."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial

from botocore.exceptions import ClientError

from medallion.control.closings import Closing
from medallion.control.partitions import key_of
from medallion.errors import NotClosable
from medallion.layout import TABLE_ZONES, Task, TenantLayout, Zone
from medallion.steps.closing.manifest import Manifest
from medallion.steps.closing.model import Found, Kind
from medallion.steps.closing.stacks import FOUNDATION, delete
from medallion.steps.closing.state import items_of, partitions_of
from medallion.steps.closing.survey import buckets, survey
from medallion.steps.platform import Platform

Tell = Callable[[str], None]
_WAITING_DAYS = 30
"""How long a key waits for its deletion: so long it can be called back."""
_AT_ONCE = 1000
_PAUSE, _PATIENCE = 3.0, 90.0
"""Seconds between two looks, and for all of them: a queue is shown for a minute after it was deleted."""


def remove(platform: Platform, closing: Closing, export: Manifest, tell: Tell) -> None:
    """Tables, objects, the foundation, whatever stacks left standing, the key, and at last the control table's items.

    NotClosable where something stands that cannot be removed here.
    """
    tell("removing tables")
    glue = platform.session.client("glue")
    for table in export.tables:
        database, _, name = table.partition(".")
        _unless_gone(glue.delete_table, DatabaseName=database, Name=name)
    for bucket in sorted(_zones(platform.layout).intersection(buckets(platform))):
        tell(f"emptying {bucket}")
        if not locked(platform, bucket):
            empty(platform, bucket)
    tell("removing the foundation")
    delete(platform, [platform.layout.stack(FOUNDATION)])
    tell("removing what the stacks left")
    _remove_rest(platform)
    tell("scheduling the key's deletion")
    _schedule_key(platform, closing.key)
    tell("removing control items")
    named = [name for name in export.state if name.startswith("TENANT#")]
    of_now = partitions_of(platform)
    for partition in [*(one for one in named if one not in of_now), *of_now]:
        platform.control.estate.erase([key_of(item) for item in items_of(platform, partition)])
    platform.control.estate.reduce()


def locked(platform: Platform, bucket: str) -> bool:
    """Whether the bucket keeps every object for a time that nobody can shorten."""
    try:
        found = platform.s3.get_object_lock_configuration(Bucket=bucket)["ObjectLockConfiguration"]
    except ClientError as without:
        if without.response["Error"]["Code"] in ("ObjectLockConfigurationNotFoundError", "NoSuchBucket"):
            return False
        raise
    return "DefaultRetention" in found.get("Rule", {})


def empty(platform: Platform, bucket: str) -> None:
    """Remove every version and every delete marker, and what was uploaded in part."""
    s3 = platform.s3
    for uploads in s3.get_paginator("list_multipart_uploads").paginate(Bucket=bucket):
        for one in uploads.get("Uploads", []):
            s3.abort_multipart_upload(Bucket=bucket, Key=one["Key"], UploadId=one["UploadId"])
    while True:
        page = s3.list_object_versions(Bucket=bucket, MaxKeys=_AT_ONCE)
        found = [
            {"Key": one["Key"], "VersionId": one["VersionId"]}
            for one in (*page.get("Versions", []), *page.get("DeleteMarkers", []))
        ]
        if not found:
            return
        refused = s3.delete_objects(Bucket=bucket, Delete={"Objects": found, "Quiet": True}).get("Errors", [])  # type: ignore[typeddict-item]  # the stubs want their own type of the same dictionaries
        if refused:
            raise NotClosable(
                f"{bucket}: {refused[0].get('Key')} cannot be removed ({refused[0].get('Code')}: "
                f"{refused[0].get('Message')}). See to it, then say the same again: it goes on here"
            )


def standing(platform: Platform) -> list[Found]:
    """What is still there and has to go: all but a bucket that is locked."""
    return [
        one
        for one in survey(platform).found
        if not (one.kind is Kind.BUCKET and one.items and locked(platform, one.name))
    ]


def _remove_rest(platform: Platform) -> None:
    """What an environment's stacks retain on purpose, or a service made by itself."""
    session = platform.session
    for found in filter(partial(_ours, platform.layout), standing(platform)):
        match found.kind:
            case Kind.SCHEDULE_GROUP:
                _unless_gone(session.client("scheduler").delete_schedule_group, Name=found.name)
            case Kind.LOG_GROUP:
                _unless_gone(platform.logs.delete_log_group, logGroupName=found.name)
            case Kind.QUEUE:
                _unless_gone(session.client("sqs").delete_queue, QueueUrl=found.at)
            case Kind.DATABASE:
                _unless_gone(session.client("glue").delete_database, Name=found.name)
            case Kind.ALIAS:
                _unless_gone(session.client("kms").delete_alias, AliasName=found.name)
            case Kind.BUCKET:
                # Access logs arrive hours late: it may have been filled since it was emptied.
                empty(platform, found.name)
                _unless_gone(platform.s3.delete_bucket, Bucket=found.name)
    deadline = time.monotonic() + _PATIENCE
    while (left := standing(platform)) and time.monotonic() < deadline:
        time.sleep(_PAUSE)
    if left:
        said = ", ".join(f"{one.kind} {one.name}" for one in left[:10])
        raise NotClosable(
            f"tenant {platform.layout.tenant}: still there are {said}. Whoever made them removes them; then say the "
            "same again: it goes on here"
        )


def _zones(layout: TenantLayout) -> set[str]:
    return {layout.bucket(zone) for zone in Zone}


def _ours(layout: TenantLayout, found: Found) -> bool:
    """Whether the layout forms that name. What came since the tenant was looked over is nobody's to remove here."""
    match found.kind:
        case Kind.BUCKET:
            return found.name in _zones(layout)
        case Kind.DATABASE:
            return found.name in {layout.database(zone) for zone in TABLE_ZONES}
        case Kind.QUEUE:
            return found.name in {layout.alerts_queue, *(layout.dead_letters(of) for of in ("alerts", *Task))}
        case Kind.LOG_GROUP:
            return found.name.startswith(layout.log_prefixes[:3])
        case Kind.SCHEDULE_GROUP:
            return found.name == layout.schedule_group
        case Kind.ALIAS:
            return found.name == layout.key_alias
        case _:
            return False


def _schedule_key(platform: Platform, key: str) -> None:
    kms = platform.session.client("kms")
    if kms.describe_key(KeyId=key)["KeyMetadata"].get("KeyState") != "PendingDeletion":
        kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=_WAITING_DAYS)


def _unless_gone(operation: Callable[..., object], **arguments: str) -> None:
    try:
        operation(**arguments)
    except ClientError as gone:
        code = gone.response["Error"]["Code"]
        missing = ("NotFoundException", "EntityNotFoundException", "ResourceNotFoundException", "NoSuchBucket")
        if code not in (*missing, "AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist"):
            raise
