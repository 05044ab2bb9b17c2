"""A cloud assembly is deployed by the CDK's own command, and reported: what is emulated, what is recorded only."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from local.deploy import deploy
from local.errors import DeployFailed
from local.settings import Settings, project_root
from tests.integration.local.conftest import Clients

ASSETS = "cdk-hnb659fds-assets-000000000000-us-east-1"
ROLE = "arn:aws:iam::000000000000:role/cdk-hnb659fds-{}-role-000000000000-us-east-1"


def assembly(folder: Path, resources: dict[str, Any]) -> Path:
    """An assembly of one stack, with one file asset, as the CDK writes it."""
    (folder / "asset.code").mkdir(parents=True)
    (folder / "asset.code" / "code.py").write_text("def handler(event, context): return 7\n")
    (folder / "One.template.json").write_text(json.dumps({"Resources": resources}))
    publish = {
        "bucketName": ASSETS,
        "objectKey": "code.zip",
        "region": "us-east-1",
        "assumeRoleArn": ROLE.format("file-publishing"),
    }
    code = {"source": {"path": "asset.code", "packaging": "zip"}, "destinations": {"current": publish}}
    (folder / "One.assets.json").write_text(
        json.dumps({"version": "36.0.0", "files": {"code": code}, "dockerImages": {}})
    )
    stack = {
        "type": "aws:cloudformation:stack",
        "environment": "aws://000000000000/us-east-1",
        "properties": {
            "templateFile": "One.template.json",
            "assumeRoleArn": ROLE.format("deploy"),
            "cloudFormationExecutionRoleArn": ROLE.format("cfn-exec"),
        },
        "dependencies": ["One.assets"],
    }
    assets = {"type": "cdk:asset-manifest", "properties": {"file": "One.assets.json"}}
    manifest = {"version": "36.0.0", "artifacts": {"One.assets": assets, "One": stack}}
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return folder


def role() -> dict[str, Any]:
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    document = {"Version": "2012-10-17", "Statement": [trust]}
    return {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": document}}


def test_report_tells_recorded_types_apart_when_an_assembly_is_deployed(
    settings: Settings, aws: Clients, tmp_path: Path
) -> None:
    function = {
        "Type": "AWS::Lambda::Function",
        "Properties": {
            "FunctionName": "deployed",
            "Runtime": "python3.12",
            "Handler": "code.handler",
            "Role": {"Fn::GetAtt": ["Role", "Arn"]},
            "Code": {"S3Bucket": ASSETS, "S3Key": "code.zip"},
        },
    }
    trail = {"Type": "AWS::CloudTrail::Trail", "Properties": {"S3BucketName": "b", "IsLogging": True}}
    built = assembly(tmp_path / "out", {"Role": role(), "Function": function, "Trail": trail})
    shown: list[str] = []
    report = deploy(settings, project_root(), assembly=built, progress=shown.append)
    assert report.emulated["AWS::Lambda::Function"] >= 1
    assert report.recorded_only["AWS::CloudTrail::Trail"] == 1
    assert any(stack.name == "One" and stack.status == "CREATE_COMPLETE" for stack in report.stacks)
    assert shown
    assert json.load(aws("lambda").invoke(FunctionName="deployed")["Payload"]) == 7


def test_reason_is_shown_when_cloudformation_refuses_a_stack(settings: Settings, tmp_path: Path) -> None:
    built = assembly(tmp_path / "out", {"Odd": {"Type": "AWS::S3::Bukket"}})
    with pytest.raises(DeployFailed, match=r"Unrecognized resource types: \[AWS::S3::Bukket\]"):
        deploy(settings, project_root(), assembly=built)


def test_remedy_is_shown_when_the_cdk_command_is_not_installed(settings: Settings, tmp_path: Path) -> None:
    with pytest.raises(DeployFailed, match="npm ci"):
        deploy(settings, tmp_path)
