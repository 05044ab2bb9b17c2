"""What CloudFormation cannot delete, as on AWS: a bucket that is not empty stays, and its stack with it."""

from __future__ import annotations

from typing import Any

from local.seams import seam
from local.settings import Settings

_HANDLERS = seam("services.cloudformation.provisioners", "_RESOURCE_HANDLERS")
_DELETE_BUCKET = seam("services.s3", "_delete_bucket", "name")

_GONE = 404


def install(settings: Settings) -> None:
    """Have a stack delete its buckets as the S3 API does. The emulator's own handler drops them with all they hold."""
    _HANDLERS.get()["AWS::S3::Bucket"]["delete"] = _delete_bucket


def _delete_bucket(physical_id: str, properties: dict[str, Any]) -> None:
    status, _, answer = _DELETE_BUCKET.get()(physical_id)
    if status >= 300 and status != _GONE:
        raise ValueError(f"{physical_id}: {bytes(answer).decode('utf-8', 'replace')}")
