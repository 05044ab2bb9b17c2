"""docs/benchmarks.md and its pictures, from what was measured: never written by hand."""

from __future__ import annotations

import json
from importlib.metadata import version
from pathlib import Path
from statistics import median

import matplotlib as mpl
from matplotlib import pyplot as plt

from benchmarks.arms import Figures
from benchmarks.cost import write_costs
from benchmarks.suites import REPETITIONS, SUITES, Suite
from benchmarks.targets import TARGETS, Results

DOCS = Path("docs")
PICTURES = DOCS / "benchmarks"
_PACKAGES = ("pyspark", "duckdb", "polars", "databricks-labs-dqx", "sparkdq", "pyiceberg")
_FEW = "**Fewer runs than are to be: a first look.**"
_OURS, _OTHERS = "#b8860b", "#8a94a6"
_INTRODUCTION = (Path(__file__).parent / "introduction.md").read_text(encoding="utf-8")


def write_report(folder: Path) -> None:
    """Write the page and a picture for each suite, and the page of costs, from the results in `folder`."""
    runs = {
        suite.name: [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
        for suite in SUITES
        if (file := folder / f"{suite.name}.jsonl").exists()
    }
    results = Results(runs)
    PICTURES.mkdir(exist_ok=True)
    parts = [_INTRODUCTION.rstrip(), _versions(), _targets(results)]
    parts += [_section(suite, results) for suite in SUITES if _measured(suite, results)]
    (DOCS / "benchmarks.md").write_text("\n\n".join(parts) + "\n", encoding="utf-8")
    write_costs(DOCS / "cost.md", results)


def _versions() -> str:
    packages = ", ".join(f"{name} {version(name)}" for name in _PACKAGES)
    return f"Measured with what `constraints.txt` pins: {packages}."


def _targets(results: Results) -> str:
    lines = ["## Targets", "", "| what | target | measured | |", "|---|---|---|---|"]
    for target in TARGETS:
        bound, value, met = target.told(results)
        lines.append(f"| {target.says} | {bound} | {value} | {met} |")
    return "\n".join(lines)


def _section(suite: Suite, results: Results) -> str:
    _draw(suite, results)
    head = "| way | records | runs | time, s | CPU, s | memory, MB | µs CPU a record |"
    picture = f"![{suite.title}](benchmarks/{suite.name}.svg)"
    measured = _measured(suite, results)
    rows = [_row(found) for found in measured]
    places = sorted({f"at {one['commit']} on {one['machine']}" for found in measured for one in found})
    said = [suite.explained, f"Measured {', '.join(places)}."]
    said += [_FEW] * (min(map(len, measured)) < REPETITIONS)
    return "\n".join([f"## {suite.title}", "", " ".join(said), "", picture, "", head, f"|{'---|' * 7}", *rows])


def _measured(suite: Suite, results: Results) -> list[list[Figures]]:
    """The runs of each arm and size that has some."""
    each = [results.of(suite.name, arm, records) for arm in suite.arms for records in suite.sizes]
    return [found for found in each if found]


def _row(found: list[Figures]) -> str:
    records = int(str(found[0]["records"]))
    wall, cpu = _spread(found, "wall"), _spread(found, "cpu")
    memory, each = median(_values(found, "rss_mb")), median(_values(found, "cpu")) / records * 1e6
    return f"| {found[0]['label']} | {records:,} | {len(found)} | {wall} | {cpu} | {memory:,.0f} | {each:.2f} |"


def _values(runs: list[Figures], figure: str) -> list[float]:
    return [float(str(one[figure])) for one in runs]


def _spread(runs: list[Figures], figure: str) -> str:
    values = _values(runs, figure)
    return f"{median(values):.2f} ({min(values):.2f}-{max(values):.2f})"


def _draw(suite: Suite, results: Results) -> None:
    """Bars of CPU seconds, one for each arm and size, with the least and the most."""
    bars = [
        (arm, records, found)
        for arm in suite.arms
        for records in suite.sizes
        if (found := results.of(suite.name, arm, records))
    ]
    # The same figures give the same file.
    mpl.rcParams["svg.hashsalt"] = suite.name
    figure, axes = plt.subplots(figsize=(8, 0.6 + 0.42 * len(bars)), layout="constrained")
    middles = [median(_values(found, "cpu")) for _, _, found in bars]
    spread = [
        [middle - min(_values(found, "cpu")) for middle, (_, _, found) in zip(middles, bars, strict=True)],
        [max(_values(found, "cpu")) - middle for middle, (_, _, found) in zip(middles, bars, strict=True)],
    ]
    many = len(suite.sizes) > 1
    labels = [f"{found[0]['label']}{f', {records:,}' if many else ''}" for _, records, found in bars]
    colours = [_OURS if "Medallion" in label else _OTHERS for label in labels]
    axes.barh(labels, middles, xerr=spread, color=colours, ecolor="#333333", height=0.6)
    axes.invert_yaxis()
    axes.set_xlabel("CPU seconds: median, least and most")
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(PICTURES / f"{suite.name}.svg", metadata={"Date": None})
    plt.close(figure)
