"""A missing object is told of only to those who may list its bucket, as S3 does it."""

from __future__ import annotations

import json
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from local.settings import Settings
from tests.integration.local.conftest import Clients

BUCKET = "missing-objects"
READ = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{BUCKET}/*"}
LIST = {"Effect": "Allow", "Action": "s3:ListBucket", "Resource": f"arn:aws:s3:::{BUCKET}"}


def reader(aws: Clients, settings: Settings, name: str, *statements: dict[str, str]) -> Any:
    """S3 as a user with these statements."""
    iam, s3 = aws("iam"), aws("s3")
    s3.create_bucket(Bucket=BUCKET)
    s3.put_object(Bucket=BUCKET, Key="run=1/there", Body=b"x")
    iam.create_user(UserName=name)
    document = json.dumps({"Version": "2012-10-17", "Statement": statements})
    iam.put_user_policy(UserName=name, PolicyName="own", PolicyDocument=document)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    return boto3.client(
        "s3",
        endpoint_url=settings.endpoint,
        region_name=settings.region,
        aws_access_key_id=key["AccessKeyId"],
        aws_secret_access_key=key["SecretAccessKey"],
    )


def status(s3: Any, key: str) -> int:
    try:
        return int(s3.get_object(Bucket=BUCKET, Key=key)["ResponseMetadata"]["HTTPStatusCode"])
    except ClientError as error:
        return int(error.response["ResponseMetadata"]["HTTPStatusCode"])


@pytest.mark.parametrize(
    ("name", "statements", "told"), [("reads-and-lists", (READ, LIST), 404), ("only-reads", (READ,), 403)]
)
def test_missing_object_is_refused_when_the_caller_may_not_list(
    aws: Clients, settings: Settings, name: str, statements: tuple[dict[str, str], ...], told: int
) -> None:
    s3 = reader(aws, settings, name, *statements)
    assert status(s3, "run=1/there") == 200
    assert status(s3, "run=1/not-there") == told
    with pytest.raises(ClientError, match=str(told)):
        s3.head_object(Bucket=BUCKET, Key="run=1/not-there")
