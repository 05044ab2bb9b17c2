"""Where a batch runs that outgrows a Lambda: Spark on Glue, and on EMR Serverless by setting."""

from __future__ import annotations

import re

import pytest

from local.spark.arguments import of_emr
from medallion.layout import Job, Machine, Task
from stacks.constructs.machine import JOBS
from stacks.settings import ROOT
from stacks.spark import glue_argument
from tests.infrastructure.synthesis import Resource, Synthesis, flat

PIPELINE = "acme-pipeline"


def glue_job(synthesis: Synthesis, job: Job = Job.REFINE) -> Resource:
    found = [each["Properties"] for each in synthesis.resources("AWS::Glue::Job", PIPELINE).values()]
    one: Resource = next(each for each in found if each["Name"].endswith(f"-acme-{job}"))
    return one


def application(synthesis: Synthesis) -> Resource:
    return synthesis.one("AWS::EMRServerless::Application", PIPELINE)


def arguments(synthesis: Synthesis, job: Job = Job.REFINE) -> dict[str, str]:
    return {name: flat(value) for name, value in glue_job(synthesis, job)["DefaultArguments"].items()}


def sparks(text: str) -> dict[str, str]:
    """The settings that stand behind --conf."""
    return dict(each.strip().split("=", 1) for each in re.split(r"(?:^| )--conf ", text) if "=" in each)


# --- Glue


@pytest.mark.parametrize("job", Job)
def test_a_job_runs_its_script_with_the_code_of_the_functions(dev: Synthesis, job: Job) -> None:
    command = glue_job(dev, job)["Command"]
    assert (command["Name"], command["PythonVersion"]) == ("glueetl", "3")
    script = flat(command["ScriptLocation"]).rpartition("/")[2]
    assert (dev.folder / f"asset.{script}").read_text() == (ROOT / "glue_jobs" / f"{job}.py").read_text()
    code = dev.one("AWS::Lambda::Function", PIPELINE, FunctionName="medallion-dev-acme-refine")["Code"]["S3Key"]
    assert arguments(dev, job)["--extra-py-files"].rpartition("/")[2] == code


def test_a_job_is_spark_3_5_with_its_own_iceberg_when_nothing_is_changed(dev: Synthesis, prod: Synthesis) -> None:
    for synthesis, workers, runs in ((dev, 4, 3), (prod, 20, 20)):
        job = glue_job(synthesis)
        assert (job["GlueVersion"], job["WorkerType"], job["ExecutionClass"]) == ("5.1", "G.1X", "STANDARD")
        assert job["NumberOfWorkers"] == workers
        assert job["ExecutionProperty"] == {"MaxConcurrentRuns": runs}
        assert job["Timeout"] == 240
        assert arguments(synthesis)["--enable-auto-scaling"] == "true"
        assert arguments(synthesis)["--datalake-formats"] == "iceberg"
        assert "--extra-jars" not in arguments(synthesis)


def test_a_job_brings_another_iceberg_when_glue_is_4_0(customised: Synthesis) -> None:
    job, given = glue_job(customised), arguments(customised)
    assert job["GlueVersion"] == "4.0"
    assert "--datalake-formats" not in given
    assert given["--extra-jars"] == "s3://jars/iceberg-spark-runtime.jar,s3://jars/iceberg-aws-bundle.jar"
    assert (job["NumberOfWorkers"], job["Timeout"], job["ExecutionClass"]) == (2, 60, "FLEX")
    assert job["ExecutionProperty"] == {"MaxConcurrentRuns": 1}


@pytest.mark.parametrize("job", Job)
def test_a_job_is_tried_again_by_the_machine_alone(dev: Synthesis, job: Job) -> None:
    assert glue_job(dev, job)["MaxRetries"] == 0
    assert arguments(dev, job)["--job-bookmark-option"] == "job-bookmark-disable"


