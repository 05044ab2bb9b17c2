"""The whole of Refine in the Lambda lane, and a floor that writes the same bytes."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.arms import Arm, Disagreement, Figures, Work, acme_plan
from benchmarks.arms.by_duckdb import ZSTD, open_records
from benchmarks.folder import folder_lake, source_object
from benchmarks.transactions import HEADERS, expected
from medallion.engines.commits import Commit
from medallion.engines.duckdb.audit import audit
from medallion.engines.duckdb.contents import contents_of_run
from medallion.engines.duckdb.refine import refine
from medallion.engines.duckdb.staging import Arrived
from medallion.engines.inputs import Inputs
from medallion.engines.model import Attempt, Refined
from medallion.engines.resources import Resources
from medallion.plan.sql import literal

IDENTITY = "s3://landing/transactions.csv?version=1"
MEMORY = "1280MB"
"""Of a function with 2.25 GB: the rest is the process's own."""


def attempt() -> Attempt:
    return Attempt(Commit("run", 1), "run_run", datetime(2026, 1, 1, tzinfo=UTC))


def arrived(work: Work) -> Arrived:
    """The file as a run's one object."""
    return Arrived([source_object(work.csv, IDENTITY, attempt().started_at)])


def resources(work: Work) -> Resources:
    return Resources("eu-west-1", MEMORY, 2, work.out)


@dataclass
class _Lambda:
    """Refine, and with `whole` what the run does after it: the audit, the publication, the receipt's digests."""

    whole: bool

    def ready(self, work: Work) -> None:
        self._plan = acme_plan()
        self._lake, self._tables = folder_lake(work.out / "lake", self._plan)
        self._inputs = Inputs.read(self._lake, self._plan, self._tables, {})
        self._refined: Refined | None = None

    def run(self, work: Work) -> Figures:
        run, lake, tables, since = attempt(), self._lake, self._tables, time.perf_counter()
        done = refine(lake, self._plan, tables, self._inputs, run, arrived(work), resources(work))
        self._refined = done
        figures: Figures = {"seconds": done.seconds}
        if self.whole:
            audit(lake, tables, run.commit, done, resources(work))
            lake.publish(tables.silver, run.commit, branch=run.branch, base=done.silver_base)
            figures["published"] = round(time.perf_counter() - since, 3)
            contents_of_run(lake, tables, run.commit, done.silver, resources(work))
        return figures

    def check(self, work: Work) -> Figures:
        assert self._refined is not None
        if not self.whole:
            found = audit(self._lake, self._tables, attempt().commit, self._refined, resources(work))
            counted = {name: found.totals.get(name, 0) for name in expected(work.records)}
            if found.lost or found.doubled or counted != expected(work.records):
                raise Disagreement(f"expected {expected(work.records)}, found {counted}")
        return {"bytes": bytes_below(work.out / "lake")}


def bytes_below(folder: Path) -> int:
    """The bytes of the Parquet files below the folder."""
    return sum(file.stat().st_size for file in folder.rglob("*.parquet"))


def _floor(work: Work) -> None:
    """DuckDB by hand: its own reader, a hash, casts, and Bronze, Silver and quarantine as Parquet."""
    identity = (
        f"row_hash, {literal(IDENTITY)} AS source_file_id, source_row, 0 AS attempt_count, "
        "now() AS ingestion_timestamp, 'run' AS run_id, '1.0.0' AS contract_version"
    )
    texts, names = ", ".join(HEADERS), acme_plan().columns
    parts = ", ".join(
        f"{len(one.header)} || ':{one.header}' || strlen({one.header}) || ':', {one.header}" for one in names
    )
    with open_records(work, memory_limit=MEMORY, temp_directory=str(work.out / "spill")) as here:
        here.execute(
            f"CREATE TABLE staged AS SELECT *, sha256(concat({parts})) AS row_hash, row_number() OVER () AS source_row "
            "FROM records"
        )
        here.execute(
            "CREATE TABLE typed AS SELECT TransactionID, CustomerID, TRY_CAST(TransactionAmount AS DECIMAL(18, 2)) AS "
            "amount, Currency, TRY_CAST(TransactionTimestamp AS TIMESTAMPTZ) AS time, row_hash, source_row FROM staged"
        )
        good = "TransactionID IS NOT NULL AND CustomerID IS NOT NULL AND amount IS NOT NULL AND time IS NOT NULL"
        selections = {
            "bronze": f"SELECT {texts}, {identity} FROM staged",
            "silver": f"SELECT * EXCLUDE (row_hash, source_row), {identity} FROM typed WHERE {good}",
            "quarantine": f"SELECT {texts}, {identity} FROM staged "
            f"SEMI JOIN (FROM typed WHERE NOT ({good})) USING (source_row)",
        }
        for name, select in selections.items():
            here.execute(f"COPY ({select}) TO {literal(str(work.out / f'{name}.parquet'))} ({ZSTD})")


_refine, _whole = _Lambda(whole=False), _Lambda(whole=True)
ARMS = (
    Arm(
        "lambda_floor",
        "DuckDB by hand: hash, casts, three files",
        _floor,
        lambda work: {"bytes": bytes_below(work.out)},
        spark=False,
    ),
    Arm(
        "lambda_refine", "Medallion: Refine in the Lambda lane", _refine.run, _refine.check, _refine.ready, spark=False
    ),
    Arm(
        "lambda_run",
        "Medallion: Refine, gate, publish and receipt",
        _whole.run,
        _whole.check,
        _whole.ready,
        spark=False,
    ),
)
