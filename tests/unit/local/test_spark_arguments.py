"""What Glue and EMR Serverless read from a job's parameters."""

from __future__ import annotations

from typing import Any

import pytest

from local.spark.arguments import BadParameters, Parameters, glue_argv, glue_conf, of_emr, of_glue


@pytest.mark.parametrize(
    ("value", "settings"),
    [
        ("", {}),
        ("a=1", {"a": "1"}),
        ("a=1 --conf b=2", {"a": "1", "b": "2"}),
        ("--conf a=1 --conf=b=2", {"a": "1", "b": "2"}),
        ("a=x=y --conf b=with spaces in it", {"a": "x=y", "b": "with spaces in it"}),
    ],
)
def test_settings_are_read_when_glue_has_them_in_one_argument(value: str, settings: dict[str, str]) -> None:
    assert glue_conf(value) == settings


@pytest.mark.parametrize("value", ["a", "=1", "a b=1", "a=1 --conf b"])
def test_setting_is_refused_when_it_is_no_setting(value: str) -> None:
    with pytest.raises(BadParameters, match="is no name=value"):
        glue_conf(value)


def test_parameters_are_read_when_glue_is_given_arguments() -> None:
    arguments = {
        "--extra-py-files": "s3://b/a.zip, s3://b/b.py",
        "--extra-jars": "s3://b/c.jar",
        "--extra-files": "s3://b/d.json",
        "--datalake-formats": "hudi,iceberg",
        "--own": "x",
    }
    assert of_glue(arguments) == Parameters(
        ["s3://b/a.zip", "s3://b/b.py"], ["s3://b/c.jar"], ["s3://b/d.json"], {}, iceberg=True
    )


def test_script_is_given_every_argument_when_glue_runs_it() -> None:
    argv = glue_argv({"--extra-py-files": "s3://b/a.zip", "--enable-metrics": "", "--own": "x"}, "job", "jr_1")
    assert argv == [
        *("--JOB_ID", "j_job", "--JOB_RUN_ID", "jr_1", "--JOB_NAME", "job"),
        *("--extra-py-files", "s3://b/a.zip", "--enable-metrics", "--own", "x"),
    ]


def submit(parameters: str) -> dict[str, Any]:
    return {"sparkSubmitParameters": parameters}


def test_parameters_are_read_when_emr_is_given_spark_submits() -> None:
    asked = (
        "--py-files s3://b/a.zip --conf spark.jars=/usr/share/aws/iceberg/lib/iceberg.jar,s3://b/c.jar "
        "--conf spark.x='two words' --driver-memory=4g --name n"
    )
    overrides = {
        "applicationConfiguration": [
            {"classification": "spark-defaults", "properties": {"spark.x": "one", "spark.y": "1"}},
            {"classification": "spark-log4j2", "properties": {"rootLogger.level": "warn"}},
        ]
    }
    conf = {"spark.x": "two words", "spark.y": "1", "spark.driver.memory": "4g"}
    assert of_emr(submit(asked), overrides) == Parameters(["s3://b/a.zip"], ["s3://b/c.jar"], [], conf, iceberg=True)


@pytest.mark.parametrize(
    ("parameters", "why"),
    [
        ("--packages a:b:c", "--packages is not one"),
        ("--conf", "--conf has no value"),
        ("x --conf a=b", "'x' belongs to no option"),
        ("--conf 'a=b", "cannot be read"),
    ],
)
def test_parameters_are_refused_when_emr_would_not_take_them(parameters: str, why: str) -> None:
    with pytest.raises(BadParameters, match=why):
        of_emr(submit(parameters), {})
