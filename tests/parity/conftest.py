"""One Spark session for the folder, configured as a job's is: it is what takes time to start."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pyspark
import pytest
from pyspark.sql import SparkSession

from local.settings import HOST, Settings, default_state_dir
from local.spark import installation
from medallion.contracts.model import Lane
from medallion.engines import lines
from medallion.engines.spark.refine import refine
from medallion.steps.lanes import Lanes
from stacks.spark import CATALOGUE, catalogue
from tests.integration.local.conftest import free_port
from tests.integration.steps.workbench import Workbench, workbench

WITH_JARS = "3.5."
"""How the version of Spark begins that the tables' jars are for."""
_GATEWAY = "ignore:Exception ignored in. <socket:pytest.PytestUnraisableExceptionWarning"
"""Spark's gateway leaves its sockets to be closed by the garbage collector."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.filterwarnings(_GATEWAY))


@pytest.fixture(scope="session")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workbench]:
    """A tenant whose runs all go through Spark."""
    with (
        pytest.MonkeyPatch.context() as patch,
        workbench(tmp_path_factory.mktemp("bench"), free_port(), patch.setenv) as made,
    ):
        made.platform = replace(made.platform, lanes=Lanes(frozenset({Lane.LAMBDA, Lane.GLUE})))
        made.lane = Lane.GLUE
        # However small an object is: if it is plain, the job reads it.
        patch.setattr(lines, "LEAST", 0)
        yield made


@pytest.fixture(scope="session")
def spark(request: pytest.FixtureRequest) -> Iterator[SparkSession]:
    """A session on this machine's cores that finds the bench's tables as a job finds its tenant's.

    Another version of Spark than the one whose jars are here is without tables: it can only judge.
    """
    bench: Workbench | None = request.getfixturevalue("bench") if pyspark.__version__.startswith(WITH_JARS) else None
    builder = SparkSession.builder.master("local[2]").appName("parity")
    for name, value in {**_ALONE, **(_with_tables(bench) if bench else {})}.items():
        builder = builder.config(name, value)
    session = builder.getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    if bench is not None:
        bench.start_job = lambda job: refine(session, job)
    yield session
    session.stop()


_ALONE = {
    "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1",
    "spark.driver.memory": "3g",
    "spark.driver.bindAddress": HOST,
    "spark.driver.host": HOST,
    "spark.ui.enabled": "false",
    "spark.sql.shuffle.partitions": "2",
    # DuckDB, which compares, takes Spark's older form of a timestamp for one without a zone.
    "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
}


def _with_tables(bench: Workbench) -> dict[str, str]:
    jars = installation.find(Settings(state_dir=default_state_dir()).spark_dir).folder
    return {
        **catalogue(bench.platform.layout),
        f"{CATALOGUE}.s3.path-style-access": "true",
        "spark.driver.extraClassPath": ":".join(str(jar) for jar in sorted(Path(jars).glob("*/*.jar"))),
        "spark.hadoop.fs.s3.impl": "org.apache.hadoop.fs.s3a.S3AFileSystem",
        "spark.hadoop.fs.s3a.endpoint": bench.platform.s3.meta.endpoint_url,
        "spark.hadoop.fs.s3a.endpoint.region": bench.platform.layout.region,
        "spark.hadoop.fs.s3a.path.style.access": "true",
    }
