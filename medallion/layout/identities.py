"""What executions and objects are known by."""

from __future__ import annotations


def execution(run_id: str, attempt: int) -> str:
    """A Step Functions execution's name: one for each run and attempt, so that starting twice is starting once."""
    return f"{run_id}-{attempt}"


def source_file_id(bucket: str, key: str, version: str) -> str:
    """An object's identity: bucket, key and version (the ETag where the bucket has no versions)."""
    return f"s3://{bucket}/{key}?version={version}"
