"""Compaction of many small files: their rows are written anew to a branch, and read back before anybody is told.

The order is a document: the table, the files, the branch. Main is left alone; who asked for the files commits them.
"""

from __future__ import annotations

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import ArrayType, BinaryType, DataType, MapType, StructType

from medallion.engines.spark.documents import Documents
from medallion.engines.spark.tables import IcebergTable

_SETTINGS = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.ansi.enabled": "false",
    "spark.sql.parquet.datetimeRebaseModeInRead": "CORRECTED",
    "spark.sql.parquet.datetimeRebaseModeInWrite": "CORRECTED",
}
_LIMB = 16
"""Hexadecimal digits of a 64-bit number."""


class RowsChanged(RuntimeError):
    """The new files do not hold the rows of the old ones."""


def maintain(spark: SparkSession, job: str) -> None:
    """Execute the order that stands at the address `job`, and write down what it wrote.

    RowsChanged unless the new files, read back, hold the same rows as often each. What an earlier try committed is
    looked for first.
    """
    documents = Documents(spark)
    order = documents.read(job)
    for name, value in _SETTINGS.items():
        spark.conf.set(name, value)
    table, snapshot, files = IcebergTable(spark, order["table"]), order["snapshot"], order["files"]
    written = table.append(lambda one: one.of_files(snapshot, files), order["marks"], branch=order["branch"])
    old, new = digest(table.of_files(snapshot, files)), digest(table.of_files(written, table.added(written)))
    if old != new:
        raise RowsChanged(
            f"{order['table']}: the compacted files do not hold the rows of those that they were made from: nothing "
            "was changed, and they will be removed; report this, it is a fault of the engine"
        )
    documents.write(order["result"], {"snapshot": written, "rows": old[0]})


def digest(rows: DataFrame) -> tuple[int, ...]:
    """How many rows there are, and the sums of the four 64-bit numbers of each one's SHA-256.

    A sum does not depend on the rows' order, and counts a row as often as it stands there.
    """
    text = F.concat(*(_told(F.col(f"`{one.name}`"), one.dataType) for one in rows.schema.fields))
    hashed = rows.select(F.sha2(text, 256).alias("hashed"))
    limbs = (F.conv(F.substring("hashed", 1 + _LIMB * limb, _LIMB), 16, 10).cast("decimal(20,0)") for limb in range(4))
    found = hashed.agg(F.count(F.lit(1)), *(F.sum(limb) for limb in limbs)).collect()[0]
    return tuple(int(one or 0) for one in found)


def _told(value: Column, kind: DataType) -> Column:
    """A value as text that is told apart from the next by its own length, and nothing by `;`."""
    if isinstance(kind, BinaryType):
        text = F.hex(value)
    elif isinstance(kind, (ArrayType, MapType, StructType)):
        # Texts alone stand in what is nested.
        text = F.to_json(value, {"ignoreNullFields": "false"})
    else:
        text = value.cast("string")
    return F.coalesce(F.concat(F.length(text).cast("string"), F.lit(":"), text), F.lit(";"))
