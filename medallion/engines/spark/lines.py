"""Objects of plain lines, read by Spark itself: from the block that a line is in, it is known which one it is."""

from __future__ import annotations

from typing import Any

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

BLOCKS = ("spark.sql.files.maxPartitionBytes", "spark.sql.files.openCostInBytes")
"""How many bytes a task reads. What is opened costs as many, so that no task takes a second block."""
_WITHIN_A_TASK = (1 << 33) - 1
"""The bits of Spark's increasing numbers that count a task's rows; those above are the task's."""


def staged_lines(spark: SparkSession, lines: dict[str, Any]) -> DataFrame:
    """The records of the object that the order describes, as `staged` has them.

    A task must read one block, and no row may go missing before rows are numbered. Fails where Spark has parted the
    object otherwise.
    """
    block = lines["block"]
    for name in BLOCKS:
        spark.conf.set(name, str(block))
    before = ", ".join(f"{number}L" for number in lines["before"])
    start = "INPUT_FILE_BLOCK_START()"
    known = f"CASE WHEN {start} % {block} = 0 THEN ARRAY({before})[CAST({start} DIV {block} AS INT)] END"
    unknown = "RAISE_ERROR('a task has read another part of the object than one of those whose lines were counted')"
    number = f"(MONOTONICALLY_INCREASING_ID() & {_WITHIN_A_TASK}L) + COALESCE({known}, CAST({unknown} AS BIGINT))"
    rows = spark.read.text(lines["address"], lineSep="\n")
    rows.select(F.col("value").alias("line"), F.expr(number).alias("source_row")).createOrReplaceTempView("lines")
    return spark.sql(lines["select"])
