"""A Gold model's build in a large lane, on Glue and on EMR Serverless: `model.py --job s3://…/job.json`."""

from __future__ import annotations

from medallion.engines.spark.build import build
from medallion.engines.spark.command import run

if __name__ == "__main__":
    run(build, __doc__)
