"""What moves a tenant's records."""

from __future__ import annotations

import json

import pytest

from medallion.layout import Job, Machine, Task
from tests.infrastructure.synthesis import Resource, Synthesis, flat

PIPELINE = "acme-pipeline"


def function(synthesis: Synthesis, task: Task) -> Resource:
    return synthesis.one("AWS::Lambda::Function", PIPELINE, FunctionName=f"medallion-dev-acme-{task}")


@pytest.mark.parametrize("task", Task)
def test_a_function_runs_its_handler_from_the_shared_code_and_layer(dev: Synthesis, task: Task) -> None:
    properties = function(dev, task)
    assert properties["Handler"] == f"lambdas.{task}.handler.handler"
    assert properties["Runtime"] == "python3.12"
    assert properties["Architectures"] == ["x86_64"]
    assert properties["TracingConfig"] == {"Mode": "Active"}
    assert properties["Layers"] == [{"Ref": "DependencyLayer"}]
    assert properties["Code"] == function(dev, Task.TRIGGER)["Code"]


@pytest.mark.parametrize("task", Task)
def test_a_function_finds_its_tenant_in_its_environment(dev: Synthesis, task: Task) -> None:
    variables = function(dev, task)["Environment"]["Variables"]
    assert variables["MEDALLION_ENVIRONMENT"] == "dev"
    assert variables["MEDALLION_TENANT"] == "acme"
    assert flat(variables["MEDALLION_ACCOUNT"]) == "<AWS::AccountId>"
    assert variables["POWERTOOLS_SERVICE_NAME"] == task
    assert variables["POWERTOOLS_METRICS_NAMESPACE"] == "Medallion"


def test_every_log_is_kept_for_its_time_and_encrypted(dev: Synthesis) -> None:
    logs = dev.resources("AWS::Logs::LogGroup", PIPELINE)
    names = {flat(resource["Properties"]["LogGroupName"]): name for name, resource in logs.items()}
    of_jobs = [name for name in names if "-job/" in name]
    assert len(of_jobs) == 2 * len(Job)
    assert set(names) - set(of_jobs) == {f"/medallion/dev/acme/{task}" for task in Task} | {
        f"/aws/vendedlogs/states/medallion-dev-acme-{machine}" for machine in Machine
    }
    for resource in logs.values():
        assert resource["Properties"]["RetentionInDays"] == 14
        assert "TenantKey" in flat(resource["Properties"]["KmsKeyId"])
    for task in Task:
        assert function(dev, task)["LoggingConfig"]["LogGroup"] == {"Ref": names[f"/medallion/dev/acme/{task}"]}


@pytest.mark.parametrize("task", [Task.SEED, Task.TRIGGER, Task.SWEEP, Task.COALESCE, Task.HOUSEKEEP, Task.OPERATE])
def test_an_event_is_kept_when_an_asynchronous_function_fails_every_try(dev: Synthesis, task: Task) -> None:
    queue = dev.templates["medallion-dev-acme-pipeline"]["Resources"][
        function(dev, task)["DeadLetterConfig"]["TargetArn"]["Fn::GetAtt"][0]
    ]
    assert queue["Properties"]["QueueName"] == f"medallion-dev-acme-{task}-dead-letters"


def test_every_queue_is_encrypted_and_keeps_messages_for_two_weeks(dev: Synthesis) -> None:
    for queue in dev.resources("AWS::SQS::Queue", PIPELINE).values():
        assert "TenantKey" in flat(queue["Properties"]["KmsMasterKeyId"])
        assert queue["Properties"]["MessageRetentionPeriod"] == 14 * 24 * 3600


def test_every_rules_target_has_dead_letters(dev: Synthesis) -> None:
    rules = dev.resources("AWS::Events::Rule", PIPELINE)
    assert len(rules) == 3
    for rule in rules.values():
        (target,) = rule["Properties"]["Targets"]
        assert "DeadLetterConfig" in target
        assert target["RetryPolicy"]["MaximumRetryAttempts"] > 0


def test_one_rule_takes_every_arrival_to_the_trigger(dev: Synthesis) -> None:
    patterns = [rule["Properties"]["EventPattern"] for rule in dev.resources("AWS::Events::Rule", PIPELINE).values()]
    (arrivals,) = [pattern for pattern in patterns if pattern.get("source") == ["aws.s3"]]
    (bucket,) = arrivals["detail"]["bucket"]["name"]
    assert flat(bucket) == "mdl-dev-acme-landing-<AWS::AccountId>-<AWS::Region>"
    assert arrivals["detail-type"] == ["Object Created"]


