"""A run's staged records → Bronze, Silver on the run's branch, Silver's history, the quarantine and duplicates logs.

The order is a document: the compiled plan with its SQL, the relations that were staged for it, the tables and the
snapshots that it reads. Spark decides nothing.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import reduce
from typing import Any

from pyspark import StorageLevel
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from medallion.engines.spark.documents import Documents
from medallion.engines.spark.lines import staged_lines
from medallion.engines.spark.tables import IcebergTable

_SETTINGS = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.ansi.enabled": "false",
    "spark.sql.mapKeyDedupPolicy": "LAST_WIN",
    # Spark asks of each combination of a statement's columns which filters follow from it: with nineteen that are made
    # of others, its planner ran out of memory. The plan's statements say what they filter by.
    "spark.sql.constraintPropagation.enabled": "false",
    # What is kept is read a few times, soon: to look for its best encoding takes longer than that.
    "spark.sql.inMemoryColumnarStorage.compressed": "false",
    # Spark writes a statement's plan down, for those who look, as often as the plan changes: in its longer form with
    # the plan of whatever is kept, many times over.
    "spark.sql.ui.explainMode": "simple",
    "spark.sql.parquet.datetimeRebaseModeInRead": "CORRECTED",
    "spark.sql.parquet.datetimeRebaseModeInWrite": "CORRECTED",
}
_FEW = 5_000_000
"""Rows for which a statement is planned once. Spark otherwise stops at each shuffle to plan what is left anew, for the
sizes that it found: with a million records that took a tenth of a run.
"""
_ROWS_A_TASK = 250_000
Order = dict[str, Any]
_PAST = ("own", "failed_before", "tries")
_PLACE = ["source_file_id", "source_row"]


class OutcomesMissing(RuntimeError):
    """The plan did not give each record one outcome."""


def refine(spark: SparkSession, job: str) -> None:
    """Execute the order that stands at the address `job`, and write down what it committed.

    Nothing that readers see changes: Silver is written to the run's branch. Every step looks first for what an earlier
    try of it committed.
    """
    documents = Documents(spark)
    order = documents.read(job)
    prepare(spark)
    run = _Run(spark, order)
    try:
        with planned_for(spark, run.rows()):
            refined = run.execute()
    finally:
        spark.catalog.clearCache()
    documents.write(order["result"], {"refined": refined, "blocked": ""})


def prepare(spark: SparkSession) -> None:
    """Set what the plan's SQL relies on, whatever the session was started with."""
    for name, value in _SETTINGS.items():
        spark.conf.set(name, value)


def judge(spark: SparkSession, relations: Mapping[str, str]) -> dict[str, int]:
    """Offer the plan's relations, from the views that are offered, each computed once. How many rows each has.

    A small one is met by every task as a whole where Spark knows how small it is: after it has been counted.
    """
    return {relation: _keep(spark, relation, statement) for relation, statement in relations.items()}


