"""The embedded AWS fails on demand, and a Lambda that is killed or late is reported as AWS reports it."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

from local import process
from local.deploy import client
from local.faults import Fault, Rule
from local.settings import Settings
from tests.chaos.switchboard import Switchboard
from tests.integration.local import pipeline
from tests.integration.local.conftest import Clients, eventually, free_port

WRITER = {
    "writer.py": """
        import boto3, os, time
        from botocore.config import Config
        from datetime import datetime, timezone
        def handler(event, context):
            config = Config(retries={"total_max_attempts": event.get("attempts", 1)})
            table = boto3.resource("dynamodb", config=config).Table("written")
            s3 = boto3.client("s3", config=config)
            before = table.get_item(Key={"pk": "count"}).get("Item", {"n": 0, "by": []})
            table.put_item(Item={"pk": "count", "n": before["n"] + 1, "by": [*before["by"], context.aws_request_id]})
            s3.put_object(Bucket="written", Key=event.get("key", "a/b"), Body=b"x" * 100)
            return {"pid": os.getpid(), "now": time.time(), "utc": datetime.now(timezone.utc).timestamp()}
        """,
}
MACHINE = {
    "StartAt": "Write",
    "States": {
        "Write": {
            "Type": "Task",
            "Resource": "arn:aws:states:::lambda:invoke",
            "Parameters": {"FunctionName": "fault-writer", "Payload": {}},
            "Retry": [{"ErrorEquals": ["Runtime.ExitError"], "IntervalSeconds": 1, "MaxAttempts": 1}],
            "End": True,
        }
    },
}


@pytest.fixture(scope="module")
def failing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    settings = Settings(state_dir=tmp_path_factory.mktemp("failing"), port=free_port(), faults=True)
    process.up(settings)
    try:
        yield settings
    finally:
        process.down(settings.state_dir)


@pytest.fixture(scope="module")
def aws(failing: Settings) -> Clients:
    made: dict[str, Any] = {}
    clients: Clients = lambda service: made.setdefault(service, client(failing, service))  # noqa: E731  # typed as the shared fixture is
    key = [{"AttributeName": "pk", "KeyType": "HASH"}]
    attributes = [{"AttributeName": "pk", "AttributeType": "S"}]
    clients("dynamodb").create_table(
        TableName="written", KeySchema=key, AttributeDefinitions=attributes, BillingMode="PAY_PER_REQUEST"
    )
    clients("s3").create_bucket(Bucket="written")
    trust = pipeline.role("lambda")["Properties"]["AssumeRolePolicyDocument"]
    trust["Statement"] += pipeline.role("states")["Properties"]["AssumeRolePolicyDocument"]["Statement"]
    role = clients("iam").create_role(RoleName="writer", AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
    may = pipeline.allow(
        "dynamodb:GetItem", "dynamodb:PutItem", "s3:PutObject", "lambda:InvokeFunction", "sqs:SendMessage", on="*"
    )
    policy = json.dumps({"Version": "2012-10-17", "Statement": [may]})
    clients("iam").put_role_policy(RoleName="writer", PolicyName="all", PolicyDocument=policy)
    queue = clients("sqs").create_queue(QueueName="dead")["QueueUrl"]
    dead = clients("sqs").get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    clients("lambda").create_function(
        FunctionName="fault-writer",
        Runtime="python3.12",
        Role=role,
        Handler="writer.handler",
        Code={"ZipFile": pipeline.archive(WRITER)},
        Timeout=3,
        DeadLetterConfig={"TargetArn": dead},
    )
    clients("lambda").get_waiter("function_active_v2").wait(FunctionName="fault-writer", WaiterConfig={"Delay": 1})
    clients("stepfunctions").create_state_machine(name="writing", roleArn=role, definition=json.dumps(MACHINE))
    return clients


@pytest.fixture
def faults(failing: Settings, aws: Clients) -> Iterator[Switchboard]:
    switchboard = Switchboard(failing)
    yield switchboard
    switchboard.clear()


def rule(fault: Fault, service: str = "dynamodb", operation: str = "PutItem", **more: Any) -> Rule:
    return Rule(name="it", service=service, operation=operation, fault=fault, **more)


def write(aws: Clients, **event: object) -> dict[str, Any]:
    answer = aws("lambda").invoke(FunctionName="fault-writer", Payload=json.dumps(event).encode())
    said: dict[str, Any] = json.load(answer["Payload"])
    return said


def written(aws: Clients) -> int:
    item = aws("dynamodb").get_item(TableName="written", Key={"pk": {"S": "count"}}, ConsistentRead=True).get("Item")
    return int(item["n"]["N"]) if item else 0


@pytest.mark.parametrize(("fault", "effect"), [(Fault.KILL_BEFORE, 0), (Fault.KILL_AFTER, 1)])
def test_process_is_killed_before_or_after_the_effect_when_a_rule_says_so(
    aws: Clients, faults: Switchboard, fault: Fault, effect: int
) -> None:
    alive, before = write(aws)["pid"], written(aws)
    faults.set(rule(fault, caller="fault-*"))
    assert write(aws)["errorType"] == "Runtime.ExitError"
    assert written(aws) - before == effect
    assert faults.fired() == {"it": 1}
    assert write(aws)["pid"] != alive, "the next invocation has a process of its own"


def test_answer_is_lost_after_its_effect_when_a_rule_says_so(aws: Clients, faults: Switchboard) -> None:
    before = written(aws)
    faults.set(rule(Fault.LOSE))
    assert write(aws)["errorType"] == "ConnectionClosedError"
    assert written(aws) == before + 1
    faults.set(rule(Fault.LOSE))
    assert "now" in write(aws, attempts=3), "the client asks again, as AWS's clients do"


@pytest.mark.parametrize(
    ("asked", "error"),
    [
        (
            {"code": "ProvisionedThroughputExceededException"},
            "ProvisionedThroughputExceededException",
        ),
        ({"service": "s3", "operation": "PutObject", "code": "SlowDown", "status": 503}, "ClientError"),
    ],
)
def test_calls_are_refused_as_often_as_asked_when_a_service_is_busy(
    aws: Clients, faults: Switchboard, asked: dict[str, Any], error: str
) -> None:
    faults.set(rule(Fault.REFUSE, times=2, **asked))
    assert write(aws)["errorType"] == error
    assert "now" in write(aws, attempts=4), "the second refusal is tried again"
    assert faults.fired() == {"it": 2}


def test_invocation_times_out_and_its_call_takes_effect_all_the_same_when_a_call_is_delayed(
    aws: Clients, faults: Switchboard
) -> None:
    before = written(aws)
    faults.set(rule(Fault.DELAY, seconds=4))
    assert write(aws)["errorType"] == "Sandbox.Timedout"
    assert written(aws) == before
    eventually(lambda: written(aws) == before + 1)


def test_only_the_calls_that_are_meant_fail_when_a_rule_is_narrow(aws: Clients, faults: Switchboard) -> None:
    faults.set(
        rule(Fault.REFUSE, "s3", "PutObject", resource="written/only/*", skip=1, status=500, code="InternalError"),
        rule(Fault.REFUSE, operation="PutItem", body='"n":.*"-1"'),
    )
    assert "now" in write(aws, key="other/one")
    assert "now" in write(aws, key="only/one")
    assert write(aws, key="only/two")["errorType"] == "ClientError"
    aws("s3").put_object(Bucket="written", Key="only/person", Body=b"")


def test_clock_of_a_lambda_is_off_when_asked(aws: Clients, faults: Switchboard) -> None:
    faults.set(clocks={"fault-*": 3600.0})
    off = write(aws)
    assert off["now"] - time.time() == pytest.approx(3600, abs=30)
    assert off["utc"] - time.time() == pytest.approx(3600, abs=30)
    faults.clear("fault-*")
    assert write(aws)["now"] - time.time() == pytest.approx(0, abs=30)


def test_state_machine_sees_the_exit_and_may_try_again_when_a_lambda_is_killed(
    aws: Clients, faults: Switchboard
) -> None:
    def run(name: str) -> dict[str, Any]:
        arn = "arn:aws:states:us-east-1:000000000000:stateMachine:writing"
        started = aws("stepfunctions").start_execution(stateMachineArn=arn, name=name)["executionArn"]

        def ended() -> Any:
            found = aws("stepfunctions").describe_execution(executionArn=started)
            return None if found["status"] == "RUNNING" else found

        found: dict[str, Any] = eventually(ended)
        return found

    faults.set(rule(Fault.KILL_BEFORE, times=1))
    assert run("once")["status"] == "SUCCEEDED"
    faults.set(rule(Fault.KILL_BEFORE, times=2))
    twice = run("twice")
    assert (twice["status"], twice["error"]) == ("FAILED", "Runtime.ExitError")


def test_asynchronous_invocation_is_tried_three_times_when_it_is_killed(aws: Clients, faults: Switchboard) -> None:
    before = written(aws)
    faults.set(rule(Fault.KILL_BEFORE, times=2))
    aws("lambda").invoke(FunctionName="fault-writer", InvocationType="Event", Payload=b"{}")
    eventually(lambda: written(aws) == before + 1)
    faults.clear()
    faults.set(rule(Fault.KILL_AFTER, times=2))
    aws("lambda").invoke(FunctionName="fault-writer", InvocationType="Event", Payload=b"{}")
    eventually(lambda: written(aws) == before + 4)
    item = aws("dynamodb").get_item(TableName="written", Key={"pk": {"S": "count"}}, ConsistentRead=True)["Item"]
    *_, once, first, second, third = [one["S"] for one in item["by"]["L"]]
    assert once != first == second == third, "each try has the request id of its invocation"
    faults.clear()
    faults.set(rule(Fault.KILL_BEFORE, times=3))
    aws("lambda").invoke(FunctionName="fault-writer", InvocationType="Event", Payload=b'{"key": "told"}')
    queue = aws("sqs").get_queue_url(QueueName="dead")["QueueUrl"]
    [letter] = eventually(lambda: aws("sqs").receive_message(QueueUrl=queue).get("Messages"))
    assert json.loads(letter["Body"]) == {"key": "told"}
    assert written(aws) == before + 4