def test_a_job_finds_the_tenants_tables_by_what_it_is_configured_with(dev: Synthesis) -> None:
    found = sparks(f"--conf {arguments(dev)['--conf']}")
    catalogue = "spark.sql.catalog.glue_catalog"
    assert found == {
        "spark.sql.extensions": "org.apache.iceberg.spark.extensions.IcebergSparkSessionExtensions",
        catalogue: "org.apache.iceberg.spark.SparkCatalog",
        f"{catalogue}.catalog-impl": "org.apache.iceberg.aws.glue.GlueCatalog",
        f"{catalogue}.io-impl": "org.apache.iceberg.aws.s3.S3FileIO",
        f"{catalogue}.warehouse": "s3://mdl-dev-acme-artifacts-<AWS::AccountId>-<AWS::Region>/warehouse",
        "spark.sql.session.timeZone": "UTC",
    }


def test_a_setting_of_several_words_is_refused_as_they_would_be_parted() -> None:
    with pytest.raises(ValueError, match=r"spark\.x is 'two words'"):
        glue_argument({"spark.x": "two words"})


def test_what_a_job_writes_is_encrypted_with_the_tenants_key(dev: Synthesis) -> None:
    configuration = dev.one("AWS::Glue::SecurityConfiguration", PIPELINE)
    assert glue_job(dev)["SecurityConfiguration"] == configuration["Name"]
    encryption = configuration["EncryptionConfiguration"]
    (objects,) = encryption["S3Encryptions"]
    logs, bookmarks = encryption["CloudWatchEncryption"], encryption["JobBookmarksEncryption"]
    assert objects["S3EncryptionMode"] == logs["CloudWatchEncryptionMode"] == "SSE-KMS"
    assert bookmarks["JobBookmarksEncryptionMode"] == "CSE-KMS"
    assert all("TenantKey" in flat(each["KmsKeyArn"]) for each in (objects, logs, bookmarks))


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ("dev", {"{prefix}/{named}/error", "{prefix}/{named}/output"}),
        (
            "customised",
            {"/aws-glue/jobs/{named}/error", "/aws-glue/jobs/{named}/output", "{prefix}-medallion-dev-acme"},
        ),
    ],
)
def test_a_jobs_log_groups_are_there_before_glue_would_make_them(
    request: pytest.FixtureRequest, environment: str, expected: set[str]
) -> None:
    """Glue forms their names; made by it, they would never forget."""
    synthesis: Synthesis = request.getfixturevalue(environment)
    prefix = "/medallion/dev/acme/refine-job"
    named = "medallion-dev-acme-role/medallion-dev-acme-refine-job-<AWS::Region>"
    names = {each.format(prefix=prefix, named=named) for each in expected}
    groups = {
        flat(each["Properties"]["LogGroupName"]): each["Properties"]
        for each in synthesis.resources("AWS::Logs::LogGroup", PIPELINE).values()
    }
    assert {name for name in groups if "refine-job" in name} == names
    assert {groups[name]["RetentionInDays"] for name in names} == {14}
    told = "--custom-logGroup-prefix" if environment == "dev" else "--continuous-log-logGroup"
    assert arguments(synthesis)[told] == prefix

    key = synthesis.one("AWS::KMS::Key", "acme-foundation")["KeyPolicy"]["Statement"]
    (logs,) = (each for each in key if each["Sid"] == "EncryptLogs")
    admitted = [flat(each) for each in logs["Condition"]["ArnLike"]["kms:EncryptionContext:aws:logs:arn"]]
    patterns = [re.escape(each.partition(":log-group:")[2]).replace(r"\*", ".*") for each in admitted]
    for name in names:
        assert any(re.fullmatch(pattern, name) for pattern in patterns), name


def test_a_jobs_metrics_log_and_spark_pages_are_on(dev: Synthesis) -> None:
    given = arguments(dev)
    for name in ("metrics", "observability-metrics", "continuous-cloudwatch-log", "spark-ui"):
        assert given[f"--enable-{name}"] == "true"
    assert given["--spark-event-logs-path"] == "s3://mdl-dev-acme-logs-<AWS::AccountId>-<AWS::Region>/spark/refine/"


# --- EMR Serverless


def test_an_application_stands_where_the_environment_has_one(dev: Synthesis, prod: Synthesis) -> None:
    assert dev.resources("AWS::EMRServerless::Application") == {}
    assert application(prod)["Name"] == "medallion-prod-acme"


