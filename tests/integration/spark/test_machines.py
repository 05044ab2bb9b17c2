"""State machines that wait for a job run, on Glue and on EMR Serverless."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.integration.local.conftest import eventually
from tests.integration.spark.conftest import ACCOUNT, BUCKET, ICEBERG, REGION, Lake, allow, write_tables

GREET = 'print("hello"); import sys; sys.exit("no file" if "--fail" in sys.argv else 0)'
SLEEP = 'import time; print("asleep", flush=True); time.sleep(600)'


def task(resource: str, arguments: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A machine of one task."""
    state = {"Type": "Task", "Resource": f"arn:aws:states:::{resource}", "Arguments": arguments, "End": True, **more}
    return {"QueryLanguage": "JSONata", "StartAt": "Run", "States": {"Run": state}}


def on_job(name: str, *actions: str) -> dict[str, Any]:
    return allow(*actions, on=f"arn:aws:glue:{REGION}:{ACCOUNT}:job/{name}")


LOOK_AFTER = ("glue:StartJobRun", "glue:GetJobRun", "glue:GetJobRuns", "glue:BatchStopJobRun")


@pytest.fixture(scope="module")
def greeter(lake: Lake, writer: str) -> str:
    lake.job("greeter", GREET, writer)
    return "greeter"


@pytest.fixture(scope="module")
def hanging(lake: Lake, writer: str) -> str:
    lake.job("hanging", SLEEP, writer)
    return "hanging"


def test_result_is_the_run_when_a_machine_waits_for_its_success(lake: Lake, greeter: str) -> None:
    definition = task("glue:startJobRun.sync", {"JobName": greeter, "Arguments": {"--run": "r1"}})
    done = lake.executed(lake.execute("success", definition, on_job(greeter, *LOOK_AFTER)))
    assert done["status"] == "SUCCEEDED", done.get("cause")
    run = json.loads(done["output"])
    assert (run["JobName"], run["JobRunState"], run["Arguments"]) == (greeter, "SUCCEEDED", {"--run": "r1"})
    assert run["CompletedOn"] > run["StartedOn"] > 10**12


def test_task_fails_with_the_run_as_its_cause_when_the_run_fails(lake: Lake, greeter: str) -> None:
    definition = task("glue:startJobRun.sync", {"JobName": greeter, "Arguments": {"--fail": "yes"}})
    done = lake.executed(lake.execute("failure", definition, on_job(greeter, *LOOK_AFTER)))
    assert (done["status"], done["error"]) == ("FAILED", "States.TaskFailed")
    run = json.loads(done["cause"])
    assert (run["JobRunState"], run["ErrorMessage"]) == ("FAILED", "SystemExit: no file")


@pytest.mark.parametrize("lacking", ["glue:StartJobRun", "glue:GetJobRun"])
def test_task_is_refused_when_the_machines_role_lacks_an_action(lake: Lake, greeter: str, lacking: str) -> None:
    granted = on_job(greeter, *(action for action in LOOK_AFTER if action != lacking))
    name = f"lacks-{lacking.partition(':')[2]}"
    done = lake.executed(lake.execute(name, task("glue:startJobRun.sync", {"JobName": greeter}), granted))
    assert (done["status"], done["error"]) == ("FAILED", "Glue.AccessDeniedException")
    assert f"not authorized to perform: {lacking}" in done["cause"]


def test_refusal_keeps_its_name_when_too_many_runs_go_on(lake: Lake, hanging: str) -> None:
    glue = lake.client("glue")
    run_id = glue.start_job_run(JobName=hanging)["JobRunId"]
    done = lake.executed(
        lake.execute("crowded", task("glue:startJobRun.sync", {"JobName": hanging}), on_job(hanging, *LOOK_AFTER))
    )
    glue.batch_stop_job_run(JobName=hanging, JobRunIds=[run_id])
    assert lake.ended(hanging, run_id)["JobRunState"] == "STOPPED"
    assert (done["status"], done["error"]) == ("FAILED", "Glue.ConcurrentRunsExceededException")


