"""A policy that allows a tenant's items only keeps a role from another tenant's, in every kind of request."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from local.settings import Settings
from tests.integration.local.conftest import Clients

TABLE = "pipeline-control"
Operation = Callable[[Any, str], Any]


def key(pk: str) -> dict[str, Any]:
    return {"pk": {"S": pk}, "sk": {"S": "x"}}


OPERATIONS: dict[str, Operation] = {
    "get": lambda db, pk: db.get_item(TableName=TABLE, Key=key(pk)),
    "put": lambda db, pk: db.put_item(TableName=TABLE, Item=key(pk)),
    "query": lambda db, pk: db.query(
        TableName=TABLE, KeyConditionExpression="pk = :p", ExpressionAttributeValues={":p": {"S": pk}}
    ),
    "batch": lambda db, pk: db.batch_get_item(RequestItems={TABLE: {"Keys": [key("TENANT#a"), key(pk)]}}),
    "transaction": lambda db, pk: db.transact_write_items(
        TransactItems=[{"Put": {"TableName": TABLE, "Item": key(each)}} for each in ("TENANT#a", pk)]
    ),
}


@pytest.fixture(scope="module")
def tenant(aws: Clients, outputs: dict[str, str], settings: Settings) -> Any:
    """DynamoDB as a role that may touch the items of tenant `a` only."""
    trust = {"Effect": "Allow", "Principal": {"AWS": settings.account}, "Action": "sts:AssumeRole"}
    statement = {
        "Effect": "Allow",
        "Action": ["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query", "dynamodb:BatchGetItem"],
        "Resource": "*",
        "Condition": {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["TENANT#a", "TENANT#a#*"]}},
    }
    iam, version = aws("iam"), "2012-10-17"
    role = iam.create_role(
        RoleName="tenant-a", AssumeRolePolicyDocument=json.dumps({"Version": version, "Statement": [trust]})
    )["Role"]
    document = json.dumps({"Version": version, "Statement": [statement]})
    iam.put_role_policy(RoleName="tenant-a", PolicyName="own", PolicyDocument=document)
    session = aws("sts").assume_role(RoleArn=role["Arn"], RoleSessionName="tenant-a")["Credentials"]
    return boto3.client(
        "dynamodb",
        endpoint_url=settings.endpoint,
        region_name=settings.region,
        aws_access_key_id=session["AccessKeyId"],
        aws_secret_access_key=session["SecretAccessKey"],
        aws_session_token=session["SessionToken"],
    )


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=OPERATIONS)
def test_own_items_are_reached_when_the_policy_names_them(tenant: Any, operation: Operation) -> None:
    operation(tenant, "TENANT#a#RUNS")


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=OPERATIONS)
@pytest.mark.parametrize("foreign", ["TENANT#b", "TENANT#ab"])
def test_other_items_are_refused_when_the_policy_does_not_name_them(
    tenant: Any, operation: Operation, foreign: str
) -> None:
    with pytest.raises(ClientError, match="AccessDenied"):
        operation(tenant, foreign)
