"""Least privilege, read from the templates: what no statement may say, and what each role's statements say."""

from __future__ import annotations

import json
from collections import Counter, defaultdict

import pytest

from medallion.layout import Environment, Machine, Task, TenantLayout
from stacks.permissions import Capabilities
from stacks.settings import ENVIRONMENTS
from stacks.tasks import permissions
from tests.infrastructure.synthesis import Statement, Synthesis, flat

# The services know no resource for these.
WITHOUT_RESOURCE_LEVEL = {
    "xray:PutTraceSegments",
    "xray:PutTelemetryRecords",
    "xray:GetSamplingRules",
    "xray:GetSamplingTargets",
    "logs:CreateLogDelivery",
    "logs:GetLogDelivery",
    "logs:UpdateLogDelivery",
    "logs:DeleteLogDelivery",
    "logs:ListLogDeliveries",
    "logs:PutResourcePolicy",
    "logs:DescribeResourcePolicies",
    "logs:DescribeLogGroups",
}
INLINE_POLICY_LIMIT = 10_240


@pytest.fixture(scope="module", params=["dev", "prod"])
def synthesis(request: pytest.FixtureRequest) -> Synthesis:
    found: Synthesis = request.getfixturevalue(request.param)
    return found


def identity(synthesis: Synthesis, owner: str) -> dict[str, Statement]:
    """A role's statements by Sid; the role by what its name holds."""
    return {each.sid: each for each in synthesis.statements() if each.kind == "identity" and f"-{owner}-" in each.owner}


def test_no_action_has_a_wildcard_when_it_is_allowed(synthesis: Synthesis) -> None:
    wild = [
        (each.owner, action)
        for each in synthesis.statements()
        if each.effect == "Allow"
        for action in each.actions
        if "*" in action
    ]
    assert wild == []


def test_only_insecure_transport_and_changing_the_ledger_are_denied_wholesale(synthesis: Synthesis) -> None:
    denials = [each for each in synthesis.statements() if each.effect == "Deny"]
    of_ledger = [each for each in denials if each.sid.startswith("Refuse")]
    assert of_ledger
    assert all("Ledger" in one for each in of_ledger for one in each.resources)
    denials = [each for each in denials if each not in of_ledger]
    assert {next(iter(each.raw["Condition"].values())).popitem()[0] for each in map(_copied, denials)} == {
        "aws:SecureTransport",
        "s3:TlsVersion",
    }


def _copied(statement: Statement) -> Statement:
    return Statement(statement.stack, statement.owner, statement.kind, json.loads(json.dumps(statement.raw)))


def test_every_resource_is_named_when_the_service_can_name_it(synthesis: Synthesis) -> None:
    unnamed = {
        action
        for each in synthesis.statements()
        if each.kind == "identity" and "*" in each.resources
        for action in each.actions
    }
    assert unnamed == WITHOUT_RESOURCE_LEVEL


def test_no_statement_says_not(synthesis: Synthesis) -> None:
    for each in synthesis.statements():
        assert not {"NotAction", "NotResource", "NotPrincipal"} & set(each.raw)


def test_every_permission_has_a_sid_of_its_own(synthesis: Synthesis) -> None:
    sids = Counter((each.owner, each.sid) for each in synthesis.statements() if each.kind == "identity")
    assert not [key for key, count in sids.items() if count > 1 or not key[1].isalnum() or key[1].isdigit()]


def test_no_policy_stands_outside_its_role(synthesis: Synthesis) -> None:
    for resource_type in ("AWS::IAM::Policy", "AWS::IAM::ManagedPolicy"):
        assert synthesis.resources(resource_type) == {}
    for role in synthesis.resources("AWS::IAM::Role").values():
        assert [policy["PolicyName"] for policy in role["Properties"]["Policies"]] == ["Permissions"]
        assert "ManagedPolicyArns" not in role["Properties"]


def test_there_is_one_role_for_each_function_and_machine_and_the_schedules(dev: Synthesis) -> None:
    names = {flat(role["Properties"]["RoleName"]) for role in dev.resources("AWS::IAM::Role", "acme-pipeline").values()}
    assert names == {f"medallion-dev-acme-{of}-<AWS::Region>" for of in (*Task, *Machine, "schedule")}


@pytest.mark.parametrize("task", Task)
def test_a_role_holds_its_tasks_permissions_and_nothing_more_when_synthesized(prod: Synthesis, task: Task) -> None:
    layout = TenantLayout(Environment.PROD, "acme", "123456789012", "ap-southeast-1")
    expected = {each.sid: set(each.actions) for each in permissions(task, Capabilities(layout, "key"))}
    if task is Task.SEED:
        expected["GetFolder"] = {"s3:GetObject"}
    assert {sid: set(each.actions) for sid, each in identity(prod, task).items()} == expected


def test_a_role_names_only_its_own_tenants_resources(dev: Synthesis) -> None:
    for each in dev.statements():
        if each.kind == "identity" and "acme" in each.owner:
            assert "skyline" not in json.dumps(each.raw)


