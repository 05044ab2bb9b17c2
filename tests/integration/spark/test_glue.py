"""Runs of Glue jobs are Spark processes: they write tables in their own role, fail as their script fails, and end when
they are told to."""

from __future__ import annotations

import inspect
import json
from pathlib import Path
from typing import Any

import psutil
import pytest

from local import process
from medallion.engines.spark import command
from tests.integration.local.conftest import eventually
from tests.integration.local.pipeline import archive
from tests.integration.spark.conftest import BUCKET, ICEBERG, Lake, allow, start, write_tables

WRITE = """
    import argparse, sys
    import domain
    from pyspark.sql import SparkSession

    parser = argparse.ArgumentParser(allow_abbrev=False)
    parser.add_argument("--table", required=True)
    parser.add_argument("--JOB_NAME", required=True)
    parser.add_argument("--JOB_RUN_ID", required=True)
    given, rest = parser.parse_known_args()
    spark = SparkSession.builder.getOrCreate()
    table = f"glue_catalog.shop.{given.table}"
    spark.sql(f"CREATE TABLE {table} (id bigint, word string) USING iceberg")
    spark.createDataFrame([(1, "one"), (2, "two")], "id bigint, word string").writeTo(table).append()
    spark.sql(f"ALTER TABLE {table} CREATE BRANCH audit")
    print("rows", spark.table(table).count(), domain.WORD, given.JOB_NAME, given.JOB_RUN_ID)
    print("rest", *rest)
    try:
        import medallion
    except ImportError:
        print("nothing of the project but what came with the job")
"""
COMMAND = """
    from medallion.engines.spark.command import run

    def work(spark, job):
        print(job, spark.conf.get("spark.executor.extraJavaOptions"))

    run(work, None)
"""
SLEEP = """
    import os, sys, time
    print("asleep as", os.getpid(), flush=True)
    time.sleep(600)
"""
FAIL = """
    import sys
    print("about to fail")
    class Unreadable(ValueError):
        pass
    def read():
        raise Unreadable("no header in the file")
    read()
"""


@pytest.fixture(scope="module")
def sleeper(lake: Lake, writer: str) -> str:
    lake.job("sleeper", SLEEP, writer, ExecutionProperty={"MaxConcurrentRuns": 2})
    return "sleeper"


def slept(lake: Lake, run_id: str) -> psutil.Process:
    """The driver's Python, once the script runs in it."""
    line = eventually(lambda: next(iter(lake.log("/aws-glue/jobs/output", run_id)), None), 120)
    return psutil.Process(int(line.rpartition(" ")[2]))


def gone(driver: psutil.Process) -> bool:
    return not driver.is_running() or driver.status() == psutil.STATUS_ZOMBIE


def test_table_is_written_in_the_jobs_role_when_a_job_is_run(lake: Lake, writer: str) -> None:
    zipped = f"s3://{BUCKET}/code/domain.zip"
    lake.job("write", WRITE, writer, DefaultArguments={"--extra-py-files": zipped, "--table": "replaced"})
    run = lake.go("write", table="words")
    assert run["JobRunState"] == "SUCCEEDED", run.get("ErrorMessage")
    assert run["CompletedOn"] > run["StartedOn"]
    assert (run["Arguments"], run["Attempt"], "ErrorMessage" in run) == ({"--table": "words"}, 0, False)
    printed = lake.log("/aws-glue/jobs/output", run["Id"])
    assert printed[0] == f"rows 2 from the zip write {run['Id']}"
    assert "--extra-py-files" in printed[1]
    assert printed[2] == "nothing of the project but what came with the job"
    table = lake.client("glue").get_table(DatabaseName="shop", Name="words")["Table"]
    assert table["Parameters"]["table_type"] == "ICEBERG"
    location = table["Parameters"]["metadata_location"].removeprefix(f"s3://{BUCKET}/")
    metadata = json.loads(lake.client("s3").get_object(Bucket=BUCKET, Key=location)["Body"].read())
    assert sorted(metadata["refs"]) == ["audit", "main"]


def test_executors_are_told_what_java_needs_beside_what_was_configured(lake: Lake, writer: str) -> None:
    modules = ("medallion", "medallion.engines", "medallion.engines.spark", command.__name__)
    code = {f"{Path(*name.split('.'))}/__init__.py": "" for name in modules[:-1]}
    code[f"{Path(*modules[-1].split('.'))}.py"] = inspect.getsource(command)
    lake.client("s3").put_object(Bucket=BUCKET, Key="code/command.zip", Body=archive(code))
    conf = " --conf ".join(
        f"{name}={value}" for name, value in {**ICEBERG, "spark.executor.extraJavaOptions": "-Dours=none"}.items()
    )
    given = {"--extra-py-files": f"s3://{BUCKET}/code/command.zip", "--conf": conf}
    lake.job("told", COMMAND, writer, DefaultArguments=given)
    run = lake.go("told", job="s3://orders/job.json")
    assert run["JobRunState"] == "SUCCEEDED", run.get("ErrorMessage")
    (told,) = lake.log("/aws-glue/jobs/output", run["Id"])
    assert told.split() == ["s3://orders/job.json", "-Dours=none", *command.EXECUTORS_JAVA]


def test_run_fails_when_the_jobs_role_lacks_a_right(lake: Lake) -> None:
    everything_but_files = [statement for statement in write_tables() if "s3:PutObject" not in statement["Action"]]
    role = lake.role("reader", "glue", *everything_but_files)
    zipped = f"s3://{BUCKET}/code/domain.zip"
    lake.job("denied", WRITE, role, DefaultArguments={"--extra-py-files": zipped})
    run = lake.go("denied", table="denied")
    assert run["JobRunState"] == "FAILED"
    assert "not authorized to perform: s3:PutObject" in run["ErrorMessage"]
    assert "\tat org.apache" not in run["ErrorMessage"]
    assert any("reader" in line and "s3:PutObject" in line for line in lake.log("/aws-glue/jobs/error", run["Id"]))