def test_run_is_stopped_when_the_tasks_time_is_up(lake: Lake, hanging: str) -> None:
    definition = task("glue:startJobRun.sync", {"JobName": hanging}, TimeoutSeconds=5)
    done = lake.executed(lake.execute("impatient", definition, on_job(hanging, *LOOK_AFTER)))
    assert (done["status"], done["error"]) == ("FAILED", "States.Timeout")
    run = lake.client("glue").get_job_runs(JobName=hanging)["JobRuns"][-1]
    assert lake.ended(hanging, run["Id"])["JobRunState"] == "STOPPED"


def test_run_is_stopped_when_the_execution_is(lake: Lake, hanging: str) -> None:
    known = len(lake.client("glue").get_job_runs(JobName=hanging)["JobRuns"])
    execution = lake.execute(
        "aborted", task("glue:startJobRun.sync", {"JobName": hanging}), on_job(hanging, *LOOK_AFTER)
    )
    runs = eventually(
        lambda: found if len(found := lake.client("glue").get_job_runs(JobName=hanging)["JobRuns"]) > known else None
    )
    lake.client("stepfunctions").stop_execution(executionArn=execution)
    assert lake.ended(hanging, runs[-1]["Id"])["JobRunState"] == "STOPPED"


# --- EMR Serverless

TABLE = """
    import sys
    import domain
    from pyspark.sql import SparkSession
    if sys.argv[1] == "fail":
        raise ValueError("no such batch")
    spark = SparkSession.builder.getOrCreate()
    table = "glue_catalog.shop.emr"
    spark.sql(f"CREATE TABLE {table} (id bigint) USING iceberg")
    spark.sql(f"INSERT INTO {table} VALUES (1)")
    print(domain.WORD, spark.table(table).count(), sys.argv[1:])
"""
TEMPLATE = {
    "Resources": {
        "Application": {
            "Type": "AWS::EMRServerless::Application",
            "Properties": {
                "Name": "shop",
                "Type": "Spark",
                "ReleaseLabel": "emr-7.13.0",
                "Tags": [{"Key": "tenant", "Value": "shop"}],
                "MonitoringConfiguration": {
                    "CloudWatchLoggingConfiguration": {"Enabled": True, "LogGroupName": "/shop/emr"},
                    "S3MonitoringConfiguration": {"LogUri": f"s3://{BUCKET}/logs/"},
                },
            },
        }
    },
    "Outputs": {
        "Id": {"Value": {"Ref": "Application"}},
        "Arn": {"Value": {"Fn::GetAtt": ["Application", "Arn"]}},
    },
}


@pytest.fixture(scope="module")
def application(lake: Lake) -> dict[str, str]:
    """An application as a stack deploys it; its id and ARN."""
    cloudformation = lake.client("cloudformation")
    cloudformation.create_stack(StackName="emr", TemplateBody=json.dumps(TEMPLATE))
    stack = eventually(
        lambda: (
            found
            if not (found := cloudformation.describe_stacks(StackName="emr")["Stacks"][0])["StackStatus"].endswith(
                "IN_PROGRESS"
            )
            else None
        )
    )
    assert stack["StackStatus"] == "CREATE_COMPLETE"
    return {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}


@pytest.fixture(scope="module")
def execution_role(lake: Lake) -> str:
    logs = allow("s3:PutObject", on=f"arn:aws:s3:::{BUCKET}/logs/*")
    return lake.role("emr-execution", "emr-serverless", *write_tables(), logs)


def driver(lake: Lake, script: str, *arguments: str) -> dict[str, Any]:
    conf = {"spark.jars": "/usr/share/aws/iceberg/lib/iceberg-spark3-runtime.jar", **ICEBERG}
    options = " ".join(f"--conf {name}={value}" for name, value in conf.items())
    return {
        "sparkSubmit": {
            "entryPoint": lake.put("jobs/emr.py", script),
            "entryPointArguments": list(arguments),
            "sparkSubmitParameters": f"--py-files s3://{BUCKET}/code/domain.zip {options}",
        }
    }


