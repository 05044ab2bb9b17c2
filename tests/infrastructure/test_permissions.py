"""Least privilege, read from the templates: what no statement may say, and what each role's statements say."""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict

import pytest

from medallion.layout import Api, Environment, Job, Machine, Task, TenantLayout
from stacks import jobs
from stacks.constructs.machine import JOBS
from stacks.permissions import LOG_GATEWAY, Capabilities, Permissions
from stacks.settings import ENVIRONMENTS, environment_settings
from stacks.tasks import api_permissions, permissions
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
    "cloudwatch:PutMetricData",
}
# API Gateway logs for all APIs of an account and region in one role, into groups that it names itself.
OF_THE_GATEWAYS_LOG = set(LOG_GATEWAY.actions)
LONGEST = TenantLayout(Environment.STAGING, "a" * 12, "1" * 12, "ap-southeast-99")
LONGEST_CAPABILITIES = Capabilities(LONGEST, LONGEST.arn("kms", f"key/{'0' * 36}"))
PROD = Capabilities(TenantLayout(Environment.PROD, "acme", "123456789012", "ap-southeast-1"), "key")
INLINE_POLICY_LIMIT = 10_240
SHARED = (*Api, "gateway")
"""The roles that an environment has once."""


@pytest.fixture(scope="module", params=["dev", "prod"])
def synthesis(request: pytest.FixtureRequest) -> Synthesis:
    found: Synthesis = request.getfixturevalue(request.param)
    return found


def identity(synthesis: Synthesis, owner: str) -> dict[str, Statement]:
    """A role's statements by Sid; the role by whose it is."""
    return {each.sid: each for each in synthesis.statements() if each.kind == "identity" and whose(each) == owner}


def whose(statement: Statement) -> str:
    """The part of a role's name that says whose it is: `refine`, `refine-job`; `environment-api` of what is shared."""
    region = r"(?:<AWS::Region>|[a-z]+-[a-z]+-\d)"
    if found := re.fullmatch(rf"medallion-[a-z]+-({'|'.join(SHARED)})-{region}", statement.owner):
        return f"environment-{found[1]}"
    found = re.fullmatch(rf"medallion-[a-z]+-[a-z0-9]+-([a-z-]+?)-{region}", statement.owner)
    assert found, f"{statement.owner} is not named as the tenants' roles are"
    return found[1]


def sizes(permissions: Permissions) -> int:
    """The characters of a role's policy."""
    statements = [each.statement.to_statement_json() for each in permissions]
    return len(json.dumps({"Version": "2012-10-17", "Statement": statements}, separators=(",", ":")))


def test_no_action_has_a_wildcard_when_it_is_allowed(synthesis: Synthesis) -> None:
    wild = [
        (each.owner, action)
        for each in synthesis.statements()
        if each.effect == "Allow"
        for action in each.actions
        if "*" in action
    ]
    assert wild == []


def test_only_insecure_transport_and_changing_what_is_kept_are_denied_wholesale(synthesis: Synthesis) -> None:
    denials = [each for each in synthesis.statements() if each.effect == "Deny"]
    of_kept = [each for each in denials if each.sid.startswith("Refuse")]
    assert of_kept
    assert all("Ledger" in one or "Retention" in one for each in of_kept for one in each.resources)
    denials = [each for each in denials if each not in of_kept]
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
    assert unnamed == WITHOUT_RESOURCE_LEVEL | OF_THE_GATEWAYS_LOG


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


def test_there_is_one_role_for_each_function_job_and_machine_and_the_schedules(dev: Synthesis, prod: Synthesis) -> None:
    on_glue, on_emr = (f"{job}-job" for job in Job), (f"{job}-emr" for job in jobs.ON_EMR)
    in_dev = {*Task, *Machine, "schedule", "api", *on_glue}
    for synthesis, expected in ((dev, in_dev), (prod, {*in_dev, *on_emr})):
        roles = synthesis.resources("AWS::IAM::Role", "acme-pipeline").values()
        assert len(roles) == len(expected)
        shared = {f"environment-{each}" for each in SHARED}
        assert {whose(each) for each in synthesis.statements() if each.kind == "identity"} == expected | shared
        assert len(synthesis.resources("AWS::IAM::Role", "prod-api" if synthesis is prod else "dev-api")) == len(SHARED)


