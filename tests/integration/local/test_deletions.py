"""A stack takes with it what AWS would let it take."""

from __future__ import annotations

import json
from typing import Any

from tests.integration.local.conftest import Clients, eventually

STACK, BUCKET = "leaves", "leaves-a-bucket"
TEMPLATE = {
    "Resources": {
        "Bucket": {
            "Type": "AWS::S3::Bucket",
            "Properties": {"BucketName": BUCKET, "VersioningConfiguration": {"Status": "Enabled"}},
        }
    }
}


def test_bucket_stays_with_its_stack_until_it_is_empty(aws: Clients) -> None:
    cloudformation, s3 = aws("cloudformation"), aws("s3")
    cloudformation.create_stack(StackName=STACK, TemplateBody=json.dumps(TEMPLATE))
    assert settled(cloudformation) == "CREATE_COMPLETE"
    version = s3.put_object(Bucket=BUCKET, Key="one", Body=b"1")["VersionId"]
    marker = s3.delete_object(Bucket=BUCKET, Key="one")["VersionId"]

    cloudformation.delete_stack(StackName=STACK)
    assert settled(cloudformation) == "DELETE_FAILED", "a delete marker hides a version, and removes none"
    assert s3.get_object(Bucket=BUCKET, Key="one", VersionId=version)["Body"].read() == b"1"

    for one in (version, marker):
        s3.delete_object(Bucket=BUCKET, Key="one", VersionId=one)
    cloudformation.delete_stack(StackName=STACK)
    assert settled(cloudformation) == "DELETE_COMPLETE"
    assert BUCKET not in [one["Name"] for one in s3.list_buckets()["Buckets"]]


def settled(cloudformation: Any) -> str:
    def look() -> str | None:
        stacks = [one for one in cloudformation.list_stacks()["StackSummaries"] if one["StackName"] == STACK]
        status: str = stacks[0]["StackStatus"]
        return None if status.endswith("IN_PROGRESS") else status

    found: str = eventually(look)
    return found
