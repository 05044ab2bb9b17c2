"""docs/cost.md: what a million records, a run and an idle tenant cost, from list prices and from what was measured."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from benchmarks.targets import Results
from medallion.prices import Prices
from medallion.steps.lanes import LARGE, SMALL

SIZES = (10_000, 100_000, 1_000_000, 10_000_000, 100_000_000, 1_000_000_000)
MEASURED = 1_000_000
_MEMORY = 6144
"""MB of production's engine functions: engine_memory in stacks/settings.py."""
_FUNCTION_MINUTES, _SHARE = 15, 0.5
"""How long a function may take, and how much of that a run is to use: a machine can be slower than the one measured."""


@dataclass(frozen=True)
class Costs:
    """Costs of a run, in US dollars, by how many records it has. CPU is taken to grow with the records."""

    prices: Prices
    results: Results
    memory: int

    def _cpu(self, arm: str, figure: str = "cpu") -> float:
        """CPU seconds a record."""
        return self.results.median("refine", arm, figure, MEASURED) / MEASURED

    @property
    def fixed(self) -> float:
        """What a run costs before its first record."""
        return sum(self.prices.of_run.values())

    def seconds_in_function(self, cpu: float) -> float:
        """How long a function of this memory takes over so many CPU seconds."""
        return cpu / (self.memory / self.prices["lambda_mb_per_vcpu"])

    def function(self, cpu: float) -> float:
        return self.prices.functions(self.seconds_in_function(cpu) * self.memory)

    def lambda_lane(self, records: int) -> float:
        return self.fixed + self.function(self._cpu("lambda_run") * records)

    def _staged(self, records: int) -> float:
        """What functions do of a run in a large lane: they parse, and judge and settle what the job wrote."""
        after = self._cpu("lambda_run") - self._cpu("lambda_refine")
        return self.fixed + self.function((self._cpu("spark_refine", "function_cpu") + after) * records)

    def glue(self, records: int) -> float:
        price, cpu = self.prices, self._cpu("spark_refine", "job_cpu") * records
        least = price["glue_least_seconds"] * price["glue_least_workers"] * 4
        return self._staged(records) + max(cpu, least) / 4 / 3600 * price["glue_dpu_hour"]

    def emr(self, records: int) -> float:
        price, cpu = self.prices, self._cpu("spark_refine", "job_cpu") * records
        least = price["emr_least_seconds"] * price["emr_least_vcpu"]
        return self._staged(records) + max(cpu, least) / 3600 * price.emr_vcpu_with_memory

    @property
    def most_in_lambda(self) -> float:
        """How many records a function refines in the share of its time that is meant for them."""
        return _FUNCTION_MINUTES * 60 * _SHARE / self.seconds_in_function(self._cpu("lambda_refine"))

    @property
    def most(self) -> float:
        """How many records a run of any lane may have: functions judge it and write its receipt."""
        after = self._cpu("lambda_run") - self._cpu("lambda_refine")
        return _FUNCTION_MINUTES * 60 / self.seconds_in_function(after)


def write_costs(page: Path, results: Results) -> None:
    """Write the page; nothing where the whole Refine was not measured."""
    if not results.of("refine", "lambda_run", MEASURED):
        return
    prices = Prices.read()
    costs = Costs(prices, results, _MEMORY)
    bytes_each = float(str(results.of("refine", "lambda_run", MEASURED)[0]["landed_bytes"])) / MEASURED
    lanes = ((costs.lambda_lane, costs.most_in_lambda), (costs.glue, costs.most), (costs.emr, costs.most))
    rows = [
        f"| {records:,} | "
        + " | ".join(f"{cost(records) / records * 1e6:,.4f}" if records <= most else "too long" for cost, most in lanes)
        + " |"
        for records in SIZES
    ]
    assumed = [f"| {name.replace('_', ' ')} | {_digits(value)} |" for name, value in prices.of.items()]
    template = (Path(__file__).parent / "cost.md").read_text(encoding="utf-8")
    page.write_text(
        template.format(
            memory=_MEMORY,
            each=bytes_each,
            share=_SHARE,
            rows="\n".join(rows),
            most_in_lambda=costs.most_in_lambda / 1e6,
            gib=costs.most_in_lambda * bytes_each / 2**30,
            most=costs.most / 1e6,
            small=SMALL / 2**30,
            large=LARGE / 2**30,
            idle="\n".join(_idle(prices)),
            fixed=costs.fixed,
            prices="\n".join(assumed),
        ),
        encoding="utf-8",
    )


def _digits(value: float) -> str:
    return f"{value:.10f}".rstrip("0").rstrip(".")


def _idle(price: Prices) -> list[str]:
    """A tenant in a month without a record."""
    lines = price.idle(sources=5)
    total = sum(lines.values())
    return [f"| {name} | {cost:.2f} |" for name, cost in (*lines.items(), ("**together**", total))]
