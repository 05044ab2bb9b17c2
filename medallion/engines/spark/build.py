"""A Gold model: its query over the pinned snapshots of its inputs, in the place of what its table held, on a branch.

The order is a document: the query in Spark's dialect, the snapshots that it reads, and what the new snapshot says.
Spark decides nothing.
"""

from __future__ import annotations

from functools import reduce
from typing import Any

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from medallion.engines.spark.documents import Documents
from medallion.engines.spark.tables import IcebergTable

_SETTINGS = {
    "spark.sql.session.timeZone": "UTC",
    # What overflows or cannot be cast fails, as it does in DuckDB; decimals keep their digits.
    "spark.sql.ansi.enabled": "true",
    "spark.sql.decimalOperations.allowPrecisionLoss": "false",
    "spark.sql.parquet.datetimeRebaseModeInRead": "CORRECTED",
    "spark.sql.parquet.datetimeRebaseModeInWrite": "CORRECTED",
}
Order = dict[str, Any]


def build(spark: SparkSession, job: str) -> None:
    """Execute the order that stands at the address `job`, and write down what it built.

    Nothing that readers see changes. What an earlier try committed is looked for first.
    """
    documents = Documents(spark)
    order = documents.read(job)
    for name, value in _SETTINGS.items():
        spark.conf.set(name, value)
    for relation, one in order["inputs"].items():
        IcebergTable(spark, one["table"]).as_now(one["snapshot"]).createOrReplaceTempView(relation)
    target = IcebergTable(spark, order["target"])
    snapshot = target.replace(
        lambda _: spark.sql(order["query"]).toDF(*order["columns"]),
        None,
        order["marks"],
        branch=order["branch"],
        notes=order["notes"],
    )
    rows, null_keys, repeated_keys = _keys(target.at(snapshot), order["keys"])
    built = {
        "snapshot": snapshot,
        "base": order["base"],
        "inputs": {relation: one["snapshot"] for relation, one in order["inputs"].items()},
        "rows": rows,
        "null_keys": null_keys,
        "repeated_keys": repeated_keys,
    }
    documents.write(order["result"], built)


def _keys(built: DataFrame, keys: list[str]) -> tuple[int, int, int]:
    """How many rows were committed, how many lack a key, and how many share one with another row."""
    rows = built.count()
    if not keys:
        return rows, 0, 0
    columns = [F.col(f"`{key}`") for key in keys]
    null = reduce(lambda one, other: one | other, (column.isNull() for column in columns))
    return rows, built.where(null).count(), rows - built.select(*columns).distinct().count()
