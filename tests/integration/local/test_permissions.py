"""A role that lacks a permission is refused, whoever assumes it: a function, a state machine, a schedule."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from local.settings import Settings
from tests.integration.local.conftest import Clients, eventually
from tests.integration.local.test_pipeline import receive


@contextmanager
def without_policies(aws: Clients, role: str) -> Iterator[None]:
    """The role without any permission, for a while."""
    iam = aws("iam")
    names = iam.list_role_policies(RoleName=role)["PolicyNames"]
    kept = {name: iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"] for name in names}
    for name in kept:
        iam.delete_role_policy(RoleName=role, PolicyName=name)
    try:
        yield
    finally:
        for name, document in kept.items():
            iam.put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=json.dumps(document))


def outcome(aws: Clients, machine: str, **given: str) -> dict[str, Any]:
    sfn = aws("stepfunctions")
    payload = json.dumps({"key": "k", "version": "1", **given})
    execution = sfn.start_execution(stateMachineArn=machine, input=payload)["executionArn"]

    def ended() -> Any:
        described = sfn.describe_execution(executionArn=execution)
        return described if described["status"] != "RUNNING" else None

    described: dict[str, Any] = eventually(ended)
    return described


def test_function_is_refused_when_its_role_lacks_the_action(aws: Clients, outputs: dict[str, str]) -> None:
    with without_policies(aws, outputs["WaitingRole"]):
        described = outcome(aws, outputs["Machine"])
    assert described["status"] == "FAILED"
    assert "not authorized to perform: states:SendTaskSuccess" in described["cause"]


def test_callback_task_is_refused_when_the_machines_role_lacks_the_action(
    aws: Clients, outputs: dict[str, str]
) -> None:
    with without_policies(aws, outputs["MachineRole"]):
        described = outcome(aws, outputs["Machine"])
    assert (described["status"], described["error"]) == ("FAILED", "Lambda.AWSLambdaException")
    assert "not authorized to perform: lambda:InvokeFunction" in described["cause"]
    assert outputs["Waiting"] in described["cause"]


def test_publish_task_is_refused_when_the_machines_role_may_only_invoke(aws: Clients, outputs: dict[str, str]) -> None:
    allow = {"Effect": "Allow", "Action": "lambda:InvokeFunction", "Resource": "*"}
    with without_policies(aws, outputs["MachineRole"]):
        aws("iam").put_role_policy(
            RoleName=outputs["MachineRole"],
            PolicyName="invoke",
            PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [allow]}),
        )
        described = outcome(aws, outputs["Machine"])
        aws("iam").delete_role_policy(RoleName=outputs["MachineRole"], PolicyName="invoke")
    assert (described["status"], described["error"]) == ("FAILED", "SNS.AuthorizationErrorException")


def test_function_is_refused_when_its_role_does_not_trust_lambda(aws: Clients, outputs: dict[str, str]) -> None:
    iam = aws("iam")
    kept = iam.get_role(RoleName=outputs["PlainRole"])["Role"]["AssumeRolePolicyDocument"]
    other = json.dumps(kept).replace("lambda.amazonaws.com", "ec2.amazonaws.com")
    iam.update_assume_role_policy(RoleName=outputs["PlainRole"], PolicyDocument=other)
    payload = json.loads(aws("lambda").invoke(FunctionName=outputs["Layered"])["Payload"].read())
    iam.update_assume_role_policy(RoleName=outputs["PlainRole"], PolicyDocument=json.dumps(kept))
    assert "cannot be assumed by lambda.amazonaws.com" in payload["errorMessage"]


def schedule(aws: Clients, outputs: dict[str, str], name: str) -> None:
    at = (datetime.now(UTC) + timedelta(seconds=1)).strftime("at(%Y-%m-%dT%H:%M:%S)")
    aws("scheduler").create_schedule(
        Name=name,
        GroupName=outputs["Group"],
        ScheduleExpression=at,
        FlexibleTimeWindow={"Mode": "OFF"},
        Target={
            "Arn": outputs["LayeredArn"],
            "RoleArn": outputs["ScheduleRoleArn"],
            "Input": json.dumps({"scheduled": name}),
            "DeadLetterConfig": {"Arn": dead_letters_arn(aws, outputs)},
        },
    )


def dead_letters_arn(aws: Clients, outputs: dict[str, str]) -> str:
    attributes = aws("sqs").get_queue_attributes(QueueUrl=outputs["DeadLetters"], AttributeNames=["QueueArn"])
    return str(attributes["Attributes"]["QueueArn"])


def invocations(aws: Clients, outputs: dict[str, str]) -> int:
    logs = aws("logs")
    groups = logs.describe_log_groups(logGroupNamePrefix=f"/aws/lambda/{outputs['Layered']}")["logGroups"]
    if not groups:
        return 0
    return len(logs.describe_log_streams(logGroupName=groups[0]["logGroupName"])["logStreams"])


def test_schedule_invokes_its_target_when_its_time_comes(aws: Clients, outputs: dict[str, str]) -> None:
    before = invocations(aws, outputs)
    schedule(aws, outputs, "permitted")
    eventually(lambda: invocations(aws, outputs) > before, 30)


def test_schedule_is_refused_when_its_role_lacks_the_action(aws: Clients, outputs: dict[str, str]) -> None:
    aws("sqs").set_queue_attributes(
        QueueUrl=outputs["DeadLetters"], Attributes={"Policy": _open_to_services(dead_letters_arn(aws, outputs))}
    )
    before = invocations(aws, outputs)
    with without_policies(aws, _role_name(outputs["ScheduleRoleArn"])):
        schedule(aws, outputs, "refused")
        [message] = eventually(lambda: receive(aws, outputs["DeadLetters"]), 30)
    assert "lambda:InvokeFunction" in message["MessageAttributes"]["ERROR_MESSAGE"]["StringValue"]
    time.sleep(0.2)
    assert invocations(aws, outputs) == before


def test_plain_http_passes_a_tls_only_policy_when_it_comes_over_loopback(
    aws: Clients, outputs: dict[str, str], settings: Settings
) -> None:
    assert settings.endpoint.startswith("http://127.0.0.1:")
    assert aws("s3").list_object_versions(Bucket=outputs["Landing"])["Name"] == outputs["Landing"]


def _role_name(arn: str) -> str:
    return arn.rpartition("/")[2]


def _open_to_services(queue: str) -> str:
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": ["events.amazonaws.com", "scheduler.amazonaws.com"]},
        "Action": "sqs:SendMessage",
        "Resource": queue,
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})
