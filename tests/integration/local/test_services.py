"""What the platform leans on in the emulated services: properties kept, conditions honoured, one writer winning."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pyarrow as pa
import pytest
from botocore.exceptions import ClientError
from pyiceberg.catalog import load_catalog
from pyiceberg.exceptions import CommitFailedException

from local.settings import Settings
from tests.integration.local.conftest import Clients

TABLE = "pipeline-control"


def key(name: str) -> dict[str, dict[str, str]]:
    return {"pk": {"S": name}, "sk": {"S": "item"}}


def test_bucket_keeps_its_properties_when_a_stack_made_it(aws: Clients, outputs: dict[str, str]) -> None:
    s3, bucket = aws("s3"), outputs["Landing"]
    [rule] = s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]
    assert rule["NoncurrentVersionExpiration"] == {"NoncurrentDays": 30}
    assert rule["Transitions"] == [{"Days": 90, "StorageClass": "GLACIER"}]
    assert rule["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 7}
    assert s3.get_bucket_logging(Bucket=bucket)["LoggingEnabled"]["TargetPrefix"] == "landing/"
    ownership = s3.get_bucket_ownership_controls(Bucket=bucket)["OwnershipControls"]["Rules"]
    assert ownership == [{"ObjectOwnership": "BucketOwnerEnforced"}]
    [encryption] = s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"]
    assert encryption["BucketKeyEnabled"] is True


def test_table_keeps_its_properties_when_a_stack_made_it(aws: Clients, outputs: dict[str, str]) -> None:
    dynamodb = aws("dynamodb")
    table = dynamodb.describe_table(TableName=TABLE)["Table"]
    assert table["SSEDescription"]["SSEType"] == "KMS"
    assert table["DeletionProtectionEnabled"] is True
    backups = dynamodb.describe_continuous_backups(TableName=TABLE)["ContinuousBackupsDescription"]
    assert backups["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"] == "ENABLED"
    expiry = dynamodb.describe_time_to_live(TableName=TABLE)["TimeToLiveDescription"]
    assert expiry == {"TimeToLiveStatus": "ENABLED", "AttributeName": "expires"}


def test_function_topic_and_query_keep_their_properties_when_a_stack_made_them(
    aws: Clients, outputs: dict[str, str]
) -> None:
    configuration = aws("lambda").get_function_configuration(FunctionName=outputs["Failing"])
    assert configuration["DeadLetterConfig"]["TargetArn"].startswith("arn:aws:sqs:")
    traced = aws("lambda").get_function_configuration(FunctionName=outputs["Layered"])
    assert traced["TracingConfig"] == {"Mode": "Active"}
    topic = aws("sns").get_topic_attributes(TopicArn=outputs["Topic"])["Attributes"]
    assert topic["KmsMasterKeyId"] == outputs["Key"]
    query = aws("athena").get_named_query(NamedQueryId=outputs["NamedQuery"])["NamedQuery"]
    assert (query["Database"], query["QueryString"], query["WorkGroup"]) == ("pipeline", "SELECT 1", "pipeline")


def test_glue_job_keeps_its_properties_when_a_stack_made_it(aws: Clients) -> None:
    template = {
        "Resources": {
            "Encrypted": {
                "Type": "AWS::Glue::SecurityConfiguration",
                "Properties": {
                    "Name": "encrypted",
                    "EncryptionConfiguration": {"CloudWatchEncryption": {"CloudWatchEncryptionMode": "DISABLED"}},
                },
            },
            "Job": {
                "Type": "AWS::Glue::Job",
                "Properties": {
                    "Name": "kept",
                    "Role": "none",
                    "Command": {"Name": "glueetl", "ScriptLocation": "s3://none/none.py"},
                    "ExecutionClass": "FLEX",
                    "ExecutionProperty": {"MaxConcurrentRuns": 3},
                    "SecurityConfiguration": {"Ref": "Encrypted"},
                },
            },
        }
    }
    aws("cloudformation").create_stack(StackName="glue", TemplateBody=json.dumps(template))
    aws("cloudformation").get_waiter("stack_create_complete").wait(StackName="glue", WaiterConfig={"Delay": 1})
    job = aws("glue").get_job(JobName="kept")["Job"]
    assert (job["ExecutionProperty"], job["ExecutionClass"]) == ({"MaxConcurrentRuns": 3}, "FLEX")
    assert job["SecurityConfiguration"] == "encrypted"
    configuration = aws("glue").get_security_configuration(Name="encrypted")["SecurityConfiguration"]
    assert configuration["EncryptionConfiguration"]["CloudWatchEncryption"]["CloudWatchEncryptionMode"] == "DISABLED"


def test_one_of_many_wins_when_threads_put_the_same_item_once(aws: Clients, outputs: dict[str, str]) -> None:
    dynamodb = aws("dynamodb")

    def put(n: int) -> bool:
        try:
            dynamodb.put_item(
                TableName=TABLE,
                Item={**key("race"), "n": {"N": str(n)}},
                ConditionExpression="attribute_not_exists(pk)",
            )
        except dynamodb.exceptions.ConditionalCheckFailedException:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(put, range(24))) == 1


def test_counter_loses_no_step_when_threads_add_to_it(aws: Clients, outputs: dict[str, str]) -> None:
    dynamodb = aws("dynamodb")

    def add(_: int) -> None:
        dynamodb.update_item(
            TableName=TABLE,
            Key=key("counter"),
            UpdateExpression="ADD n :one",
            ExpressionAttributeValues={":one": {"N": "1"}},
        )

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(add, range(40)))
    assert dynamodb.get_item(TableName=TABLE, Key=key("counter"))["Item"]["n"] == {"N": "40"}


def test_nothing_is_written_when_one_condition_of_a_transaction_fails(aws: Clients, outputs: dict[str, str]) -> None:
    dynamodb = aws("dynamodb")
    dynamodb.put_item(TableName=TABLE, Item=key("held"))
    condition: dict[str, Any] = {"TableName": TABLE, "ConditionExpression": "attribute_not_exists(pk)"}
    with pytest.raises(dynamodb.exceptions.TransactionCanceledException):
        dynamodb.transact_write_items(
            TransactItems=[
                {"Put": {"Item": key("fresh"), **condition}},
                {"Put": {"Item": key("held"), **condition}},
            ]
        )
    assert "Item" not in dynamodb.get_item(TableName=TABLE, Key=key("fresh"))


def test_one_commit_is_refused_when_two_start_from_the_same_table_version(
    aws: Clients, outputs: dict[str, str], settings: Settings
) -> None:
    aws("s3").create_bucket(Bucket="commits")
    rows = pa.table({"n": [1]})
    with load_catalog(
        "glue",
        **{
            "type": "glue",
            "glue.endpoint": settings.endpoint,
            "glue.region": settings.region,
            "glue.access-key-id": settings.account,
            "glue.secret-access-key": "local",
            "s3.endpoint": settings.endpoint,
            "s3.region": settings.region,
            "s3.access-key-id": settings.account,
            "s3.secret-access-key": "local",
        },
    ) as catalog:
        name = "pipeline.commits"
        properties = {"commit.retry.num-retries": "0"}
        catalog.create_table(name, rows.schema, location="s3://commits/t", properties=properties)
        first, second = catalog.load_table(name), catalog.load_table(name)
        first.append(rows)
        with pytest.raises(CommitFailedException):
            second.append(rows)
        assert catalog.load_table(name).scan().to_arrow().num_rows == 1


def test_glue_refuses_an_update_when_its_version_is_not_the_current_one(aws: Clients, outputs: dict[str, str]) -> None:
    glue = aws("glue")
    glue.create_table(DatabaseName="pipeline", TableInput={"Name": "versioned"})
    version = glue.get_table(DatabaseName="pipeline", Name="versioned")["Table"]["VersionId"]
    update = {"DatabaseName": "pipeline", "TableInput": {"Name": "versioned", "Description": "x"}}
    glue.update_table(**update, VersionId=version)
    with pytest.raises(ClientError, match="ConcurrentModificationException"):
        glue.update_table(**update, VersionId=version)
