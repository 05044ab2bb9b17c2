"""A pipeline really runs: arrival, rule, function, state machine, topic, queue; and refusals end where AWS puts
them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.integration.local.conftest import Clients, eventually


def receive(aws: Clients, url: str) -> list[dict[str, Any]]:
    sqs = aws("sqs")
    found = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, MessageAttributeNames=["All"]).get("Messages", [])
    for message in found:
        sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    return list(found)


def test_object_runs_through_to_the_queue_when_it_arrives(aws: Clients, outputs: dict[str, str]) -> None:
    put = aws("s3").put_object(Bucket=outputs["Landing"], Key="a/b.csv", Body=b"x")
    [message] = eventually(lambda: receive(aws, outputs["Queue"]))
    notification = json.loads(message["Body"])
    assert json.loads(notification["Message"]) == {"length": 7, "error": "Unreadable"}
    assert notification["MessageAttributes"]["kind"]["Value"] == "end"
    execution = outputs["Machine"].replace(":stateMachine:", ":execution:") + ":" + put["VersionId"].replace(".", "-")
    described = eventually(lambda: _ended(aws, execution))
    assert json.loads(described["input"]) == {"key": "a/b.csv", "version": put["VersionId"]}
    assert described["status"] == "SUCCEEDED"


def test_waiting_task_fails_with_the_class_when_its_function_raises(aws: Clients, outputs: dict[str, str]) -> None:
    started = aws("stepfunctions").start_execution(
        stateMachineArn=outputs["Machine"], input=json.dumps({"key": "refused", "version": "1"})
    )
    described = eventually(lambda: _ended(aws, started["executionArn"]))
    assert (described["status"], described["error"], described["cause"]) == ("FAILED", "Refused", "PermissionError")


def test_put_reports_the_key_when_the_bucket_encrypts_by_default(aws: Clients, outputs: dict[str, str]) -> None:
    put = aws("s3").put_object(Bucket=outputs["Landing"], Key="unmatched", Body=b"x")
    assert put["ServerSideEncryption"] == "aws:kms"
    assert outputs["Key"] in put["SSEKMSKeyId"]
    eventually(lambda: receive(aws, outputs["Queue"]))


def test_event_goes_to_dead_letters_when_the_rule_has_no_permission(aws: Clients, outputs: dict[str, str]) -> None:
    aws("events").put_events(Entries=[{"Source": "unpermitted", "DetailType": "x", "Detail": "{}"}])
    [message] = eventually(lambda: receive(aws, outputs["DeadLetters"]))
    assert message["MessageAttributes"]["ERROR_CODE"]["StringValue"] == "NO_PERMISSIONS"
    assert "lambda:InvokeFunction" in message["MessageAttributes"]["ERROR_MESSAGE"]["StringValue"]


def test_event_goes_to_dead_letters_when_the_function_fails_every_try(aws: Clients, outputs: dict[str, str]) -> None:
    aws("iam").put_role_policy(
        RoleName=outputs["PlainRole"], PolicyName="dead-letters", PolicyDocument=_allow("sqs:SendMessage")
    )
    aws("lambda").invoke(FunctionName=outputs["Failing"], InvocationType="Event", Payload=b'{"n": 1}')
    [message] = eventually(lambda: receive(aws, outputs["DeadLetters"]))
    assert json.loads(message["Body"])["n"] == 1


def test_custom_resource_answers_when_its_library_insists_on_https(outputs: dict[str, str]) -> None:
    assert outputs["Answer"] == "WHY"
    assert outputs["Seeding"] == "seeded"


def test_layer_is_importable_when_it_is_plain_python(aws: Clients, outputs: dict[str, str]) -> None:
    answer = json.loads(aws("lambda").invoke(FunctionName=outputs["Layered"])["Payload"].read())
    assert answer["greeting"] == "hello"
    assert 20_000 < answer["remaining"] <= 30_000


def test_error_payload_names_the_class_when_a_function_raises(aws: Clients, outputs: dict[str, str]) -> None:
    invoked = aws("lambda").invoke(FunctionName=outputs["Failing"], LogType="Tail")
    assert invoked["FunctionError"] == "Unhandled"
    payload = json.loads(invoked["Payload"].read())
    assert (payload["errorType"], payload["errorMessage"]) == ("Unreadable", "nothing to read")
    assert "failing.py" in payload["stackTrace"][-1]


@pytest.mark.parametrize("name", ["Settings", "NamedQuery", "Alarm", "Group"])
def test_resource_has_an_id_when_its_type_is_recorded_or_emulated(outputs: dict[str, str], name: str) -> None:
    assert outputs[name]


def _ended(aws: Clients, execution: str) -> Any:
    sfn = aws("stepfunctions")
    try:
        described = sfn.describe_execution(executionArn=execution)
    except sfn.exceptions.ExecutionDoesNotExist:
        return None
    return None if described["status"] == "RUNNING" else described


def _allow(action: str) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": action, "Resource": "*"}]})
