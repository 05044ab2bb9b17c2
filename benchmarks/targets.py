"""What the figures are to be, and what they are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from statistics import median

from benchmarks.arms import Figures

MISSING = "not measured"


@dataclass(frozen=True)
class Results:
    """Every run that was measured, by suite."""

    runs: dict[str, list[Figures]]

    def of(self, suite: str, arm: str, records: int | None = None) -> list[Figures]:
        """The arm's runs in the suite; all its sizes unless one is named."""
        found = self.runs.get(suite, [])
        return [one for one in found if one["arm"] == arm and records in (None, one["records"])]

    def median(self, suite: str, arm: str, figure: str, records: int | None = None) -> float:
        """The median of a figure over the arm's runs; LookupError where there is none."""
        values = [float(str(one[figure])) for one in self.of(suite, arm, records)]
        if not values:
            raise LookupError(f"{suite}: {arm} {MISSING}")
        return median(values)

    def ratio(self, suite: str, arm: str, other: str, figure: str = "cpu", records: int | None = None) -> float:
        return self.median(suite, arm, figure, records) / self.median(suite, other, figure, records)


@dataclass(frozen=True)
class Target:
    """A bound, and how what it bounds comes out of the results."""

    says: str
    value: Callable[[Results], float]
    at_most: float | None = None
    at_least: float | None = None
    unit: str = "times"

    def told(self, results: Results) -> tuple[str, str, str]:
        """The bound, what was measured, and whether the one keeps the other."""
        bound = f"≤ {self.at_most:,g} {self.unit}" if self.at_most is not None else f"≥ {self.at_least:,g} {self.unit}"
        try:
            value = self.value(results)
        except LookupError:
            return bound, MISSING, "?"
        met = value <= self.at_most if self.at_most is not None else value >= (self.at_least or 0)
        return (
            bound,
            f"{value:,.0f} {self.unit}" if value >= 100 else f"{value:.2f} {self.unit}",
            "met" if met else "missed",
        )


def _ratio(
    suite: str, arm: str, other: str, figure: str = "cpu", records: int | None = None
) -> Callable[[Results], float]:
    return lambda results: results.ratio(suite, arm, other, figure, records)


def _over_floors(says: str, suite: str, arm: str, typed: str, raw: str) -> tuple[Target, Target]:
    return (
        Target(f"{says}, over the typed floor (CPU)", _ratio(suite, arm, typed), 1.10),
        Target(f"{says}, over the raw floor (CPU)", _ratio(suite, arm, raw), 1.6),
    )


def _slopes(arm: str) -> Callable[[Results], float]:
    """What a record more costs from one to ten million, over what it costs from a hundred thousand to one million."""

    def cpu(results: Results, records: int) -> float:
        return results.median("growth", arm, "cpu", records)

    def value(results: Results) -> float:
        small, middle, large = (cpu(results, records) for records in (100_000, 1_000_000, 10_000_000))
        return ((large - middle) / 9_000_000) / ((middle - small) / 900_000)

    return value


TARGETS = (
    *_over_floors("verdict and split on Spark", "verdict_large", "medallion", "typed_floor", "raw_floor"),
    *_over_floors("the same over TPC-H's lineitem", "lineitem", "lineitem_medallion", "lineitem_typed", "lineitem_raw"),
    Target("databricks-labs-dqx, over it (CPU)", _ratio("verdict", "dqx", "medallion"), at_least=2),
    Target("sparkdq, over it (CPU)", _ratio("verdict", "sparkdq", "medallion"), at_least=2),
    Target("counts and two writes, over it (CPU)", _ratio("verdict", "naive", "medallion"), at_least=3),
    Target("into Iceberg, over a typed append (CPU)", _ratio("iceberg", "medallion_iceberg", "iceberg_floor"), 1.25),
    Target(
        "against a table twenty times the batch, over a blind append (CPU)",
        _ratio("deduplication", "medallion_new", "blind_append"),
        5,
    ),
    Target(
        "the whole Refine in the Lambda lane, over its floor (CPU)",
        _ratio("refine", "lambda_refine", "lambda_floor"),
        1.5,
    ),
    Target(
        "the whole Refine in the large lanes, over its floor (CPU)",
        _ratio("refine", "spark_refine", "spark_floor"),
        1.5,
    ),
    Target(
        "the same of 10 million records, where a job's start counts for little (CPU)",
        _ratio("growth", "spark_refine", "spark_floor", records=10_000_000),
        1.5,
    ),
    Target(
        "100,000 records in the Lambda lane, warm, from Landing until Silver shows them: Refine, gate, publication",
        lambda results: results.median("start", "lambda_run", "published"),
        1,
        unit="s",
    ),
    Target("cold Spark, over it (time)", _ratio("start", "spark_cold", "lambda_run", "wall"), at_least=10),
    Target(
        "5 million records, the whole Refine in the Lambda lane",
        lambda results: 5_000_000 / results.median("throughput", "lambda_refine", "wall"),
        at_least=400_000,
        unit="records a second",
    ),
    Target(
        "memory for 10 million records in the Lambda lane",
        lambda results: results.median("growth", "lambda_refine", "rss_mb", 10_000_000),
        2048,
        unit="MB",
    ),
    Target("growth of the cost in the Lambda lane (slope over slope, CPU)", _slopes("lambda_refine"), 1.5),
    Target("growth of the cost in the large lanes (slope over slope, CPU)", _slopes("spark_refine"), 1.5),
)