def test_publications_of_the_tenant_reach_coalesce(dev: Synthesis) -> None:
    patterns = [rule["Properties"]["EventPattern"] for rule in dev.resources("AWS::Events::Rule", PIPELINE).values()]
    (published,) = [pattern for pattern in patterns if pattern.get("source") == ["medallion"]]
    assert published["detail-type"] == ["Silver promoted", "Gold promoted", "Silver rolled back", "Gold rolled back"]
    assert published["detail"] == {"environment": ["dev"], "tenant": ["acme"]}


def test_failures_reach_the_topic_whether_the_platform_or_the_machine_tells(dev: Synthesis) -> None:
    patterns = [rule["Properties"]["EventPattern"] for rule in dev.resources("AWS::Events::Rule", PIPELINE).values()]
    (alerts,) = [pattern["$or"] for pattern in patterns if "$or" in pattern]
    own, executions, jobs = alerts
    assert jobs["source"] == ["aws.glue"]
    assert jobs["detail"] == {"state": ["FAILED", "TIMEOUT"], "jobName": [f"medallion-dev-acme-{job}" for job in Job]}
    failures = ["Run held", "Run failed", "Run rejected", "Breaker opened", "Object refused"]
    assert own["detail-type"] == [*failures, "Silver rolled back", "Gold rolled back"]
    assert own["detail"] == {"environment": ["dev"], "tenant": ["acme"]}
    assert executions["detail"]["status"] == ["FAILED", "TIMED_OUT", "ABORTED"]
    machines = {flat(each).rpartition(":")[2] for each in executions["detail"]["stateMachineArn"]}
    assert machines == {"medallion-dev-acme-ingest", "medallion-dev-acme-model"}


def test_the_topic_is_encrypted_and_ends_in_a_queue(dev: Synthesis) -> None:
    assert "TenantKey" in flat(dev.one("AWS::SNS::Topic", PIPELINE)["KmsMasterKeyId"])
    subscription = dev.one("AWS::SNS::Subscription", PIPELINE)
    assert subscription["Protocol"] == "sqs"
    assert "RedrivePolicy" in subscription
    queue = dev.one("AWS::SQS::Queue", PIPELINE, QueueName="medallion-dev-acme-alerts")
    assert queue["RedrivePolicy"]["maxReceiveCount"] == 5


@pytest.mark.parametrize("machine", Machine)
def test_a_machine_is_traced_and_logs_every_event_without_payloads(dev: Synthesis, machine: Machine) -> None:
    properties = dev.one("AWS::StepFunctions::StateMachine", PIPELINE, StateMachineName=f"medallion-dev-acme-{machine}")
    assert properties["StateMachineType"] == "STANDARD"
    assert properties["TracingConfiguration"] == {"Enabled": True}
    assert properties["LoggingConfiguration"]["Level"] == "ALL"
    assert properties["LoggingConfiguration"]["IncludeExecutionData"] is False


def test_schedules_belong_to_the_tenants_group_and_to_no_template(dev: Synthesis) -> None:
    assert dev.one("AWS::Scheduler::ScheduleGroup", PIPELINE)["Name"] == "medallion-dev-acme"
    assert dev.resources("AWS::Scheduler::Schedule") == {}


def test_seeding_happens_after_what_it_needs(dev: Synthesis) -> None:
    (seeding,) = dev.resources("Custom::TenantSeed", PIPELINE).values()
    after = json.dumps(seeding["DependsOn"])
    assert all(each in after for each in ("SchedulesGroup", "SchedulesRole", "TriggerFunction"))
    of_asset = {"AssetBucket", "AssetKey", "AssetHash"}
    assert set(seeding["Properties"]) == {"ServiceToken", "ServiceTimeout", "ApprovalsByAnother", *of_asset}


@pytest.mark.parametrize(("environment", "said"), [("dev", "false"), ("prod", "true")])
def test_seeding_knows_whether_another_person_approves(
    request: pytest.FixtureRequest, environment: str, said: str
) -> None:
    synthesis: Synthesis = request.getfixturevalue(environment)
    (seeding,) = synthesis.resources("Custom::TenantSeed", PIPELINE).values()
    assert seeding["Properties"]["ApprovalsByAnother"] == said


@pytest.mark.parametrize(("environment", "alarms"), [("dev", 0), ("prod", 7)])
def test_a_dead_letter_raises_an_alarm_where_the_environment_has_alarms(
    request: pytest.FixtureRequest, environment: str, alarms: int
) -> None:
    synthesis: Synthesis = request.getfixturevalue(environment)
    assert len(synthesis.resources("AWS::CloudWatch::Alarm", PIPELINE)) == alarms