@pytest.mark.parametrize("task", Task)
def test_a_role_holds_its_tasks_permissions_and_nothing_more_when_synthesized(prod: Synthesis, task: Task) -> None:
    expected = {each.sid: set(each.actions) for each in permissions(task, PROD)}
    if task is Task.SEED:
        expected["GetFolder"] = {"s3:GetObject"}
    if task is Task.FAIL:
        expected["ReadJobLog"] = {"logs:GetLogEvents"}
    if task is Task.HOUSEKEEP:
        expected["StartMaintainJob"] = {"glue:StartJobRun", "glue:GetJobRuns"}
    assert {sid: set(each.actions) for sid, each in identity(prod, task).items()} == expected


@pytest.mark.parametrize("job", Job)
def test_a_job_holds_the_same_permissions_in_either_lane_beside_its_services_own(prod: Synthesis, job: Job) -> None:
    of_job = {each.sid: set(each.actions) for each in jobs.permissions(job, PROD)} | {"GetCode": {"s3:GetObject"}}
    on_glue = jobs.on_glue(job, PROD, ENVIRONMENTS[Environment.PROD])
    lanes = {f"{job}-job": on_glue} | ({f"{job}-emr": jobs.on_emr(PROD)} if job in jobs.ON_EMR else {})
    for owner, beside in lanes.items():
        found = {sid: set(each.actions) for sid, each in identity(prod, owner).items()}
        assert found == of_job | {each.sid: set(each.actions) for each in beside}


BEYOND = {
    Job.REFINE: "landing|ledger|gold",
    Job.MODEL: "landing|ledger|bronze|quarantine",
    Job.MAINTAIN: "landing|ledger",
}
"""The zones that a job has no business in."""


@pytest.mark.parametrize("job", Job)
@pytest.mark.parametrize("lane", ["job", "emr"])
def test_a_job_reaches_no_zone_but_its_own_and_no_control_table(prod: Synthesis, job: Job, lane: str) -> None:
    for each in identity(prod, f"{job}-{lane}").values():
        assert not [action for action in each.actions if action.startswith(("dynamodb:", "lambda:", "states:"))]
        for resource in each.resources:
            assert not re.search(rf"-({BEYOND[job]})-|_({BEYOND[job]})", resource)


def test_a_models_job_changes_gold_alone(prod: Synthesis) -> None:
    writing = ("s3:PutObject", "glue:UpdateTable")
    changing = [each for each in identity(prod, "model-job").values() if set(writing) & set(each.actions)]
    assert {each.sid for each in changing} == {"CommitGoldTables", "PutGold", "PutRuns", "PutSpark"}


def test_a_jobs_code_is_read_object_by_object(prod: Synthesis, customised: Synthesis) -> None:
    for synthesis, jars in ((prod, 0), (customised, 2)):
        code = identity(synthesis, "refine-job")["GetCode"]
        assert [each.rpartition(".")[2] for each in code.resources] == ["zip", "py", *["jar"] * jars]
        assert not [each for each in code.resources if "*" in each]


def test_a_job_writes_its_events_and_its_logs_and_nothing_else_of_that_kind(prod: Synthesis) -> None:
    of_job = identity(prod, "refine-job")
    (events,) = of_job["PutSpark"].resources
    assert "-logs-" in events
    assert events.endswith("/spark/*")
    assert of_job["PutMetrics"].raw["Condition"] == {"StringEquals": {"cloudwatch:namespace": "Glue"}}
    for sid in ("KeepLog", "WriteLog"):
        assert {each.removesuffix(":*").rpartition("/")[2] for each in of_job[sid].resources} == {"error", "output"}
        assert all(":log-group:/medallion/prod/acme/refine-job/" in each for each in of_job[sid].resources)
    (log,) = identity(prod, "refine-emr")["WriteLog"].resources
    assert log.endswith(":log-group:/medallion/prod/acme/emr:*")


