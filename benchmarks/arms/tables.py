"""The same verdicts into Iceberg tables, and a batch that meets a table twenty times as large."""

from __future__ import annotations

from collections.abc import Mapping

import duckdb
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from benchmarks.arms import Arm, Disagreement, Work, acme_plan
from benchmarks.arms.verdicts import judged, texts, typed
from benchmarks.transactions import BLOCK, CONFLICT, good
from medallion.engines.iceberg import PROPERTIES
from medallion.engines.spark.refine import judge, planned_for
from medallion.engines.spark.tables import CATALOG
from medallion.plan.model import Plan
from medallion.plan.sql import literal

TIMES = 20
"""How much larger than the batch the table is that it meets."""
REPEATED = 10
"""One record of so many of the batch stands in the table already."""


def address(work: Work, name: str) -> str:
    """The table's name in Spark's SQL: each run has its own."""
    return f"{CATALOG}.{work.out.name.replace('-', '_')}.{name}"


def create(work: Work, name: str, rows: DataFrame, properties: Mapping[str, str] | None = None, by: str = "") -> None:
    """Create the Iceberg table as the platform does, with the columns of `rows`, and empty."""
    writer = rows.limit(0).writeTo(address(work, name)).using("iceberg")
    for key, value in {**PROPERTIES, **(properties or {})}.items():
        writer = writer.tableProperty(key, value)
    (writer.partitionedBy(F.col(by)) if by else writer).create()


# --- into one table, by status


def _ready_typed(work: Work) -> None:
    create(work, "typed", typed(texts(work)))


def _append_typed(work: Work) -> None:
    typed(texts(work)).writeTo(address(work, "typed")).append()


def _ready_judged(work: Work) -> None:
    # A file for each half from each task: a shuffle would cost more than the files do.
    several = {"write.distribution-mode": "none", "write.spark.fanout.enabled": "true"}
    create(work, "judged", judged(work), several, by="status")


def _append_judged(work: Work) -> None:
    judged(work).writeTo(address(work, "judged")).append()


def _all_judged(work: Work) -> None:
    bad = work.spark.table(address(work, "judged")).where("verdict_0 <> 0").count()
    # A key that another record has is no matter of one record.
    wanted = sum((number // BLOCK) % 10 != CONFLICT for number in range(BLOCK - 1, work.records, BLOCK))
    if bad != wanted:
        raise Disagreement(f"{bad} of {work.records} records are bad, and {wanted} were made so")


# --- into a table that holds some of them


def _ready_held(work: Work) -> None:
    """A batch of judged records, and the table that it meets."""
    files = {name: str(work.data / f"{name}-{work.records}.parquet") for name in ("batch", "held")}
    first = {"batch": 0, "held": work.records - work.records // REPEATED}
    count = {"batch": work.records, "held": TIMES * work.records}
    for name, file in files.items():
        if not (work.data / f"{name}-{work.records}.parquet").exists():
            with duckdb.connect(config={"threads": 2}) as connection:
                connection.execute("SET TimeZone = 'UTC'")
                connection.execute(f"COPY ({good(first[name], count[name])}) TO {literal(file)} (FORMAT parquet)")
        work.spark.read.parquet(file).createOrReplaceTempView(name)
    _offer(work)
    create(work, "silver", work.spark.sql(_blind(acme_plan())))
    held = work.spark.sql(_blind(acme_plan()).replace("judged", "held_judged"))
    held.writeTo(address(work, "silver")).append()


def _offer(work: Work) -> None:
    """What the plan's statements read of a run of new records."""
    run = work.spark.sql
    fixed = "0 AS object_number, 0 AS attempt_count, FALSE AS entered, 0L AS verdict_0"
    run(f"SELECT *, {fixed} FROM batch").createOrReplaceTempView("judged")
    run(f"SELECT *, {fixed} FROM held").createOrReplaceTempView("held_judged")
    run("SELECT 0 AS object_number, 'o' AS source_file_id, current_timestamp() AS arrived_at").createOrReplaceTempView(
        "objects"
    )
    run(
        "SELECT 'r' AS run_id, '1.0.0' AS contract_version, 3 AS max_attempts, FALSE AS replay"
    ).createOrReplaceTempView("run")
    run("SELECT * FROM judged WHERE FALSE").drop("verdict_0").createOrReplaceTempView("own")
    run("SELECT object_number, source_row, row_hash FROM judged WHERE FALSE").createOrReplaceTempView("failed_before")
    run("SELECT object_number, source_row, 0 AS tries FROM judged WHERE FALSE").createOrReplaceTempView("tries")
    run("SELECT row_hash FROM judged WHERE FALSE").createOrReplaceTempView("open_failures")


def _blind(plan: Plan) -> str:
    """Silver's rows, whatever is held."""
    columns = ", ".join(f"`{column.name}`" for column in plan.columns)
    return (
        f"SELECT {columns}, row_hash, o.source_file_id, source_row, attempt_count, "
        "o.arrived_at AS ingestion_timestamp, r.run_id, r.contract_version "
        "FROM judged AS j JOIN objects AS o USING (object_number) CROSS JOIN run AS r"
    )


def _append_blind(work: Work) -> None:
    work.spark.sql(_blind(acme_plan())).writeTo(address(work, "silver")).append()


def _append_new(work: Work) -> None:
    """As the engine does it: an outcome for each record, counted, and the new ones into Silver."""
    plan, silver = acme_plan(), address(work, "silver")
    columns = ", ".join(f"`{name}`" for name in plan.held)
    work.spark.sql(f"SELECT {columns} FROM {silver}").createOrReplaceTempView("silver_held")
    statements = plan.statements["spark"]
    offered = ("open_failures", "judged")
    relations = {name: one for name, one in statements.relations.items() if name not in offered}
    with planned_for(work.spark, (1 + TIMES) * work.records):
        found = judge(work.spark, relations)
        if found["exceptional"] != found["resolved"]:
            raise Disagreement("the plan did not give each record one outcome")
        work.spark.sql(statements.silver).writeTo(silver).append()
    work.spark.catalog.clearCache()


def _each_once(work: Work) -> None:
    """Each key stands in the table once."""
    found = work.spark.sql(
        f"SELECT COUNT(*) AS rows, COUNT(DISTINCT transaction_id) AS keys FROM {address(work, 'silver')}"
    ).first()
    assert found is not None
    if found["rows"] != found["keys"]:
        raise Disagreement(f"{found['rows']} rows have {found['keys']} keys")


ARMS = (
    Arm("iceberg_floor", "append the typed records to an Iceberg table", _append_typed, ready=_ready_typed),
    Arm(
        "medallion_iceberg",
        "Medallion: the plan's verdict, one append by status",
        _append_judged,
        _all_judged,
        _ready_judged,
    ),
    Arm("blind_append", "append the batch, whatever is held", _append_blind, ready=_ready_held),
    Arm(
        "medallion_new",
        "Medallion: an outcome for each record, the new ones appended",
        _append_new,
        _each_once,
        _ready_held,
    ),
)