def test_only_the_tenants_items_are_reached_when_a_role_uses_the_control_table(synthesis: Synthesis) -> None:
    of_table = [each for each in synthesis.statements() if any(":table/medallion-" in one for one in each.resources)]
    assert of_table
    for each in of_table:
        tenant = each.owner.split("-")[2]
        assert each.raw["Condition"] == {
            "ForAllValues:StringLike": {"dynamodb:LeadingKeys": [f"TENANT#{tenant}", f"TENANT#{tenant}#*"]}
        }
        # Without a key in the request the condition would hold for anything.
        assert not {"dynamodb:Scan", "dynamodb:PartiQLSelect", "dynamodb:DescribeTable"} & set(each.actions)


def test_a_role_is_passed_to_the_scheduler_only(synthesis: Synthesis) -> None:
    passing = [each for each in synthesis.statements() if "iam:PassRole" in each.actions]
    assert {each.owner.split("-")[3] for each in passing} == {"seed"}
    for each in passing:
        assert each.raw["Condition"] == {"StringEquals": {"iam:PassedToService": "scheduler.amazonaws.com"}}
        assert [resource.rpartition("/")[2].split("-")[3] for resource in each.resources] == ["schedule"]


def test_the_key_is_used_by_way_of_what_it_encrypts_when_a_role_needs_that(synthesis: Synthesis) -> None:
    encrypted, allowed = defaultdict[str, set[str]](set), defaultdict[str, set[str]](set)
    for each in synthesis.statements():
        if each.kind != "identity":
            continue
        for action in each.actions:
            service, _, operation = action.partition(":")
            if service in ("s3", "sqs") and not operation.startswith("List") and each.sid != "GetFolder":
                encrypted[each.owner].add(service)
        if "kms:Decrypt" in each.actions:
            via = each.raw["Condition"]["StringEquals"]["kms:ViaService"]
            allowed[each.owner] = {flat(service).partition(".")[0] for service in via}
    assert allowed == encrypted


def test_a_machine_invokes_its_own_functions_only(dev: Synthesis) -> None:
    invoked = defaultdict[str, set[str]](set)
    for each in dev.statements():
        if "lambda:InvokeFunction" in each.actions:
            invoked[each.owner.split("-")[3]] |= {one.rpartition("-")[2] for one in each.resources}
    assert invoked["ingest"] == {"acquire", "refine", "gate", "hold", "promote", "settle", "fail"}
    assert invoked["model"] == {"acquire", "build", "gate", "promote", "settle", "fail"}
    assert invoked["schedule"] == {"trigger", "sweep", "housekeep"}
    assert invoked["sweep"] == {"fail"}


def test_only_housekeeping_removes_objects_and_only_tables_files(synthesis: Synthesis) -> None:
    allowed = [each for each in synthesis.statements() if each.effect == "Allow" and each.kind == "identity"]
    removing = [each for each in allowed if any("Delete" in one for one in each.actions)]
    removing = [each for each in removing if any(one.startswith(("s3:", "glue:")) for one in each.actions)]
    assert {each.owner.split("-")[3] for each in removing} == {"housekeep"}
    for each in removing:
        assert each.actions == ("s3:DeleteObject",)
        zones = {flat(resource).partition(":::")[2].split("-")[3] for resource in each.resources}
        assert zones == {"bronze", "silver", "gold", "quarantine"}


def test_a_service_may_assume_a_role_for_the_tenants_own_resource_only(synthesis: Synthesis) -> None:
    for each in synthesis.statements():
        if each.kind != "trust" or each.raw["Principal"]["Service"] == "lambda.amazonaws.com":
            continue
        conditions = json.dumps(each.raw["Condition"])
        assert "aws:SourceAccount" in conditions
        assert "aws:SourceArn" in conditions


@pytest.mark.parametrize("task", Task)
def test_a_policy_fits_into_its_role_when_every_name_is_as_long_as_may_be(task: Task) -> None:
    layout = TenantLayout(Environment.STAGING, "a" * 12, "1" * 12, "ap-southeast-99")
    key_arn = layout.arn("kms", f"key/{'0' * 36}")
    statements = [each.statement.to_statement_json() for each in permissions(task, Capabilities(layout, key_arn))]
    document = json.dumps({"Version": "2012-10-17", "Statement": statements}, separators=(",", ":"))
    assert len(document) < INLINE_POLICY_LIMIT - 400, "the seed's asset needs some 300 characters more"


@pytest.mark.parametrize("environment", Environment)
def test_names_fit_their_services_when_every_part_is_as_long_as_may_be(environment: Environment) -> None:
    assert environment in ENVIRONMENTS
    layout = TenantLayout(environment, "a" * 12, "1" * 12, "ap-southeast-99")
    for of in (*Task, *Machine, "schedule"):
        assert len(layout.role(of)) <= 64
        assert len(layout.dead_letters(of)) <= 80
    for task in Task:
        assert len(layout.function(task)) <= 64
