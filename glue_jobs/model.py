"""A Gold model's build in a large lane, on Glue and on EMR Serverless: `model.py --job s3://…/job.json`."""

from __future__ import annotations

import argparse

from pyspark.sql import SparkSession

from medallion.engines.spark.build import build


def main() -> None:
    """Execute the order at the address that is given. How Spark finds the tables is configured outside."""
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("--job", required=True, metavar="ADDRESS", help="the order: a JSON document in S3")
    # Glue hands arguments of its own to the script as well.
    given, _ = parser.parse_known_args()
    spark = SparkSession.builder.getOrCreate()
    try:
        build(spark, given.job)
    finally:
        spark.stop()


if __name__ == "__main__":
    main()
