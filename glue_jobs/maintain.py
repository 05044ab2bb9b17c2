"""Compaction that outgrows the housekeeping function, on Glue: `maintain.py --job s3://…/job.json`."""

from __future__ import annotations

from medallion.engines.spark.command import run
from medallion.engines.spark.maintain import maintain

if __name__ == "__main__":
    run(maintain, __doc__)
