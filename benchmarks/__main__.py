"""Measure, and write docs/benchmarks.md: `make bench`, or `python -m benchmarks [SUITE …]`.

Every run is a process of its own; the arms take turns, in another order each time. A run that is not right, and a
machine that others use, end it. What was measured stands in docs/benchmarks/results, so that one suite can be measured
anew and the page still tells of all.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import subprocess
import sys
from pathlib import Path

from benchmarks.arms import Figures
from benchmarks.meter import LoadedMachine, machine, wait_until_idle
from benchmarks.report import write_report
from benchmarks.suites import REPETITIONS, SPARK_WARM_UP, SUITES, WARM_UP, Suite

DATA = Path("build/bench/data")
RESULTS = Path("docs/benchmarks/results")


def measure(suite: Suite, repetitions: int) -> None:
    """Measure the suite anew."""
    for folder in (DATA, RESULTS):
        folder.mkdir(parents=True, exist_ok=True)
    for records in sorted({WARM_UP, SPARK_WARM_UP, *suite.sizes}):
        if not (file := DATA / f"{suite.of.name}-{records}.csv").exists():
            suite.of.write(file, records)
    chance = random.Random(suite.name)  # noqa: S311  # an order that can be had again
    partial = DATA / f"{suite.name}.partial"
    where = {"commit": _commit(), "machine": machine()}
    with partial.open("w", encoding="utf-8") as kept:
        for repetition in range(repetitions):
            runs = [(arm, records) for arm in suite.arms for records in suite.sizes]
            chance.shuffle(runs)
            for arm, records in runs:
                wait_until_idle()
                found = {**_run(arm, records), **where}
                kept.write(json.dumps(found) + "\n")
                kept.flush()
                sys.stderr.write(
                    f"{suite.name} {repetition + 1}/{repetitions}: {arm}, {records:,} records: "
                    f"{found['wall']:.2f} s, {found['cpu']:.2f} s CPU, {found['rss_mb']:,} MB\n"
                )
    partial.rename(RESULTS / f"{suite.name}.jsonl")


def _run(arm: str, records: int) -> Figures:
    program = [sys.executable, "-m", "benchmarks.run", arm, str(records), str(DATA)]
    ran = subprocess.run(program, capture_output=True, text=True, check=False)
    if ran.returncode:
        raise SystemExit(f"{arm}, {records:,} records: not measured\n{ran.stderr[-4000:]}")
    found: Figures = json.loads(ran.stdout.splitlines()[-1])
    return found


def _commit() -> str:
    git = [shutil.which("git") or "git", "rev-parse", "--short", "HEAD"]
    return subprocess.run(git, capture_output=True, text=True, check=True).stdout.strip()


def main() -> None:
    """Measure what is asked for, and write the report of all that was measured."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("suites", nargs="*", help=f"of {', '.join(suite.name for suite in SUITES)}; all by default")
    parser.add_argument("--repetitions", type=int, default=REPETITIONS)
    parser.add_argument("--report", action="store_true", help="measure nothing, write the report alone")
    given = parser.parse_args()
    try:
        for suite in SUITES:
            if not given.report and (not given.suites or suite.name in given.suites):
                measure(suite, given.repetitions)
    except LoadedMachine as problem:
        raise SystemExit(str(problem)) from None
    write_report(RESULTS)


if __name__ == "__main__":
    main()