def emr_ended(lake: Lake, application: dict[str, str], run_id: str) -> dict[str, Any]:
    emr = lake.client("emr-serverless")

    def ended() -> Any:
        run = emr.get_job_run(applicationId=application["Id"], jobRunId=run_id)["jobRun"]
        return run if run["state"] in ("SUCCESS", "FAILED", "CANCELLED") else None

    run: dict[str, Any] = eventually(ended, 300)
    return run


def capitals(value: Any) -> Any:
    if isinstance(value, dict):
        return {name[0].upper() + name[1:]: capitals(inner) for name, inner in value.items()}
    return value


def test_table_is_written_when_a_machine_waits_for_an_emr_run(
    lake: Lake, application: dict[str, str], execution_role: str
) -> None:
    arguments = {
        "ApplicationId": application["Id"],
        "ExecutionRoleArn": execution_role,
        "Name": "refine",
        "JobDriver": capitals(driver(lake, TABLE, "--batch", "7")),
    }
    rule = f"arn:aws:events:{REGION}:{ACCOUNT}:rule/StepFunctionsGetEventsForEMRServerlessJobRule"
    done = lake.executed(
        lake.execute(
            "emr-success",
            task("emr-serverless:startJobRun.sync", arguments),
            allow("emr-serverless:StartJobRun", on=application["Arn"]),
            allow("emr-serverless:GetJobRun", "emr-serverless:CancelJobRun", on=f"{application['Arn']}/jobruns/*"),
            allow("events:PutTargets", "events:PutRule", "events:DescribeRule", on=rule),
        )
    )
    assert done["status"] == "SUCCEEDED", done.get("cause")
    run = json.loads(done["output"])
    assert (run["State"], run["ApplicationId"], run["Name"]) == ("SUCCESS", application["Id"], "refine")
    path = f"applications/{application['Id']}/jobs/{run['JobRunId']}/SPARK_DRIVER"
    assert lake.log("/shop/emr", f"{path}/stdout") == ["from the zip 1 ['--batch', '7']"]
    kept = lake.client("s3").list_objects_v2(Bucket=BUCKET, Prefix=f"logs/{path}/")["Contents"]
    assert sorted(each["Key"].rpartition("/")[2] for each in kept) == ["stderr.gz", "stdout.gz"]
    assert lake.client("glue").get_table(DatabaseName="shop", Name="emr")["Table"]["Name"] == "emr"


def test_emr_run_fails_with_the_error_when_the_script_raises(
    lake: Lake, application: dict[str, str], execution_role: str
) -> None:
    started = lake.client("emr-serverless").start_job_run(
        applicationId=application["Id"], executionRoleArn=execution_role, jobDriver=driver(lake, TABLE, "fail")
    )
    run = emr_ended(lake, application, started["jobRunId"])
    assert run["state"] == "FAILED"
    assert run["stateDetails"].endswith("ExitCode: 1. Last few exceptions: ValueError: no such batch")


def test_emr_run_is_cancelled_when_it_is_asked_to(lake: Lake, application: dict[str, str], execution_role: str) -> None:
    emr = lake.client("emr-serverless")
    started = emr.start_job_run(
        applicationId=application["Id"], executionRoleArn=execution_role, jobDriver=driver(lake, SLEEP)
    )
    emr.cancel_job_run(applicationId=application["Id"], jobRunId=started["jobRunId"])
    assert emr_ended(lake, application, started["jobRunId"])["state"] == "CANCELLED"
    listed = emr.list_job_runs(applicationId=application["Id"], states=["CANCELLED"])["jobRuns"]
    assert [run["id"] for run in listed] == [started["jobRunId"]]


def test_emr_task_is_refused_when_the_machines_role_may_only_start(
    lake: Lake, application: dict[str, str], execution_role: str
) -> None:
    arguments = {
        "ApplicationId": application["Id"],
        "ExecutionRoleArn": execution_role,
        "JobDriver": capitals(driver(lake, TABLE, "fail")),
    }
    done = lake.executed(
        lake.execute(
            "emr-refused",
            task("emr-serverless:startJobRun.sync", arguments),
            allow("emr-serverless:StartJobRun", on=application["Arn"]),
        )
    )
    assert done["status"] == "FAILED"
    assert "not authorized to perform: events:PutTargets" in done["cause"]
