"""The whole of Refine in the large lanes, and a floor that writes the same bytes."""

from __future__ import annotations

import json
from pathlib import Path

from pyspark import StorageLevel
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from benchmarks.arms import Arm, Disagreement, Figures, Work, acme_plan
from benchmarks.arms.refine_here import IDENTITY, arrived, attempt, bytes_below, resources
from benchmarks.arms.tables import address, create
from benchmarks.arms.verdicts import NAMES, texts, typed_columns
from benchmarks.folder import FolderCatalog, upload_to_folders
from benchmarks.meter import Meter
from benchmarks.transactions import HEADERS, expected
from medallion.engines.duckdb.handover import hand_over
from medallion.engines.iceberg import Lake, Planned
from medallion.engines.inputs import Inputs
from medallion.engines.model import SourceTables
from medallion.engines.schema import iceberg_schema
from medallion.engines.spark.refine import refine
from medallion.engines.spark.tables import CATALOG
from medallion.layout import TableLayout
from medallion.plan.sql import literal
from medallion.plan.tables import ERROR_PARTS, ERRORS, RECORD

_TABLES = tuple(SourceTables.__dataclass_fields__)


class _Job:
    """What a function does before a job, and the job; the tables are new and empty."""

    def ready(self, work: Work) -> None:
        plan = acme_plan()
        snapshots = {name: self._create(work, name) for name in _TABLES}
        database = work.out.name.replace("-", "_")
        self._tables = SourceTables(**{name: TableLayout(database, name, "") for name in _TABLES})
        self._inputs = Inputs(
            silver=Planned(snapshots["silver"], iceberg_schema(plan.tables.silver), ()),
            quarantine=Planned(snapshots["quarantine"], iceberg_schema(plan.tables.quarantine), ()),
            references={},
        )
        upload_to_folders()

    def _create(self, work: Work, name: str) -> int:
        """A table with the plan's columns and an empty first snapshot, for branches to start from."""
        fields = getattr(acme_plan().tables, name)
        columns = ", ".join(f"CAST(NULL AS {_SPARK.get(one.type, one.type)}) AS `{one.name}`" for one in fields)
        empty = work.spark.sql(f"SELECT {columns}").where("false")
        create(work, name, empty)
        empty.writeTo(address(work, name)).append()
        first = work.spark.sql(f"SELECT snapshot_id FROM {address(work, name)}.snapshots").first()
        assert first is not None
        return int(first["snapshot_id"])

    def run(self, work: Work) -> Figures:
        staged, result, order = (str(work.out / name) for name in ("staged", "refined.json", "job.json"))
        lake, run, meter = Lake(FolderCatalog()), attempt(), Meter()
        inputs, material = self._inputs, arrived(work)
        job = hand_over(lake, acme_plan(), self._tables, inputs, {}, run, material, resources(work), staged, result)
        Path(order).write_text(job.model_dump_json(), encoding="utf-8")
        function, meter = meter.read(), Meter()
        refine(work.spark, order)
        cpu = {"function_cpu": function.cpu, "job_cpu": meter.read().cpu}
        laps = json.loads(Path(result).read_text(encoding="utf-8"))["refined"]["seconds"]
        return {"seconds": {"function": function.wall, **laps}, **cpu}

    def check(self, work: Work) -> Figures:
        branch = f"VERSION AS OF '{attempt().branch}'"
        found = {
            "inserted": work.spark.sql(f"SELECT * FROM {address(work, 'silver')} {branch}").count(),
            "duplicates": work.spark.table(address(work, "duplicates")).count(),
            "quarantined": work.spark.table(address(work, "quarantine")).where("event = 'quarantined'").count(),
        }
        if found != expected(work.records) or work.spark.table(address(work, "bronze")).count() != work.records:
            raise Disagreement(f"expected {expected(work.records)}, found {found}")
        return {"bytes": _written(work)}


_SPARK = {
    "long": "BIGINT",
    "timestamptz": "TIMESTAMP",
    RECORD: "MAP<STRING, STRING>",
    ERRORS: f"ARRAY<STRUCT<{', '.join(f'`{name}`: STRING' for name in ERROR_PARTS)}>>",
}


def _written(work: Work) -> int:
    """The bytes of the run's tables."""
    warehouse = work.spark.conf.get(f"spark.sql.catalog.{CATALOG}.warehouse")
    assert warehouse is not None
    return bytes_below(Path(warehouse, work.out.name.replace("-", "_")))


def _columns(work: Work) -> DataFrame:
    """The file's records with a hash, their place and their types: what Bronze and Silver are made of."""
    parts = [F.concat(F.octet_length(name).cast("string"), F.lit(":"), F.col(name)) for name in HEADERS]
    hashed = F.sha2(F.concat_ws("", *parts), 256).alias("row_hash")
    place = F.monotonically_increasing_id().alias("source_row")
    # Spark takes Currency and currency for one name.
    raw = (F.col(header).alias(f"{name}__text") for header, name in zip(HEADERS, NAMES, strict=True))
    return texts(work).select(*raw, hashed, place, *typed_columns())


def _floor_ready(work: Work) -> None:
    for name, rows in _selections(work, _columns(work)).items():
        create(work, name, rows)


def _selections(work: Work, records: DataFrame) -> dict[str, DataFrame]:
    identity = {
        "source_file_id": literal(IDENTITY),
        "attempt_count": "0",
        "ingestion_timestamp": "current_timestamp()",
        "run_id": "'run'",
        "contract_version": "'1.0.0'",
    }
    said = [f"{name}__text" for name in NAMES]
    known = ["row_hash", "source_row", *(F.expr(value).alias(name) for name, value in identity.items())]
    good = F.expr(" AND ".join(f"{name} IS NOT NULL" for name in NAMES))
    return {
        "bronze": records.select(*said, *known),
        "silver": records.where(good).select(*NAMES, *known),
        "quarantine": records.where(~good).select(*said, *known),
    }


def _floor(work: Work) -> None:
    """Spark's own reader, a hash, casts, and Bronze, Silver and quarantine as Iceberg; no rule is looked at."""
    records = _columns(work).persist(StorageLevel.MEMORY_AND_DISK)
    for name, rows in _selections(work, records).items():
        rows.writeTo(address(work, name)).append()
    records.unpersist()


_job, _cold = _Job(), _Job()
_WARMED = 12_000_000
"""A job has Spark's planner at work for as long as its tasks, and much of that is compiled late."""
ARMS = (
    Arm(
        "spark_floor",
        "Spark by hand: hash, casts, three appends",
        _floor,
        lambda work: {"bytes": _written(work)},
        _floor_ready,
        spark_warmed=_WARMED,
    ),
    Arm(
        "spark_refine",
        "Medallion: the function and the Spark job",
        _job.run,
        _job.check,
        _job.ready,
        spark_warmed=_WARMED,
    ),
    Arm(
        "spark_cold", "Medallion: a Spark job from its process's start", _cold.run, _cold.check, _cold.ready, cold=True
    ),
)
