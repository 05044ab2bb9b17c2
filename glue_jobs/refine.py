"""Refine in a large lane, on Glue and on EMR Serverless: `refine.py --job s3://…/job.json`."""

from __future__ import annotations

from medallion.engines.spark.command import run
from medallion.engines.spark.refine import refine

if __name__ == "__main__":
    run(refine, __doc__)
