"""A Spark session for measurements: on this machine's cores, with Iceberg tables in a folder."""

from __future__ import annotations

import os
from pathlib import Path

from pyspark.sql import SparkSession

from local.settings import Settings, default_state_dir
from local.spark import installation
from medallion.engines.spark.command import EXECUTORS_JAVA
from medallion.engines.spark.refine import prepare
from medallion.engines.spark.tables import CATALOG

MEMORY = "4g"
_CATALOG = f"spark.sql.catalog.{CATALOG}"


def open_session(warehouse: Path) -> SparkSession:
    """The session. Its catalogue has the name that a job's has, and forgets nothing from one session to the next."""
    found = installation.find(Settings(state_dir=default_state_dir()).spark_dir)
    os.environ["JAVA_HOME"] = str(found.java.parent.parent)
    settings = {
        "spark.driver.extraClassPath": f"{found.folder}/iceberg/*",
        "spark.driver.memory": MEMORY,
        # What executes here is the driver.
        "spark.driver.extraJavaOptions": " ".join(EXECUTORS_JAVA),
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.host": "127.0.0.1",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.sql.shuffle.partitions": "4",
        # As Iceberg's tables have them. What Spark writes by default, Parquet has given up.
        "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
        # A run of Refine has more generated classes than a session keeps by default: Java would compile them each time.
        "spark.sql.codegen.cache.maxEntries": "1000",
        "spark.sql.extensions": "org.apache.iceberg.spark.extensions.IcebergSparkSessionExtensions",
        _CATALOG: "org.apache.iceberg.spark.SparkCatalog",
        f"{_CATALOG}.type": "hadoop",
        f"{_CATALOG}.warehouse": str(warehouse),
    }
    builder = SparkSession.builder.master(f"local[{os.cpu_count()}]").appName("benchmarks")
    for name, value in settings.items():
        builder = builder.config(name, value)
    session = builder.getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    prepare(session)
    return session
