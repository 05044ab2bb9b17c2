"""One run of one arm, in a process of its own: `python -m benchmarks.run ARM RECORDS DATA`. It prints one JSON line."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.arms import Arm, Work
from benchmarks.meter import Meter, Spent, age, peak_mb
from benchmarks.session import open_session
from benchmarks.suites import arm_of, records_of, warm_up


def measure(arm: Arm, records: int, data: Path, folder: Path) -> dict[str, object]:
    """What one run of the arm takes, and what it said of itself."""
    session = open_session(folder / "warehouse") if arm.spark else None
    for number, each in enumerate(warm_up(arm, records)):
        warm = Work(each, data, _folder(folder / f"warm-{number}"), session)
        arm.ready(warm)
        arm.run(warm)
    work = Work(records, data, _folder(folder / "measured"), session)
    arm.ready(work)
    meter = Meter()
    said = arm.run(work) or {}
    spent = meter.read()
    if arm.cold:
        spent = Spent(round(age(), 3), spent.cpu)
    peak = peak_mb()
    found = arm.check(work) or {}
    figures = {
        "wall": spent.wall,
        "cpu": spent.cpu,
        "rss_mb": peak,
        "landed_bytes": work.file(records_of(arm.name)).stat().st_size,
    }
    return {"arm": arm.name, "label": arm.label, "records": records, **figures, **said, **found}


def _folder(path: Path) -> Path:
    path.mkdir()
    return path


def main() -> None:
    """Measure, and print what was found."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.run", description=__doc__)
    parser.add_argument("arm")
    parser.add_argument("records", type=int)
    parser.add_argument("data", type=Path, help="folder of the files that are read")
    given = parser.parse_args()
    with TemporaryDirectory(prefix="medallion-bench-") as folder:
        found = measure(arm_of(given.arm), given.records, given.data, Path(folder))
    sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    main()
