"""What must hold after every scenario, asked of the tables and objects themselves by an independent reader.

Rows come from pyiceberg and pyarrow, counts of what was put in from `counting`; the platform's counters are compared
with both, never believed.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from pyiceberg.catalog import Catalog
from pyiceberg.table import Table

from medallion.control.items import Lease, Run, RunStatus
from medallion.engines.commits import ATTEMPT
from medallion.layout import TableLayout, TenantLayout
from tests.chaos.counting import Given
from tests.chaos.reader import Reader, identities, lineage, run_of

Record = tuple[str, int]
OUTCOMES = ("inserted", "duplicates", "quarantined")


@dataclass
class Verdict:
    """What the check found. `totals` are records by outcome, over all objects of the source."""

    lost: int = 0
    doubled: int = 0
    half_published: int = 0
    totals: Counter[str] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Checker:
    """Reads one source's tables as they are now."""

    catalog: Catalog
    layout: TenantLayout
    source: str

    def check(self, given: Iterable[Given], runs: list[Run], reader: Reader, lease: Lease | None) -> Verdict:
        """`runs`: every run of the source that the control table holds."""
        verdict = Verdict()
        silver = self._load(self.layout.silver(self.source))
        published = _published(silver, verdict)
        places = self._places(silver, published)
        bronze = Counter(_record(row) for row in identities(self._load(self.layout.bronze(self.source))))
        for one in given:
            mine = [run for run in runs if one.identity in run.objects]
            if len(mine) != 1:
                verdict.problems.append(f"{one.name}: {len(mine)} runs have the object, not one")
                continue
            _check_object(one, mine[0], places, bronze, verdict)
        for run in runs:
            _check_run(run, published, verdict)
        strangers = set(bronze) - {(one.identity, row) for one in given for row in range(1, one.records + 1)}
        if strangers:
            verdict.problems.append(f"Bronze holds {len(strangers)} records that nobody put in")
        leftover = [name for name in silver.metadata.refs if name.startswith("run_")]
        waiting = {f"run_{run.run_id}" for run in runs if not run.status.ended}
        verdict.problems += [f"branch {name} is left" for name in leftover if name not in waiting]
        if lease is not None and lease.owner is not None:
            verdict.problems.append(f"run {lease.owner} still holds the lease")
        complete = {run: rows for run, (_, rows) in published.items()}
        half = reader.half_published(complete)
        verdict.half_published = len(half)
        verdict.problems += half
        return verdict

    def _places(self, silver: Table, published: dict[str, tuple[int, int]]) -> dict[Record, Counter[str]]:
        """Where each record stands: what published runs' attempts wrote, and nothing else."""
        found: dict[Record, Counter[str]] = defaultdict(Counter)
        for row in identities(silver):
            found[_record(row)]["inserted"] += 1
        log = identities(self._load(self.layout.quarantine(self.source)), None, "attempt", "event")
        copies = identities(self._load(self.layout.duplicates(self.source)), None, "attempt")
        for outcome, rows in (
            ("quarantined", [row for row in log if row["event"] == "quarantined"]),
            ("duplicates", copies),
        ):
            for row in rows:
                if published.get(row["run_id"], (0, 0))[0] == row["attempt"]:
                    found[_record(row)][outcome] += 1
        return found

    def _load(self, table: TableLayout) -> Table:
        return self.catalog.load_table(table.identifier)


def _record(row: dict[str, Any]) -> Record:
    return row["source_file_id"], row["source_row"]


def _published(silver: Table, verdict: Verdict) -> dict[str, tuple[int, int]]:
    """For each run in main's line: the attempt that was published, and how many rows it added."""
    found: dict[str, tuple[int, int]] = {}
    head = silver.metadata.snapshot_by_name("main")
    for snapshot_id in lineage(silver, None if head is None else head.snapshot_id):
        run = run_of(silver, snapshot_id)
        snapshot = silver.metadata.snapshot_by_id(snapshot_id)
        if run is None or snapshot is None or snapshot.summary is None:
            continue
        summary = snapshot.summary.additional_properties
        if run in found:
            verdict.problems.append(f"run {run} has more than one published snapshot")
        found[run] = (int(summary[ATTEMPT]), int(summary.get("added-records", "0")))
    return found


def _check_object(
    one: Given, run: Run, places: dict[Record, Counter[str]], bronze: Counter[Record], verdict: Verdict
) -> None:
    """Each record of the object once in Bronze and, once its run is published, in exactly one outcome."""
    expected = [(one.identity, row) for row in range(1, one.records + 1)]
    arrivals = [bronze[record] for record in expected]
    verdict.doubled += sum(count - 1 for count in arrivals if count > 1)
    outcomes = [places.get(record, Counter()) for record in expected]
    verdict.doubled += sum(max(0, sum(found.values()) - 1) for found in outcomes)
    if run.status is not RunStatus.PROMOTED:
        standing = sum(1 for found in outcomes if found)
        if standing:
            verdict.problems.append(f"{one.name}: {standing} records stand, but its run is {run.status}")
        return
    verdict.lost += sum(1 for count, found in zip(arrivals, outcomes, strict=True) if not count or not found)
    counted = sum(outcomes, Counter())
    verdict.totals += counted
    told = next((said for said in run.outcomes if said.source_file_id == one.identity), None)
    said = {name: getattr(told, name) for name in OUTCOMES} if told else dict.fromkeys(OUTCOMES, 0)
    if said != {name: counted[name] for name in OUTCOMES} or (told and told.rows_in != one.records):
        verdict.problems.append(f"{one.name}: {one.records} records are {dict(counted)}, the run says {told}")


def _check_run(run: Run, published: dict[str, tuple[int, int]], verdict: Verdict) -> None:
    if (run.status is RunStatus.PROMOTED) != (run.run_id in published):
        verdict.problems.append(f"run {run.run_id} is {run.status}, but main says otherwise")
    if not run.status.ended and run.status is not RunStatus.HELD:
        verdict.problems.append(f"run {run.run_id} has not ended: it is {run.status}")