class _Run:
    """One try of a run's Refine."""

    def __init__(self, spark: SparkSession, order: Order) -> None:
        self._spark, self._order, self._plan = spark, order, order["plan"]
        self._say: dict[str, Any] = self._plan["statements"]["spark"]
        self._tables = {name: IcebergTable(spark, table) for name, table in order["tables"].items()}
        self._held = {name: self._tables[name].rows(order["reads"][name]) for name in ("silver", "quarantine")}
        self._laps: dict[str, float] = {}
        self._since = time.perf_counter()

    def rows(self) -> float:
        """How many rows it reads: records, and what the tables hold."""
        references = self._order["reads"]["references"]
        referred = sum(IcebergTable(self._spark, one["table"]).rows(one["snapshot"]) for one in references)
        return self._rows_in() + sum(self._held.values()) + referred

    def execute(self) -> dict[str, Any]:
        """What was committed: the fields of `medallion.engines.model.Refined`."""
        self._offer()
        self._check_outcomes(judge(self._spark, self._say["relations"]))
        self._lap("judge")
        bronze = self._keep_bronze()
        self._lap("bronze")
        silver, history = self._write_silver()
        self._lap("silver")
        quarantine = self._append("quarantine", self._positioned)
        duplicates = self._append("duplicates", lambda _: self._spark.sql(self._say["duplicates"]))
        self._lap("quarantine")
        return {
            "objects": self._order["read"],
            "bronze": bronze,
            "silver": silver,
            "history": history,
            "quarantine": quarantine,
            "duplicates": duplicates,
            "silver_base": self._order["reads"]["silver"],
            "replayed": self._order["replayed"],
            "replayed_runs": self._order["replayed_runs"],
            "seconds": self._laps,
        }

    # --- what the plan's SQL reads

    def _rows_in(self) -> int:
        return sum(one["rows_in"] for one in self._order["read"])

    def _offer(self) -> None:
        for name, address in self._order["relations"].items():
            rows = self._spark.read.parquet(address)
            # New records have no past.
            past = self._order["replay"] or name not in _PAST
            _offer_rows(name, rows, empty=not past)
        self._offer_staged()
        reads = self._order["reads"]
        log = self._tables["quarantine"].at(reads["quarantine"])
        _offer_rows("quarantine_log", log, empty=not self._held["quarantine"])
        self._offer_held()
        for one in reads["references"]:
            referred = IcebergTable(self._spark, one["table"]).at(one["snapshot"])
            values = referred.select(F.col(f"`{one['column']}`").alias("value")).distinct()
            values.createOrReplaceTempView(one["relation"])

    def _offer_staged(self) -> None:
        """`staged`: what was parsed before, and the records of objects that are read here."""
        parsed = [self._spark.table("staged")] if "staged" in self._order["relations"] else []
        read = [staged_lines(self._spark, one) for one in self._order["lines"]]
        reduce(DataFrame.unionByName, [*parsed, *read]).createOrReplaceTempView("staged")

    def _offer_held(self) -> None:
        """`silver_held`: what identifies Silver's records, those left out that are taken up once more."""
        held = silver = self._tables["silver"].at(self._order["reads"]["silver"])
        if self._order["replay"]:
            own = self._spark.table("own").join(self._spark.table("objects"), "object_number")
            held = silver.join(own.select(*_PLACE), _PLACE, "anti")
        absent = (F.lit(None).alias(name) for name in self._plan["held"] if name not in silver.columns)
        present = (F.col(f"`{name}`") for name in self._plan["held"] if name in silver.columns)
        _offer_rows("silver_held", held.select(*present, *absent), empty=not self._held["silver"])

    def _check_outcomes(self, found: Mapping[str, int]) -> None:
        """As many outcomes as the parser read records: what has none is told of by nothing that comes after."""
        rows_in = self._rows_in()
        judged, exceptional, resolved = found["judged"], found["exceptional"], found["resolved"]
        if judged != rows_in or exceptional != resolved:
            raise OutcomesMissing(
                f"run {self._order['run_id']}: of {rows_in} records {judged} were judged, of {exceptional} exceptional "
                f"ones {resolved} resolved: the plan loses or doubles; nothing is committed; report it with the "
                "run's plan.json"
            )

    # --- what it writes

    def _keep_bronze(self) -> int:
        """Bronze holds a run's records once, whichever attempt brings them; a replay's stand there already."""
        standing = self._order["bronze"]
        if standing is not None:
            return int(standing)
        marks, run_id = self._order["marks"]["run"], self._order["run_id"]
        return self._tables["bronze"].append(lambda _: self._spark.sql(self._say["bronze"]), marks, once_for=run_id)

    def _write_silver(self) -> tuple[int, int | None]:
        """Silver's snapshot on the run's branch, and history's where a row left Silver."""
        silver, branch = self._tables["silver"], self._order["branch"]
        marks, notes, base = self._order["marks"]["attempt"], self._order["notes"], self._order["reads"]["silver"]
        new = self._spark.sql(self._say["silver"])
        touched: list[str] = []
        if self._plan["replaces"] or self._order["replay"]:
            _keep(self._spark, "removed", self._say["removed"])
            touched = silver.files_of(base, self._spark.table("removed"))
        if not touched:
            return silver.append(lambda _: new, marks, branch=branch, notes=notes), None
        silver.in_files(base, touched).createOrReplaceTempView("silver_touched")
        kept = self._spark.sql(self._say["kept"])
        snapshot = silver.replace(
            lambda _: kept.unionByName(new, allowMissingColumns=True), touched, marks, branch=branch, notes=notes
        )
        return snapshot, self._append("history", lambda _: self._spark.sql(self._say["history"]))

    def _positioned(self, log: IcebergTable) -> DataFrame:
        """The log's new events, each with the place of its commit among the log's."""
        position = F.lit(log.next_position()).cast("bigint")
        return self._spark.sql(self._order["events"]).withColumn("log_position", position)

    def _append(self, table: str, rows: Any) -> int:
        return self._tables[table].append(rows, self._order["marks"]["attempt"])

    def _lap(self, name: str) -> None:
        now = time.perf_counter()
        self._laps[name] = round(now - self._since, 3)
        self._since = now


@contextmanager
def planned_for(spark: SparkSession, rows: float) -> Iterator[None]:
    """Statements are planned once where they read so few rows, in no more tasks than these are worth."""
    if rows > _FEW:
        yield
        return
    tasks = min(1 + int(rows) // _ROWS_A_TASK, spark.sparkContext.defaultParallelism)
    settings = {"spark.sql.adaptive.enabled": "false", "spark.sql.shuffle.partitions": str(tasks)}
    former = {name: spark.conf.get(name) for name in settings}
    for name, value in settings.items():
        spark.conf.set(name, value)
    try:
        yield
    finally:
        for name, value in former.items():
            spark.conf.set(name, value)


def _keep(spark: SparkSession, relation: str, statement: str) -> int:
    """Offer what the statement gives as `relation`, computed once, and now. How many rows it has.

    What reads the relation has what is kept before it, not the statement: Spark would analyse all that led to it again
    with each statement that names it, which takes longer than a hundred thousand records do.
    """
    kept = spark.sql(statement).persist(StorageLevel.MEMORY_AND_DISK)
    rows: int = kept.count()
    stored = kept._jdf.queryExecution().optimizedPlan()  # noqa: SLF001  # Spark's own name for what it keeps
    offered = spark._jvm.org.apache.spark.sql.Dataset.ofRows(spark._jsparkSession, stored)  # noqa: SLF001
    _offer_rows(relation, DataFrame(offered, spark), empty=not rows)
    return rows


def _offer_rows(relation: str, rows: DataFrame, *, empty: bool) -> None:
    """Offer rows as `relation`. Where Spark knows that there are none, it looks at nothing for their sake."""
    (rows.limit(0) if empty else rows).createOrReplaceTempView(relation)
