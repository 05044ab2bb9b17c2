"""How fast the Lambda lane refines, and in how much memory.

    python -m benchmarks.lambda_lane --records 100000 1000000 5000000 10000000

Each size runs in a process of its own, with a lake in a folder. A small run goes before it and is not counted: what is
measured is a warm Lambda. One JSON document a line: `seconds` by lap, `wall`, `cpu` (user and system), `rss_mb` (the
process's peak), `gate` and `receipt` (the audit and the digests that follow). What became of the records is checked.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

from benchmarks.folder import folder_lake
from benchmarks.transactions import expected, write_transactions
from medallion.contracts import parse_contract
from medallion.contracts.ruleset import ruleset_hash
from medallion.engines.commits import Commit
from medallion.engines.duckdb.audit import audit
from medallion.engines.duckdb.contents import contents_of_run
from medallion.engines.duckdb.refine import refine
from medallion.engines.duckdb.session import Resources
from medallion.engines.duckdb.staging import Arrived
from medallion.engines.inputs import Inputs
from medallion.engines.model import Attempt, SourceObject
from medallion.plan.compiler import compile_plan

CONTRACT = Path("tenants/acme/contracts/transactions.odcs.yaml")
SIZES = (100_000, 1_000_000, 5_000_000, 10_000_000)
WARM_UP = 1_000

T = TypeVar("T")


def measure(landed: Path, records: int, folder: Path, resources: Resources) -> dict[str, object]:
    """Refine the file of so many records into an empty lake below `folder`, and say what it took."""
    contract = parse_contract(CONTRACT.read_text(encoding="utf-8"), CONTRACT.name)
    plan = compile_plan(contract, ruleset_hash(contract))
    lake, tables = folder_lake(folder, plan)
    now, commit = datetime(2026, 1, 1, tzinfo=UTC), Commit("run", 1)
    inputs = Inputs.read(lake, plan, tables, {})
    material = Arrived([SourceObject("s3://landing/transactions.csv?version=1", now, lambda: landed.open("rb"))])
    run = Attempt(commit, "run_run", now)
    refined, spent = _clocked(lambda: refine(lake, plan, tables, inputs, run, material, resources))
    rss = peak_mb()
    found, gate = _clocked(lambda: audit(lake, tables, commit, refined, resources))
    lake.publish(tables.silver, commit, branch=run.branch, base=refined.silver_base)
    _, receipt = _clocked(lambda: contents_of_run(lake, tables, commit, refined.silver, resources))
    counted = {name: found.totals.get(name, 0) for name in expected(records)}
    if found.lost or found.doubled or counted != expected(records):
        raise AssertionError(f"expected {expected(records)}, found {counted}")
    return {
        "records": records,
        "megabytes": round(landed.stat().st_size / 1e6, 1),
        "seconds": refined.seconds,
        **spent,
        "records_a_second": round(records / spent["wall"]),
        "rss_mb": rss,
        "gate": gate,
        "receipt": receipt,
        "rss_mb_end": peak_mb(),
        "digest": found.digest,
    }


def _clocked(work: Callable[[], T]) -> tuple[T, dict[str, float]]:
    cpu, wall = _cpu(), time.perf_counter()
    done = work()
    return done, {"wall": round(time.perf_counter() - wall, 3), "cpu": round(_cpu() - cpu, 3)}


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def peak_mb() -> int:
    """The most memory that this process held, in MB of 1,048,576 bytes."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.partition("VmHWM:")[2].split()[0]) // 1024


def main() -> None:
    """Measure each size in a process of its own."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.lambda_lane", description="The Lambda lane, measured.")
    parser.add_argument("--records", type=int, nargs="+", default=SIZES)
    parser.add_argument("--memory", default="1280MB", help="for the engine's buffers (default %(default)s)")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--landed", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    with TemporaryDirectory(prefix="medallion-bench-") as made:
        folder = Path(made)
        if given.landed:
            resources = Resources("eu-west-1", given.memory, given.threads, folder)
            write_transactions(folder / "warm-up.csv", WARM_UP)
            measure(folder / "warm-up.csv", WARM_UP, folder / "warm-up", resources)
            found = measure(given.landed, given.records[0], folder / "lake", resources)
            sys.stdout.write(json.dumps(found) + "\n")
            return
        for records in given.records:
            # Written here: what the writer takes of memory is not the lane's.
            landed = folder / f"{records}.csv"
            write_transactions(landed, records)
            options = ["--memory", given.memory, "--threads", str(given.threads), "--landed", str(landed)]
            program = [sys.executable, "-m", "benchmarks.lambda_lane", "--records", str(records), *options]
            subprocess.run(program, check=True)
            landed.unlink()


if __name__ == "__main__":
    main()
