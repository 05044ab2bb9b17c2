"""How a job of the large lanes begins and ends: `<job>.py --job s3://…/job.json`."""

from __future__ import annotations

import argparse
from collections.abc import Callable

from pyspark import SparkConf, SparkContext
from pyspark.sql import SparkSession

EXECUTORS_JAVA = (
    # Spark makes one Java method of a whole verdict. Java interprets one of more than 8,000 bytes for ever unless it is
    # told not to: with sixteen columns, that took three times as long.
    "-XX:-DontCompileHugeMethods",
    # G1 goes through all memory for the sake of large objects, as kept columns are unless regions are large; and as
    # soon as much is held, which by default is less than the six tenths that Spark keeps for itself.
    "-XX:G1HeapRegionSize=16m",
    "-XX:-G1UseAdaptiveIHOP",
    "-XX:InitiatingHeapOccupancyPercent=70",
)
_EXTRA = "spark.executor.extraJavaOptions"


def run(work: Callable[[SparkSession, str], None], description: str | None) -> None:
    """Give the work a session and the order's address. How Spark finds the tables is configured outside; what executors
    tell Java is said here, for it has several words, and what is configured outside is parted at them.
    """
    parser = argparse.ArgumentParser(description=description, allow_abbrev=False)
    parser.add_argument("--job", required=True, metavar="ADDRESS", help="the order: a JSON document in S3")
    # Glue hands arguments of its own to the script as well.
    given, _ = parser.parse_known_args()
    spark = SparkSession.builder.config(_EXTRA, _executors_java()).getOrCreate()
    try:
        work(spark, given.job)
    finally:
        spark.stop()


def _executors_java() -> str:
    """Java's options, behind those that executors are given already."""
    SparkContext._ensure_initialized()  # noqa: SLF001  # Java knows what was configured; Python asks it from then on
    return " ".join([SparkConf().get(_EXTRA, ""), *EXECUTORS_JAVA]).strip()
