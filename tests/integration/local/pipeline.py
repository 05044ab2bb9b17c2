"""A small pipeline as a CloudFormation template: an object's arrival runs through every service that a tenant's
stack uses."""

from __future__ import annotations

import io
import json
import textwrap
import zipfile
from typing import Any

CODE_BUCKET = "pipeline-code"

HANDLERS = {
    "trigger.py": """
        import boto3, json, os
        def handler(event, context):
            detail = event["detail"]
            boto3.client("stepfunctions").start_execution(
                stateMachineArn=os.environ["MACHINE"], name=detail["object"]["version-id"].replace(".", "-")[:80],
                input=json.dumps({"key": detail["object"]["key"], "version": detail["object"]["version-id"]}))
        """,
    "waiting.py": """
        import boto3, json
        def handler(event, context):
            if event["key"].endswith("refused"):
                raise PermissionError("this key is refused")
            boto3.client("stepfunctions").send_task_success(
                taskToken=event["token"], output=json.dumps({"length": len(event["key"]), "version": event["version"]}))
        """,
    "failing.py": """
        class Unreadable(Exception):
            pass
        def handler(event, context):
            raise Unreadable("nothing to read")
        """,
    "seed.py": """
        from crhelper import CfnResource
        helper = CfnResource()
        @helper.create
        @helper.update
        def put(event, context):
            helper.Data["Answer"] = event["ResourceProperties"]["Question"].upper()
            return "seeded"
        @helper.delete
        def drop(event, context):
            pass
        def handler(event, context):
            helper(event, context)
        """,
    "layered.py": """
        import greeting
        def handler(event, context):
            return {"greeting": greeting.WORD, "remaining": context.get_remaining_time_in_millis()}
        """,
}


