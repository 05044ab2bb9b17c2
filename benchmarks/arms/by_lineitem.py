"""The verdicts once more over TPC-H's lineitem: three times as many columns, dates, and a rule for each."""

from __future__ import annotations

from functools import partial

from benchmarks.agreement import agree, failed_of
from benchmarks.arms import Arm, Work
from benchmarks.arms.by_duckdb import files_agree, write_judged, write_typed
from benchmarks.arms.verdicts import judged, of_line, texts, typed
from benchmarks.records import LINEITEM


def _raw(work: Work) -> None:
    texts(work, LINEITEM).write.parquet(str(work.out / "raw"))


def _typed(work: Work) -> None:
    typed(texts(work, LINEITEM), LINEITEM).write.parquet(str(work.out / "typed"))


def _judged(work: Work) -> None:
    judged(work, LINEITEM).write.partitionBy("status").parquet(str(work.out / "split"))


def _agrees(work: Work) -> None:
    split = f"{work.out}/split/status="
    failed = failed_of(LINEITEM.plan())
    agree(work, f"{split}valid/*.parquet", f"{split}quarantined/*.parquet", failed, of_line(LINEITEM), LINEITEM)


ARMS = (
    Arm("lineitem_raw", "read and write the texts (raw floor)", _raw),
    Arm("lineitem_typed", "read, cast and write, no rule looked at (typed floor)", _typed),
    Arm("lineitem_medallion", "Medallion: the plan's verdict, one write by status", _judged, _agrees),
    Arm(
        "lineitem_duckdb_typed",
        "DuckDB: read, cast and write, no rule looked at",
        partial(write_typed, of=LINEITEM),
        spark=False,
    ),
    Arm(
        "lineitem_duckdb",
        "Medallion: the plan's verdict on DuckDB",
        partial(write_judged, of=LINEITEM),
        files_agree(failed_of(LINEITEM.plan()), "record.{}", LINEITEM),
        spark=False,
    ),
)