@pytest.mark.parametrize("machine", Machine)
def test_a_machine_runs_its_own_job_and_the_tenants_application_only(
    dev: Synthesis, prod: Synthesis, machine: Machine
) -> None:
    of = JOBS[machine]
    running = [each for each in dev.statements() if "glue:StartJobRun" in each.actions and "acme" in each.owner]
    (job,) = (each for each in running if whose(each) == machine)
    assert job.sid == f"Run{of.capitalize()}Job"
    assert job.resources == (f"arn:aws:glue:<AWS::Region>:<AWS::AccountId>:job/medallion-dev-acme-{of}",)
    assert set(job.actions) == {"glue:StartJobRun", "glue:GetJobRun", "glue:GetJobRuns", "glue:BatchStopJobRun"}
    assert {whose(each) for each in running} == {*Machine, "housekeep"}
    assert not [each for each in dev.statements() if any("emr-serverless:" in one for one in each.actions)]

    of_machine = identity(prod, machine)
    ((application, _),) = prod.resources("AWS::EMRServerless::Application").items()
    assert of_machine["StartEmrRuns"].resources == (f"<{application}.Arn>",)
    assert of_machine["FollowEmrRuns"].resources == (f"<{application}.Arn>/jobruns/*",)
    assert [each.rpartition("/")[2] for each in of_machine["HearOfEmrRuns"].resources] == [
        "StepFunctionsGetEventsForEMRServerlessJobRule"
    ]


def test_a_role_names_only_its_own_tenants_resources(dev: Synthesis) -> None:
    for each in dev.statements():
        if each.kind == "identity" and "acme" in each.owner:
            assert "skyline" not in json.dumps(each.raw)


def test_only_the_tenants_items_are_reached_when_a_role_uses_the_control_table(synthesis: Synthesis) -> None:
    of_table = [each for each in synthesis.statements() if any(":table/medallion-" in one for one in each.resources)]
    assert of_table
    for each in of_table:
        if whose(each) == "environment-authorize":
            continue
        tenant = each.owner.split("-")[2]
        assert each.raw["Condition"] == {
            "ForAllValues:StringLike": {"dynamodb:LeadingKeys": [f"TENANT#{tenant}", f"TENANT#{tenant}#*"]}
        }
        # Without a key in the request the condition would hold for anything.
        assert not {"dynamodb:Scan", "dynamodb:PartiQLSelect", "dynamodb:DescribeTable"} & set(each.actions)


def test_the_api_reaches_a_tenant_in_that_tenants_role_alone(synthesis: Synthesis) -> None:
    of_api = identity(synthesis, "environment-api")
    assert set(of_api) == {"WriteLog", "SendTraces", "TakeTenantRole", "ListTenants"}
    [pattern] = of_api["TakeTenantRole"].resources
    assert re.fullmatch(r"arn:aws:iam::.+:role/medallion-(dev|prod)-\*-api-[^*]+", pattern)
    trusts = [each for each in synthesis.statements() if each.kind == "trust" and whose(each) == "api"]
    for each in trusts:
        assert whose_arn(flat(each.raw["Principal"]["AWS"])) == "environment-api"


def whose_arn(arn: str) -> str:
    return whose(Statement("", arn.rpartition("/")[2], "identity", {}))


def test_the_authorizer_reads_keys_one_by_one_and_nothing_else(synthesis: Synthesis) -> None:
    of_authorizer = identity(synthesis, "environment-authorize")
    assert set(of_authorizer) == {"WriteLog", "SendTraces", "FindKey"}
    assert of_authorizer["FindKey"].actions == ("dynamodb:GetItem",)
    assert of_authorizer["FindKey"].raw["Condition"] == {
        "ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["TENANT#*#KEYS", "OPERATORS#KEYS"]}
    }


def test_the_apis_role_of_a_tenant_holds_what_its_table_says(prod: Synthesis) -> None:
    expected = {each.sid: set(each.actions) for each in api_permissions(PROD)}
    assert {sid: set(each.actions) for sid, each in identity(prod, "api").items()} == expected
    assert sizes(api_permissions(LONGEST_CAPABILITIES)) < INLINE_POLICY_LIMIT