def archive(files: dict[str, str]) -> bytes:
    """A zip of the files."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as zipped:
        for name, text in files.items():
            zipped.writestr(name, textwrap.dedent(text))
    return buffer.getvalue()


def allow(*actions: str, on: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": list(actions), "Resource": on}


def role(service: str, *statements: dict[str, Any]) -> dict[str, Any]:
    policy = {"Version": "2012-10-17", "Statement": list(statements)}
    return {
        "Type": "AWS::IAM::Role",
        "Properties": {
            "AssumeRolePolicyDocument": {
                "Version": "2012-10-17",
                "Statement": [
                    {
                        "Effect": "Allow",
                        "Principal": {"Service": f"{service}.amazonaws.com"},
                        "Action": "sts:AssumeRole",
                    }
                ],
            },
            "Policies": [{"PolicyName": "all", "PolicyDocument": policy}] if statements else [],
        },
    }


def function(module: str, role_name: str, **more: Any) -> dict[str, Any]:
    return {
        "Type": "AWS::Lambda::Function",
        "Properties": {
            "Runtime": "python3.12",
            "Handler": f"{module}.handler",
            "Role": {"Fn::GetAtt": [role_name, "Arn"]},
            "Code": {"S3Bucket": CODE_BUCKET, "S3Key": "code.zip"},
            "Timeout": 30,
            **more,
        },
    }


def arn(name: str) -> dict[str, Any]:
    return {"Fn::GetAtt": [name, "Arn"]}


MACHINE = {
    "QueryLanguage": "JSONata",
    "StartAt": "Wait",
    "States": {
        "Wait": {
            "Type": "Task",
            "Resource": "arn:aws:states:::lambda:invoke.waitForTaskToken",
            "Arguments": {
                "FunctionName": "${Waiting}",
                "Payload": {
                    "token": "{% $states.context.Task.Token %}",
                    "key": "{% $states.input.key %}",
                    "version": "{% $states.input.version %}",
                },
            },
            "TimeoutSeconds": 60,
            "Catch": [{"ErrorEquals": ["PermissionError"], "Next": "Refused"}],
            "Next": "Fail",
        },
        "Fail": {
            "Type": "Task",
            "Resource": "arn:aws:states:::lambda:invoke",
            "Arguments": {"FunctionName": "${Failing}", "Payload": "{% $states.input %}"},
            "Assign": {"length": "{% $states.input.length %}"},
            "Catch": [
                {
                    "ErrorEquals": ["Unreadable"],
                    "Next": "Tell",
                    "Output": {"length": "{% $states.input.length %}", "error": "{% $states.errorOutput.Error %}"},
                }
            ],
            "End": True,
        },
        "Tell": {
            "Type": "Task",
            "Resource": "arn:aws:states:::sns:publish",
            "Arguments": {
                "TopicArn": "${Topic}",
                "Message": "{% $states.input %}",
                "MessageAttributes": {"kind": {"DataType": "String", "StringValue": "end"}},
            },
            "End": True,
        },
        "Refused": {"Type": "Fail", "Error": "Refused", "Cause": "{% $states.input.Error %}"},
    },
}

RESOURCES: dict[str, Any] = {
    "Key": {
        "Type": "AWS::KMS::Key",
        "Properties": {
            "EnableKeyRotation": True,
            "KeyPolicy": {
                "Version": "2012-10-17",
                "Statement": [
                    {
                        "Effect": "Allow",
                        "Principal": {"AWS": {"Fn::Sub": "arn:aws:iam::${AWS::AccountId}:root"}},
                        "Action": "kms:*",
                        "Resource": "*",
                    }
                ],
            },
        },
    },
    "Landing": {
        "Type": "AWS::S3::Bucket",
        "Properties": {
            "BucketName": "pipeline-landing",
            "VersioningConfiguration": {"Status": "Enabled"},
            "BucketEncryption": {
                "ServerSideEncryptionConfiguration": [
                    {
                        "BucketKeyEnabled": True,
                        "ServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": arn("Key")},
                    }
                ]
            },
            "LifecycleConfiguration": {
                "Rules": [
                    {
                        "Id": "old-versions",
                        "Status": "Enabled",
                        "NoncurrentVersionExpiration": {"NoncurrentDays": 30},
                        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7},
                        "Transitions": [{"StorageClass": "GLACIER", "TransitionInDays": 90}],
                    }
                ]
            },
            "LoggingConfiguration": {"DestinationBucketName": CODE_BUCKET, "LogFilePrefix": "landing/"},
            "OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]},
            "NotificationConfiguration": {"EventBridgeConfiguration": {"EventBridgeEnabled": True}},
        },
    },
    "LandingPolicy": {
        "Type": "AWS::S3::BucketPolicy",
        "Properties": {
            "Bucket": {"Ref": "Landing"},
            "PolicyDocument": {
                "Version": "2012-10-17",
                "Statement": [
                    {
                        "Effect": "Deny",
                        "Principal": {"AWS": "*"},
                        "Action": "s3:*",
                        "Resource": [arn("Landing"), {"Fn::Sub": "${Landing.Arn}/*"}],
                        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
                    }
                ],
            },
        },
    },
    "Layer": {
        "Type": "AWS::Lambda::LayerVersion",
        "Properties": {
            "Content": {"S3Bucket": CODE_BUCKET, "S3Key": "layer.zip"},
            "CompatibleRuntimes": ["python3.12"],
        },
    },
    "TriggerRole": role("lambda", allow("states:StartExecution", on={"Ref": "Machine"})),
    "Trigger": function("trigger", "TriggerRole", Environment={"Variables": {"MACHINE": {"Ref": "Machine"}}}),
    "WaitingRole": role("lambda", allow("states:SendTaskSuccess", on="*")),
    "Waiting": function("waiting", "WaitingRole"),
    "PlainRole": role("lambda"),
    "Failing": function("failing", "PlainRole", DeadLetterConfig={"TargetArn": arn("DeadLetters")}),
    "FailingRetries": {
        "Type": "AWS::Lambda::EventInvokeConfig",
        "Properties": {"FunctionName": {"Ref": "Failing"}, "Qualifier": "$LATEST", "MaximumRetryAttempts": 1},
    },
    "Layered": function("layered", "PlainRole", Layers=[{"Ref": "Layer"}], TracingConfig={"Mode": "Active"}),
    "Seed": function("seed", "PlainRole"),
    "Seeding": {
        "Type": "AWS::CloudFormation::CustomResource",
        "Properties": {"ServiceToken": arn("Seed"), "Question": "why"},
    },
    "MachineRole": role(
        "states",
        allow("lambda:InvokeFunction", on=[arn("Waiting"), arn("Failing")]),
        allow("sns:Publish", on={"Ref": "Topic"}),
    ),
    "Machine": {
        "Type": "AWS::StepFunctions::StateMachine",
        "Properties": {
            "RoleArn": arn("MachineRole"),
            "DefinitionString": json.dumps(MACHINE),
            "DefinitionSubstitutions": {
                "Waiting": arn("Waiting"),
                "Failing": arn("Failing"),
                "Topic": {"Ref": "Topic"},
            },
        },
    },
    "Arrival": {
        "Type": "AWS::Events::Rule",
        "Properties": {
            "EventPattern": {
                "source": ["aws.s3"],
                "detail-type": ["Object Created"],
                "detail": {"bucket": {"name": [{"Ref": "Landing"}]}},
            },
            "Targets": [{"Id": "trigger", "Arn": arn("Trigger")}],
        },
    },
    "ArrivalPermission": {
        "Type": "AWS::Lambda::Permission",
        "Properties": {
            "FunctionName": arn("Trigger"),
            "Action": "lambda:InvokeFunction",
            "Principal": "events.amazonaws.com",
            "SourceArn": arn("Arrival"),
        },
    },
    "Unpermitted": {
        "Type": "AWS::Events::Rule",
        "Properties": {
            "EventPattern": {"source": ["unpermitted"]},
            "Targets": [
                {"Id": "trigger", "Arn": arn("Trigger"), "DeadLetterConfig": {"Arn": arn("DeadLetters")}},
            ],
        },
    },
    "Topic": {"Type": "AWS::SNS::Topic", "Properties": {"KmsMasterKeyId": {"Ref": "Key"}}},
    "Queue": {"Type": "AWS::SQS::Queue", "Properties": {"KmsMasterKeyId": {"Ref": "Key"}}},
    "DeadLetters": {"Type": "AWS::SQS::Queue"},
    "QueuePolicy": {
        "Type": "AWS::SQS::QueuePolicy",
        "Properties": {
            "Queues": [{"Ref": "Queue"}, {"Ref": "DeadLetters"}],
            "PolicyDocument": {
                "Version": "2012-10-17",
                "Statement": [
                    {
                        "Effect": "Allow",
                        "Principal": {"Service": ["sns.amazonaws.com", "events.amazonaws.com"]},
                        "Action": "sqs:SendMessage",
                        "Resource": "*",
                    }
                ],
            },
        },
    },
    "Subscription": {
        "Type": "AWS::SNS::Subscription",
        "Properties": {"TopicArn": {"Ref": "Topic"}, "Protocol": "sqs", "Endpoint": arn("Queue")},
    },
    "Table": {
        "Type": "AWS::DynamoDB::Table",
        "Properties": {
            "TableName": "pipeline-control",
            "BillingMode": "PAY_PER_REQUEST",
            "AttributeDefinitions": [
                {"AttributeName": "pk", "AttributeType": "S"},
                {"AttributeName": "sk", "AttributeType": "S"},
            ],
            "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
            "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True},
            "SSESpecification": {"SSEEnabled": True, "SSEType": "KMS", "KMSMasterKeyId": arn("Key")},
            "TimeToLiveSpecification": {"AttributeName": "expires", "Enabled": True},
            "DeletionProtectionEnabled": True,
        },
    },
    "Database": {
        "Type": "AWS::Glue::Database",
        "Properties": {"CatalogId": {"Ref": "AWS::AccountId"}, "DatabaseInput": {"Name": "pipeline"}},
    },
    "WorkGroup": {
        "Type": "AWS::Athena::WorkGroup",
        "Properties": {
            "Name": "pipeline",
            "WorkGroupConfiguration": {
                "EnforceWorkGroupConfiguration": True,
                "BytesScannedCutoffPerQuery": 10_000_000,
                "ResultConfiguration": {"OutputLocation": f"s3://{CODE_BUCKET}/athena/"},
            },
        },
    },
    "NamedQuery": {
        "Type": "AWS::Athena::NamedQuery",
        "Properties": {
            "Database": "pipeline",
            "QueryString": "SELECT 1",
            "Name": "one",
            "WorkGroup": {"Ref": "WorkGroup"},
        },
    },
    "Group": {"Type": "AWS::Scheduler::ScheduleGroup", "Properties": {"Name": "pipeline"}},
    "ScheduleRole": role("scheduler", allow("lambda:InvokeFunction", on=arn("Layered"))),
    "LogGroup": {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": "/pipeline", "RetentionInDays": 30}},
    "Alarm": {
        "Type": "AWS::CloudWatch::Alarm",
        "Properties": {
            "ComparisonOperator": "GreaterThanThreshold",
            "EvaluationPeriods": 1,
            "Namespace": "AWS/Lambda",
            "MetricName": "Errors",
            "Period": 60,
            "Statistic": "Sum",
            "Threshold": 0,
        },
    },
    "Settings": {"Type": "AWS::LakeFormation::DataLakeSettings", "Properties": {"Admins": []}},
    "Metadata": {"Type": "AWS::CDK::Metadata", "Properties": {"Analytics": "none"}},
}

TEMPLATE = {
    "Resources": RESOURCES,
    "Outputs": {name: {"Value": {"Ref": name}} for name in RESOURCES}
    | {"Answer": {"Value": {"Fn::GetAtt": ["Seeding", "Answer"]}}}
    | {"ScheduleRoleArn": {"Value": arn("ScheduleRole")}, "LayeredArn": {"Value": arn("Layered")}},
}
