"""What a state machine's role needs for a task."""

from __future__ import annotations

import pytest

from local.stepfunctions import required

FUNCTION = "arn:aws:lambda:us-east-1:000000000000:function:f"


@pytest.mark.parametrize(
    ("resource", "arguments", "needs"),
    [
        (FUNCTION, {}, [("lambda:InvokeFunction", FUNCTION)]),
        ("arn:aws:states:::lambda:invoke", {"FunctionName": FUNCTION}, [("lambda:InvokeFunction", FUNCTION)]),
        (
            "arn:aws:states:::lambda:invoke.waitForTaskToken",
            {"FunctionName": "f"},
            [("lambda:InvokeFunction", FUNCTION)],
        ),
        ("arn:aws:states:::sns:publish", {"TopicArn": "arn:t"}, [("sns:Publish", "arn:t")]),
        (
            "arn:aws:states:::dynamodb:putItem",
            {"TableName": "t"},
            [("dynamodb:PutItem", "arn:aws:dynamodb:us-east-1:000000000000:table/t")],
        ),
        (
            "arn:aws:states:::aws-sdk:s3:getObject",
            {"Bucket": "b", "Key": "k"},
            [("s3:GetObject", "arn:aws:s3:::b/k")],
        ),
        (
            "arn:aws:states:::glue:startJobRun.sync",
            {"JobName": "j"},
            [
                ("glue:StartJobRun", "arn:aws:glue:us-east-1:000000000000:job/j"),
                ("glue:GetJobRun", "arn:aws:glue:us-east-1:000000000000:job/j"),
            ],
        ),
        (
            "arn:aws:states:::glue:startJobRun",
            {"JobName": "j"},
            [("glue:StartJobRun", "arn:aws:glue:us-east-1:000000000000:job/j")],
        ),
        (
            "arn:aws:states:::emr-serverless:startJobRun",
            {"ApplicationId": "00a"},
            [("emr-serverless:StartJobRun", "arn:aws:emr-serverless:us-east-1:000000000000:/applications/00a")],
        ),
        (
            "arn:aws:states:::events:putEvents",
            {"Entries": [{"EventBusName": "bus"}, {}]},
            [
                ("events:PutEvents", "arn:aws:events:us-east-1:000000000000:event-bus/bus"),
                ("events:PutEvents", "arn:aws:events:us-east-1:000000000000:event-bus/default"),
            ],
        ),
        (
            "arn:aws:states:::states:startExecution.sync:2",
            {"StateMachineArn": "arn:m"},
            [("states:StartExecution", "arn:m")],
        ),
        ("arn:aws:states:::aws-sdk:kms:encrypt", {}, [("kms:Encrypt", "*")]),
    ],
)
def test_task_needs_its_action_on_its_resource(
    resource: str, arguments: dict[str, object], needs: list[tuple[str, str]]
) -> None:
    assert required(resource, arguments) == needs