@pytest.mark.parametrize(
    ("environment", "lanes"), [("dev", "lambda,glue"), ("prod", "lambda,glue,emr"), ("customised", "lambda,glue,emr")]
)
def test_what_chooses_a_lane_knows_those_that_there_are(
    request: pytest.FixtureRequest, environment: str, lanes: str
) -> None:
    synthesis: Synthesis = request.getfixturevalue(environment)
    told = {
        flat(each["Properties"]["FunctionName"]).rpartition("-")[2]: variables["MEDALLION_LANES"]
        for each in synthesis.resources("AWS::Lambda::Function", PIPELINE).values()
        if "MEDALLION_LANES" in (variables := each["Properties"]["Environment"]["Variables"])
    }
    assert told == dict.fromkeys((Task.REFINE, Task.BUILD, Task.HOUSEKEEP), lanes)


def test_an_application_costs_nothing_when_nothing_runs(prod: Synthesis, customised: Synthesis) -> None:
    for synthesis, minutes, cpu in ((prod, 10, "256 vCPU"), (customised, 5, "16 vCPU")):
        found = application(synthesis)
        assert "InitialCapacity" not in found
        assert found["AutoStartConfiguration"] == {"Enabled": True}
        assert found["AutoStopConfiguration"] == {"Enabled": True, "IdleTimeoutMinutes": minutes}
        assert found["MaximumCapacity"]["Cpu"] == cpu


def test_an_application_is_the_same_spark_on_the_processor_and_network_of_the_setting(
    prod: Synthesis, customised: Synthesis
) -> None:
    for synthesis, architecture in ((prod, "ARM64"), (customised, "X86_64")):
        found = application(synthesis)
        assert (found["Type"], found["ReleaseLabel"]) == ("Spark", "emr-7.13.0")
        assert found["Architecture"] == architecture
    assert "NetworkConfiguration" not in application(prod)
    assert application(customised)["NetworkConfiguration"] == {
        "SubnetIds": ["subnet-0123456789abcdef0"],
        "SecurityGroupIds": ["sg-0123456789abcdef0"],
    }


def test_an_application_logs_to_the_tenants_group_and_leaves_nothing_with_emr(prod: Synthesis) -> None:
    monitoring = application(prod)["MonitoringConfiguration"]
    assert monitoring["ManagedPersistenceMonitoringConfiguration"] == {"Enabled": False}
    log = monitoring["CloudWatchLoggingConfiguration"]
    group = prod.one("AWS::Logs::LogGroup", PIPELINE, LogGroupName=log["LogGroupName"])
    assert group["RetentionInDays"] == 365
    assert "TenantKey" in flat(group["KmsKeyId"])
    assert {each["Key"] for each in log["LogTypeMap"]} == {"SPARK_DRIVER", "SPARK_EXECUTOR"}


@pytest.mark.parametrize("machine", Machine)
def test_an_application_is_given_the_job_that_glue_is_given(prod: Synthesis, machine: Machine) -> None:
    job = JOBS[machine]
    deployed = prod.one("AWS::StepFunctions::StateMachine", PIPELINE, StateMachineName=f"medallion-prod-acme-{machine}")
    given = {name: flat(value) for name, value in deployed["DefinitionSubstitutions"].items()}
    assert given["JobScript"] == flat(glue_job(prod, job)["Command"]["ScriptLocation"])
    # As the embedded AWS, and a shell, read it.
    read = of_emr({"sparkSubmitParameters": given["JobSparkSubmit"]}, {})
    assert read.py_files == [arguments(prod, job)["--extra-py-files"]]
    assert sparks(f"--conf {arguments(prod, job)['--conf']}").items() <= read.conf.items()
    assert read.iceberg
    assert given["JobMinutes"] == str(glue_job(prod, job)["Timeout"])


def test_a_failed_run_of_an_application_asks_for_attention(prod: Synthesis) -> None:
    rules = [rule["Properties"]["EventPattern"] for rule in prod.resources("AWS::Events::Rule", PIPELINE).values()]
    (alerts,) = [pattern["$or"] for pattern in rules if "$or" in pattern]
    (on_emr,) = [each for each in alerts if each["source"] == ["aws.emr-serverless"]]
    assert on_emr["detail"]["state"] == ["FAILED"]
    ((logical_id, _),) = prod.resources("AWS::EMRServerless::Application").items()
    assert [flat(each) for each in on_emr["detail"]["applicationId"]] == [f"<{logical_id}.ApplicationId>"]