def test_a_role_is_passed_to_the_service_that_it_is_made_for(dev: Synthesis, prod: Synthesis) -> None:
    for synthesis, expected in (
        (dev, {(task, "schedule", "scheduler") for task in ("seed", "operate")}),
        (
            prod,
            {
                ("seed", "schedule", "scheduler"),
                ("operate", "schedule", "scheduler"),
                ("ingest", "refine-emr", "emr-serverless"),
                ("model", "model-emr", "emr-serverless"),
            },
        ),
    ):
        passed = set[tuple[str, str, str]]()
        for each in synthesis.statements():
            if "iam:PassRole" in each.actions:
                (service,) = each.raw["Condition"]["StringEquals"].values()
                assert each.raw["Condition"] == {"StringEquals": {"iam:PassedToService": service}}
                (role,) = each.resources
                of = re.search(r"role/medallion-[a-z]+-[a-z]+-(.+?)-(<AWS::Region>|ap-southeast-1)$", role)
                assert of, role
                passed.add((whose(each), of[1], service.removesuffix(".amazonaws.com")))
        assert passed == expected


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
            invoked[whose(each)] |= {one.rpartition("-")[2] for one in each.resources}
    assert invoked["ingest"] == {"acquire", "refine", "gate", "hold", "promote", "settle", "fail"}
    assert invoked["model"] == {"acquire", "build", "gate", "promote", "settle", "fail"}
    assert invoked["schedule"] == {"trigger", "sweep", "housekeep"}
    assert invoked["sweep"] == {"fail", "operate", "trigger"}


def test_only_housekeeping_removes_tables_files_and_a_job_only_what_is_a_runs(synthesis: Synthesis) -> None:
    allowed = [each for each in synthesis.statements() if each.effect == "Allow" and each.kind == "identity"]
    removing = [each for each in allowed if any("Delete" in one for one in each.actions)]
    removing = [each for each in removing if any(one.startswith(("s3:", "glue:")) for one in each.actions)]
    on_emr = {f"{job}-emr" for job in jobs.ON_EMR}
    assert {whose(each) for each in removing} - on_emr == {"housekeep", *(f"{job}-job" for job in Job)}
    for each in removing:
        assert each.actions == ("s3:DeleteObject",)
        zones = {flat(resource).partition(":::")[2].split("-")[3] for resource in each.resources}
        if whose(each) == "housekeep":
            assert zones == {"bronze", "silver", "gold", "quarantine"}
        else:
            assert zones == {"artifacts"}
            assert [resource.partition("/")[2] for resource in each.resources] == ["runs/*"]


UNCONDITIONAL = ("lambda.amazonaws.com", "apigateway.amazonaws.com")
"""Lambda names the function's role; API Gateway's log role is the account's, not an API's."""


def test_a_service_may_assume_a_role_for_the_tenants_own_resource_only(synthesis: Synthesis) -> None:
    for each in synthesis.statements():
        if each.kind != "trust" or each.raw["Principal"].get("Service") in UNCONDITIONAL:
            continue
        if "AWS" in each.raw["Principal"]:
            assert whose(each) == "api"
            continue
        conditions = json.dumps(each.raw["Condition"])
        assert "aws:SourceAccount" in conditions
        assert "aws:SourceArn" in conditions


@pytest.mark.parametrize("task", Task)
def test_a_policy_fits_into_its_role_when_every_name_is_as_long_as_may_be(task: Task) -> None:
    size = sizes(permissions(task, LONGEST_CAPABILITIES))
    assert size < INLINE_POLICY_LIMIT - 400, "the seed's asset needs some 300 characters more"


@pytest.mark.parametrize("job", Job)
@pytest.mark.parametrize("version", ["5.1", "4.0"])
def test_a_jobs_policy_fits_into_its_role_when_every_name_is_as_long_as_may_be(job: Job, version: str) -> None:
    jars = ["s3://jars/a.jar"] if version == "4.0" else []
    settings = environment_settings(Environment.STAGING, {"glue_version": version, "glue_jars": jars})
    whole = (*jobs.permissions(job, LONGEST_CAPABILITIES), *jobs.on_glue(job, LONGEST_CAPABILITIES, settings))
    assert sizes(whole) < INLINE_POLICY_LIMIT - 1200, "two assets and two jars need some 1000 characters more"


@pytest.mark.parametrize("environment", Environment)
def test_names_fit_their_services_when_every_part_is_as_long_as_may_be(environment: Environment) -> None:
    assert environment in ENVIRONMENTS
    layout = TenantLayout(environment, "a" * 12, "1" * 12, "ap-southeast-99")
    for of in (*Task, *Machine, "schedule"):
        assert len(layout.role(of)) <= 64
        assert len(layout.dead_letters(of)) <= 80
    for task in Task:
        assert len(layout.function(task)) <= 64
    assert len(layout.emr_application) <= 64
    for job in Job:
        assert max(len(layout.job_role(job)), len(layout.emr_role(job))) <= 64
        assert len(layout.job(job)) <= 255
        assert max(len(name) for version in ("5.1", "4.0") for name in layout.job_log_groups(job, version)) <= 512