def test_run_fails_when_the_jobs_role_may_not_read_the_script(lake: Lake) -> None:
    lake.job("unread", FAIL, lake.role("blind", "glue", allow("logs:*")))
    run = lake.go("unread")
    assert run["JobRunState"] == "FAILED"
    assert f"s3://{BUCKET}/jobs/unread.py cannot be fetched in the job's role" in run["ErrorMessage"]


def test_run_fails_with_the_error_when_the_script_raises(lake: Lake, writer: str) -> None:
    lake.job("failing", FAIL, writer)
    run = lake.go("failing")
    assert (run["JobRunState"], run["ErrorMessage"]) == ("FAILED", "Unreadable: no header in the file")
    printed = lake.log("/aws-glue/jobs/output", run["Id"])
    assert (printed[0], printed[-1]) == ("about to fail", "Unreadable: no header in the file")
    complained = lake.log("/aws-glue/jobs/error", run["Id"])
    assert "Traceback (most recent call last):" in complained
    assert "Unreadable: no header in the file" in complained
    assert not any("boot.py" in line or "runpy" in line for line in printed + complained)


def test_failed_run_is_tried_again_when_the_job_says_so(lake: Lake, writer: str) -> None:
    lake.job("stubborn", "raise SystemExit(3)", writer, MaxRetries=1)
    first = lake.go("stubborn")
    assert (first["JobRunState"], first["ErrorMessage"]) == ("FAILED", "SystemExit: 3")
    second = lake.ended("stubborn", f"{first['Id']}_attempt_1")
    assert (second["Attempt"], second["PreviousRunId"], second["JobRunState"]) == (1, first["Id"], "FAILED")
    assert len(lake.client("glue").get_job_runs(JobName="stubborn")["JobRuns"]) == 2


def test_start_is_refused_when_the_role_does_not_trust_glue(lake: Lake) -> None:
    glue = lake.client("glue")
    lake.job("untrusted", FAIL, lake.role("other", "lambda", allow("logs:*")))
    with pytest.raises(glue.exceptions.InvalidInputException, match="assume role permissions for Glue Service"):
        glue.start_job_run(JobName="untrusted")


def test_run_is_stopped_when_it_is_asked_to(lake: Lake, sleeper: str) -> None:
    glue = lake.client("glue")
    run_id = glue.start_job_run(JobName=sleeper)["JobRunId"]
    driver = slept(lake, run_id)
    stopped = glue.batch_stop_job_run(JobName=sleeper, JobRunIds=[run_id, "jr_none"])
    assert [each["JobRunId"] for each in stopped["SuccessfulSubmissions"]] == [run_id]
    assert [each["JobRunId"] for each in stopped["Errors"]] == ["jr_none"]
    assert lake.run(sleeper, run_id)["JobRunState"] in ("STOPPING", "STOPPED")
    assert lake.ended(sleeper, run_id)["JobRunState"] == "STOPPED"
    assert gone(driver)


def test_run_is_ended_when_its_time_is_up(tmp_path: Path) -> None:
    settings = start(tmp_path / "state", spark_minute_seconds=8.0)
    try:
        lake = Lake(settings)
        lake.client("s3").create_bucket(Bucket=BUCKET)
        lake.job("sleeper", SLEEP, lake.role("writer", "glue", *write_tables()), Timeout=1)
        run = lake.go("sleeper")
    finally:
        process.down(settings.state_dir)
    assert (run["JobRunState"], run["ErrorMessage"]) == ("TIMEOUT", "Job run timed out after 1 minutes")


def test_next_run_waits_and_a_third_is_refused_when_there_is_one_slot_and_two_are_allowed(
    lake: Lake, sleeper: str
) -> None:
    glue = lake.client("glue")
    first, second = (glue.start_job_run(JobName=sleeper)["JobRunId"] for _ in range(2))
    with pytest.raises(glue.exceptions.ConcurrentRunsExceededException, match="Concurrent runs exceeded for sleeper"):
        glue.start_job_run(JobName=sleeper)
    slept(lake, first)
    assert [lake.run(sleeper, run)["JobRunState"] for run in (first, second)] == ["RUNNING", "STARTING"]
    glue.batch_stop_job_run(JobName=sleeper, JobRunIds=[first, second])
    assert [lake.ended(sleeper, run)["JobRunState"] for run in (first, second)] == ["STOPPED", "STOPPED"]


@pytest.mark.parametrize("orderly", [True, False])
def test_no_process_is_left_when_the_server_ends(tmp_path: Path, *, orderly: bool) -> None:
    settings = start(tmp_path / "state")
    lake = Lake(settings)
    server = psutil.Process(process.require(settings.state_dir).pid)
    try:
        lake.client("s3").create_bucket(Bucket=BUCKET)
        lake.job("sleeper", SLEEP, lake.role("writer", "glue", *write_tables()))
        driver = slept(lake, lake.client("glue").start_job_run(JobName="sleeper")["JobRunId"])
        below: list[Any] = [each for each in server.children(recursive=True) if "guard.py" in str(each.cmdline())]
        if not orderly:
            server.kill()
            eventually(lambda: gone(server))
    finally:
        process.down(settings.state_dir)
    assert below
    eventually(lambda: gone(driver) and all(gone(each) for each in below))
