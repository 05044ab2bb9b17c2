"""From a job to a command: what of its configuration is the job's, and what is this machine's."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from local.errors import SparkMissing
from local.settings import Settings
from local.spark import installation
from local.spark.installation import Installation
from local.spark.launch import Fetcher, Job, LaunchFailed, configuration, prepare
from local.spark.roles import Actor
from local.spark.tasks import lower_first, upper_first


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(state_dir=tmp_path, port=4599)


@pytest.fixture
def actor(settings: Settings) -> Actor:
    return Actor(settings, "000000000000", "eu-west-1", "ASIAKEY", "hush-1", "hush-2")


class Store:
    """Takes note of what is fetched."""

    def download_file(self, bucket: str, key: str, target: str) -> None:
        Path(target).write_text(f"{bucket}/{key}")


def test_local_settings_win_when_a_job_says_otherwise(settings: Settings, actor: Actor) -> None:
    catalog = "spark.sql.catalog.glue_catalog"
    conf = {
        "spark.master": "yarn",
        "spark.x": "kept",
        catalog: "org.apache.iceberg.spark.SparkCatalog",
        f"{catalog}.warehouse": "s3://b/w",
    }
    found = configuration(Job("r", "n", "s3://b/s.py", conf=conf), actor, Path("/scratch"), settings)
    assert (found["spark.master"], found["spark.x"]) == ("local[2]", "kept")
    assert found[f"{catalog}.s3.path-style-access"] == "true"
    assert f"{catalog}.warehouse.s3.path-style-access" not in found
    assert found["spark.hadoop.fs.s3a.endpoint"] == "http://127.0.0.1:4599"
    assert found["spark.driver.bindAddress"] == "127.0.0.1"
    assert "spark.sql.extensions" not in found


def test_command_holds_no_secret_when_it_is_formed(
    settings: Settings, actor: Actor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Actor, "client", lambda self, service: Store())
    driver = "spark.emr-serverless.driverEnv"
    conf = {f"{driver}.TENANT": "shop", f"{driver}.PYSPARK_PYTHON": "/usr/bin/python3.11"}
    job = Job("r", "n", "s3://b/jobs/s.py", ("--a", "1"), ("s3://b/domain.zip",), (), ("s3://b/extra.json",), conf)
    found = Installation(Path("/java"), Path("/spark"), tmp_path / "jars")
    command = prepare(job, actor, found, tmp_path / "run", settings)
    assert "hush" not in " ".join(command.arguments)
    assert command.environment["AWS_SESSION_TOKEN"] == actor.token
    assert command.environment["AWS_REGION"] == "eu-west-1"
    assert command.environment["TENANT"] == "shop"
    assert command.environment["PYSPARK_PYTHON"] == sys.executable
    assert command.arguments[-2:] == ["--a", "1"]
    assert (command.folder / "extra.json").read_text() == "b/extra.json"
    assert "/iceberg/" not in " ".join(command.arguments)


@pytest.mark.parametrize("address", ["jobs/s.py", "https://b/s.py", "s3://b", "s3://b/folder/"])
def test_address_is_refused_when_it_names_no_object(tmp_path: Path, address: str) -> None:
    with pytest.raises(LaunchFailed, match="is not the address of an S3 object"):
        Fetcher(Store(), tmp_path)(address, "script")


def test_sentence_says_what_to_type_when_the_jars_are_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(installation, "find_spark", lambda: Path("/spark"))
    monkeypatch.setattr(installation, "find_java", lambda: Path("/java"))
    with pytest.raises(SparkMissing, match="make setup-spark"):
        installation.find(tmp_path)


def test_sentence_names_the_version_when_java_is_too_new(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    java = tmp_path / "bin" / "java"
    java.parent.mkdir()
    java.write_text("#!/bin/sh\necho 'openjdk version \"25.0.1\" 2026-01-01' >&2\n")
    java.chmod(0o755)
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    monkeypatch.setattr("local.spark.installation.shutil.which", lambda name: None)
    monkeypatch.setattr("local.spark.installation.importlib.util.find_spec", lambda name: None)
    with pytest.raises(SparkMissing, match=r"is Java 25\).*JAVA=bundled"):
        installation.find_java()


@pytest.mark.parametrize(
    ("api", "machine"),
    [
        (
            {"jobDriver": {"sparkSubmit": {"entryPointArguments": ["a"]}}, "tags": {"own": "x"}},
            {"JobDriver": {"SparkSubmit": {"EntryPointArguments": ["a"]}}, "Tags": {"own": "x"}},
        ),
        ({"applicationId": "a", "createdAt": 1}, {"ApplicationId": "a", "CreatedAt": 1}),
    ],
)
def test_members_are_renamed_when_they_pass_step_functions(api: Any, machine: Any) -> None:
    assert upper_first(api) == machine
    assert lower_first(machine) == api
