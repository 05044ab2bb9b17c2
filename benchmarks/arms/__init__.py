"""What is measured against what. Every arm is a way to do one piece of work, and shows what it did."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.records import TRANSACTIONS, Records
from medallion.plan.model import Plan

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

Figures = dict[str, object]


class Disagreement(AssertionError):
    """What an arm left is not what the records were made to become."""


@dataclass(frozen=True)
class Work:
    """One run of an arm: its records, where they are, and where what is made of them goes.

    `data` is a folder that is kept from run to run, `out` one that is new. Spark is there for the arms that need it.
    """

    records: int
    data: Path
    out: Path
    session: SparkSession | None = None

    def file(self, of: Records) -> Path:
        return self.data / f"{of.name}-{self.records}.csv"

    @property
    def csv(self) -> Path:
        return self.file(TRANSACTIONS)

    @property
    def spark(self) -> SparkSession:
        assert self.session is not None, "this arm is declared without Spark"
        return self.session


def _nothing(_: Work) -> None:
    return None


@dataclass(frozen=True)
class Arm:
    """One way to do the work. `label` says how, to a reader of the results.

    `ready` and `check` are not measured: the one comes before, the other looks at what the work left, raises
    Disagreement where that is not right, and may add figures.
    """

    name: str
    label: str
    run: Callable[[Work], Figures | None]
    check: Callable[[Work], Figures | None] = _nothing
    ready: Callable[[Work], None] = _nothing
    spark: bool = True
    cold: bool = False
    """Measured from the process's start, without warm-up."""
    spark_warmed: int = 6_000_000
    """On Spark, how many records go through it before it is measured: from then on a run takes as much as the next."""


def acme_plan() -> Plan:
    """The plan of the demo bank's transactions."""
    return TRANSACTIONS.plan()
