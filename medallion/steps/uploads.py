"""Uploads: who may not touch Landing is given a form that takes one object there, and can ask what became of it.

The bytes go from the sender to S3 alone. S3 checks what the form is bound to: the key, the size, the type, the checksum
if there is one, and the time. It has no field for encryption, so that the bucket's own holds: SSE-KMS with the tenant's
key.
"""

from __future__ import annotations

import base64
import re
import unicodedata
from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from botocore.config import Config

from medallion.contracts.model import Frozen
from medallion.control.items import ObjectClaim, RunStatus
from medallion.errors import InvalidUpload, UnknownObject
from medallion.layout import Zone
from medallion.steps.platform import Platform

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

LARGEST = 5 * 2**30
"""Bytes of one object: S3 takes no more in one request."""
TERM = timedelta(minutes=15)
"""How long a form is good for; what has begun by then may end."""
_LONGEST_KEY = 1024
_VERSIONS = 20
_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]*/[a-z0-9][a-z0-9!#$&^_.+-]*(; ?[a-z0-9-]+=[A-Za-z0-9._-]+)?")
_SHA256 = re.compile(r"[0-9a-f]{64}")


class Upload(Frozen):
    """A form for one object: its `fields`, and then the file, are posted to `url` as multipart/form-data."""

    source: str
    key: str
    size: int
    content_type: str
    sha256: str
    url: str
    fields: dict[str, str]
    expires_at: datetime


class Arrival(StrEnum):
    """Where an object stands."""

    LANDED = "landed"
    """S3 has it; its event has not reached the platform."""
    WAITING = "waiting"
    """The platform knows of it: it waits for its batch, its schedule, or its source."""
    TAKEN = "taken"
    """It belongs to a run."""


class Landed(Frozen):
    """An object version in Landing, and what became of it."""

    source_file_id: str
    key: str
    version: str
    size: int
    arrived_at: datetime
    state: Arrival
    run_id: str | None = None
    run_status: RunStatus | None = None
    reason: str = ""


def offer(
    platform: Platform,
    source: str,
    name: str,
    *,
    size: int,
    content_type: str,
    sha256: str = "",
    largest: int = LARGEST,
) -> Upload:
    """A form for an object of the source, of exactly `size` bytes, `largest` at most.

    UnknownSource; InvalidUpload says what of it cannot be.
    """
    layout, registered = platform.layout, platform.control.source(source)
    key = layout.landing_key(registered.name, _checked(name, layout.landing_key(registered.name, "")))
    if not 1 <= size <= min(largest, LARGEST):
        raise InvalidUpload(f"{size} bytes: an upload has 1 to {min(largest, LARGEST)}; split a larger object")
    if not _TYPE.fullmatch(content_type):
        raise InvalidUpload(f"content type {content_type!r}: write it in lower case, such as text/csv")
    bound: dict[str, str] = {"Content-Type": content_type, "success_action_status": "201", **_checksum(sha256)}
    conditions: list[Any] = [{field: value} for field, value in bound.items()]
    form = _client(platform).generate_presigned_post(
        layout.bucket(Zone.LANDING),
        key,
        Fields=dict(bound),
        Conditions=[*conditions, ["content-length-range", size, size]],
        ExpiresIn=int(TERM.total_seconds()),
    )
    return Upload(
        source=registered.name,
        key=key,
        size=size,
        content_type=content_type,
        sha256=sha256,
        url=form["url"],
        fields=form["fields"],
        expires_at=platform.clock() + TERM,
    )


def landed(platform: Platform, source: str, name: str, version: str = "") -> list[Landed]:
    """What became of the object of that name: of one version, or of the newest of its versions.

    UnknownObject where Landing holds none, nor the platform was ever told of it.
    """
    layout, registered = platform.layout, platform.control.source(source)
    if version:
        claim = platform.control.claim_of(registered.name, layout.landed(registered.name, name, version))
        if claim is not None:
            return [_told(platform, claim, claimed=True)]
    stored = {
        one.source_file_id: one for one in _stored(platform, registered.name, name) if version in ("", one.version)
    }
    if not stored:
        raise UnknownObject(
            f"source {source} has no object {name!r} {f'of version {version!r} ' if version else ''}in Landing; "
            "look at the name that its upload gave"
        )
    claims = {one.source_file_id: one for one in platform.control.claims_among(registered.name, list(stored))}
    return [_told(platform, claims.get(named, one), claimed=named in claims) for named, one in stored.items()]


def named(platform: Platform, source: str, source_file_id: str) -> tuple[str, str]:
    """The name and version of an object of the source, from its identity. UnknownObject if it is none."""
    prefix = platform.layout.landed(source, "", "").partition("?")[0]
    place, mark, version = source_file_id.rpartition("?version=")
    if not mark or not version or not place.startswith(prefix):
        raise UnknownObject(f"{source_file_id!r} is no object of source {source}; it begins with {prefix}")
    return place.removeprefix(prefix), version


def _checked(name: str, prefix: str) -> str:
    """The name, if it is one path of plain parts that a person can read, and no form's variable."""
    parts = name.split("/")
    if any(part in ("", ".", "..") for part in parts) or "\\" in name or "${" in name:
        raise InvalidUpload(f"name {name!r}: write parts with / between them, without .., \\ or ${{")
    if any(unicodedata.category(letter).startswith("C") for letter in name):
        raise InvalidUpload(f"name {name!r}: it holds a character that nobody sees; leave those out")
    if len(f"{prefix}{name}".encode()) > _LONGEST_KEY:
        raise InvalidUpload(f"the name is too long: with its source it has over {_LONGEST_KEY} bytes")
    return name


def _checksum(sha256: str) -> Mapping[str, str]:
    if not sha256:
        return {}
    if not _SHA256.fullmatch(sha256):
        raise InvalidUpload("sha256: write the 64 hexadecimal digits of the object's SHA-256, in lower case")
    spelt = base64.b64encode(bytes.fromhex(sha256)).decode()
    return {"x-amz-checksum-algorithm": "SHA256", "x-amz-checksum-sha256": spelt}


def _client(platform: Platform) -> S3Client:
    """A client whose form goes to the bucket's own region: the global address would redirect, and lose the body."""
    return platform.session.client("s3", config=Config(signature_version="s3v4", s3={"addressing_style": "virtual"}))


def _stored(platform: Platform, source: str, name: str) -> list[ObjectClaim]:
    """The newest versions of the object, as claims that nobody made yet."""
    layout = platform.layout
    key = layout.landing_key(source, name)
    # Keys that only begin so come after all of this one's versions.
    page = platform.s3.list_object_versions(Bucket=layout.bucket(Zone.LANDING), Prefix=key, MaxKeys=_VERSIONS)
    return [
        ObjectClaim(
            source_file_id=layout.landed(source, name, one["VersionId"]),
            source=source,
            key=key,
            version=one["VersionId"],
            size=one["Size"],
            arrived_at=one["LastModified"],
        )
        for one in page.get("Versions", [])
        if one["Key"] == key
    ]


def _told(platform: Platform, claim: ObjectClaim, *, claimed: bool) -> Landed:
    run = None if claim.run_id is None else platform.control.find_run(claim.run_id)
    return Landed(
        source_file_id=claim.source_file_id,
        key=claim.key,
        version=claim.version,
        size=claim.size,
        arrived_at=claim.arrived_at,
        state=Arrival.LANDED if not claimed else Arrival.WAITING if claim.run_id is None else Arrival.TAKEN,
        run_id=claim.run_id,
        run_status=None if run is None else run.status,
        reason="" if run is None else run.reason,
    )
