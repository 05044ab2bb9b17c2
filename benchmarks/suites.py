"""Which arms are held against one another, over how many records."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module

from benchmarks.arms import Arm
from benchmarks.records import LINEITEM, TRANSACTIONS, Records

REPETITIONS = 5
"""Runs of each arm, at least."""
WARM_UP, SPARK_WARM_UP = 100_000, 1_000_000
"""Before it is measured, an arm does its work on so many records at most; on Spark as often as it says."""
SPARK_RUNS = 20
"""How often that may be."""


def warm_up(arm: Arm, records: int) -> list[int]:
    """The records of each run of the arm before the one of `records`."""
    if arm.cold:
        return []
    if not arm.spark:
        return [min(records, WARM_UP)]
    each = min(records, SPARK_WARM_UP)
    return [each] * min(arm.spark_warmed // each, SPARK_RUNS)


@dataclass(frozen=True)
class Suite:
    """Ways to do one piece of work, each over all of `sizes`. `arms` are named with the module that has them: the
    libraries that one needs are no business of another.
    """

    name: str
    title: str
    explained: str
    sizes: tuple[int, ...]
    arms: dict[str, str]
    of: Records = TRANSACTIONS


SUITES = (
    Suite(
        "verdict",
        "Verdict and split",
        "Read a CSV file, give each record its verdict, write good and bad apart as Parquet: no hash, no "
        "Bronze, as the peers. Each engine's own reader.",
        (1_000_000,),
        {
            "raw_floor": "verdicts",
            "typed_floor": "verdicts",
            "medallion": "verdicts",
            "naive": "verdicts",
            "dqx": "by_dqx",
            "sparkdq": "by_sparkdq",
            "duckdb_floor": "by_duckdb",
            "medallion_duckdb": "by_duckdb",
            "duckdb": "by_duckdb",
            "polars": "by_polars",
        },
    ),
    Suite(
        "verdict_large",
        "Verdict and split of ten million records",
        "The same, and the floors alone: where records count, and what Java compiles on the way counts for little.",
        (10_000_000,),
        {"raw_floor": "verdicts", "typed_floor": "verdicts", "medallion": "verdicts"},
    ),
    Suite(
        "lineitem",
        "Verdict and split, TPC-H's lineitem",
        "The same over sixteen columns with a rule for each and more: 41 rules. So many records has TPC-H's first "
        "scale.",
        (6_000_000,),
        {
            "lineitem_raw": "by_lineitem",
            "lineitem_typed": "by_lineitem",
            "lineitem_medallion": "by_lineitem",
            "lineitem_duckdb_typed": "by_lineitem",
            "lineitem_duckdb": "by_lineitem",
        },
        LINEITEM,
    ),
    Suite(
        "iceberg",
        "Into Iceberg",
        "The same, appended to an Iceberg table that is partitioned by status; beside it the typed records "
        "alone, appended.",
        (10_000_000,),
        {"iceberg_floor": "tables", "medallion_iceberg": "tables"},
    ),
    Suite(
        "deduplication",
        "Against a larger table",
        "A batch of judged records, one in ten of which stands in the table already, which is twenty times as large.",
        (200_000,),
        {"blind_append": "tables", "medallion_new": "tables"},
    ),
    Suite(
        "refine",
        "The whole Refine",
        "From the file to Bronze, Silver on a branch, and the quarantine and duplicates logs: records told apart as "
        "the platform's parser tells them, hashed, judged, resolved against each other and against Silver. The floors "
        "read with their engine's reader, hash and cast, and write three tables; they look at no rule and "
        "resolve nothing.",
        (1_000_000,),
        {
            "lambda_floor": "refine_here",
            "lambda_refine": "refine_here",
            "lambda_run": "refine_here",
            "spark_floor": "refine_spark",
            "spark_refine": "refine_spark",
        },
    ),
    Suite(
        "start",
        "A small batch",
        "A warm function from the object to the receipt, and a Spark job from its process's start to its last commit.",
        (100_000,),
        {"lambda_run": "refine_here", "spark_cold": "refine_spark"},
    ),
    Suite(
        "throughput",
        "A large file in the Lambda lane",
        "The whole Refine over five million records, and its floor.",
        (5_000_000,),
        {"lambda_floor": "refine_here", "lambda_refine": "refine_here"},
    ),
    Suite(
        "growth",
        "As the work grows",
        "The whole Refine over files of three sizes, and the floor of the large lanes.",
        (100_000, 1_000_000, 10_000_000),
        {"lambda_refine": "refine_here", "spark_refine": "refine_spark", "spark_floor": "refine_spark"},
    ),
)


def records_of(name: str) -> Records:
    """What the arm of that name reads."""
    return next(suite.of for suite in SUITES if name in suite.arms)


def arm_of(name: str) -> Arm:
    """The arm of that name."""
    module = next(suite.arms[name] for suite in SUITES if name in suite.arms)
    arms: tuple[Arm, ...] = import_module(f"benchmarks.arms.{module}").ARMS
    return next(arm for arm in arms if arm.name == name)
