"""How a job of the large lanes begins and ends: `<job>.py --job s3://…/job.json`."""

from __future__ import annotations

import argparse
from collections.abc import Callable

from pyspark.sql import SparkSession


def run(work: Callable[[SparkSession, str], None], description: str | None) -> None:
    """Give the work a session and the order's address. How Spark finds the tables is configured outside."""
    parser = argparse.ArgumentParser(description=description, allow_abbrev=False)
    parser.add_argument("--job", required=True, metavar="ADDRESS", help="the order: a JSON document in S3")
    # Glue hands arguments of its own to the script as well.
    given, _ = parser.parse_known_args()
    spark = SparkSession.builder.getOrCreate()
    try:
        work(spark, given.job)
    finally:
        spark.stop()
