"""What must hold after every scenario, asked of the tables and objects themselves by an independent reader.

Rows come from pyiceberg and pyarrow, counts of what was put in from `counting`; the platform's counters are compared
with both, never believed.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from pyiceberg.catalog import Catalog
from pyiceberg.table import Table

from medallion.control.items import Lease, Run, RunKind, RunStatus
from medallion.engines.commits import ATTEMPT
from medallion.layout import TableLayout, TenantLayout
from tests.chaos.counting import Given
from tests.chaos.reader import Reader, identities, lineage, run_of

Record = tuple[str, int]
FAILURES = {"quarantined": "quarantined", "retried": "quarantined", "condemned": "condemned"}
STATES = FAILURES | {"corrected": "quarantined", "released": "quarantined", "resolved": ""}
OUTCOMES = ("inserted", "updated", "duplicates", "quarantined", "condemned")


class Told(NamedTuple):
    """What a published run says of a record."""

    record: Record
    run_id: str
    outcome: str


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
        told = self._told(silver, published)
        places = self._places(told, published)
        verdict.doubled += sum(count - 1 for count in Counter((one.record, one.run_id) for one in told).values())
        bronze = Counter(_record(row) for row in identities(self._load(self.layout.bronze(self.source))))
        for one in given:
            mine = [run for run in runs if run.kind is RunKind.INGEST and one.identity in run.objects]
            if len(mine) != 1:
                verdict.problems.append(f"{one.name}: {len(mine)} runs have the object, not one")
                continue
            _check_object(one, mine[0], places, bronze, verdict)
            _check_counts(one, mine[0], told, verdict)
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
        rolled_back = {run.run_id for run in runs if run.status is RunStatus.ROLLED_BACK}
        half = reader.half_published(self._complete(published), rolled_back, replacing=bool(self._ended(published)))
        verdict.half_published = len(half)
        verdict.problems += half
        return verdict

    def gold(self) -> list[str]:
        """What is wrong with the model over the source: it must say what Silver's rows come to."""
        rows = self._load(self.layout.silver(self.source)).scan(selected_fields=("amount",)).to_arrow().to_pylist()
        expected = {"one": 1, "records": len(rows), "total": sum(row["amount"] for row in rows)}
        found = self._load(self.layout.gold(f"sum_of_{self.source}")).scan().to_arrow().to_pylist()
        told = [{name: row[name] for name in expected} for row in found]
        return [] if told == [expected] else [f"Gold says {told}, Silver comes to {expected}"]

    def _told(self, silver: Table, published: dict[str, int]) -> list[Told]:
        """Every outcome that a published run's attempt gave a record.

        A record that a later one replaced, or whose key disappeared, is in history; it was brought in all the same.
        """
        ended = self._ended(published)
        replaced = {(row["replaced_by_file_id"], row["replaced_by_row"]) for row in ended if row["reason"] == "updated"}
        found = [
            Told(_record(row), row["run_id"], "updated" if _record(row) in replaced else "inserted")
            for row in (*identities(silver), *ended)
        ]
        copies = identities(self._load(self.layout.duplicates(self.source)), None, "attempt")
        rows = [(row, "duplicates") for row in copies]
        rows += [(row, FAILURES[row["event"]]) for row in self._log() if row["event"] in FAILURES]
        return found + [
            Told(_record(row), row["run_id"], outcome)
            for row, outcome in rows
            if published.get(row["run_id"]) == row["attempt"]
        ]

    def _log(self) -> list[dict[str, Any]]:
        """The quarantine log in the order of its commits."""
        rows = identities(self._load(self.layout.quarantine(self.source)), None, "attempt", "event", "log_position")
        return sorted(rows, key=lambda row: row["log_position"] or 0)

    def _places(self, told: list[Told], published: dict[str, int]) -> dict[Record, Counter[str]]:
        """Where each record stands now: a failure stands until a later event that stands has resolved it."""
        last: dict[Record, str] = {}
        for row in self._log():
            stands = row["run_id"] is None or published.get(row["run_id"]) == row["attempt"]
            if stands and row["event"] in STATES:
                last[_record(row)] = STATES[row["event"]]
        found: dict[Record, Counter[str]] = defaultdict(Counter)
        for one in told:
            if one.outcome not in FAILURES.values():
                found[one.record][one.outcome] += 1
        for record, state in last.items():
            if state:
                found[record][state] += 1
        return found

    def _ended(self, published: dict[str, int]) -> list[dict[str, Any]]:
        """The rows of history that stand: a published run's attempt ended each."""
        ending = ("ended_by_run", "ended_by_attempt", "reason", "replaced_by_file_id", "replaced_by_row")
        rows = identities(self._load(self.layout.history(self.source)), None, *ending)
        return [row for row in rows if published.get(row["ended_by_run"]) == row["ended_by_attempt"]]

    def _complete(self, published: dict[str, int]) -> dict[str, int]:
        """How many rows each published run brought into Silver."""
        rows = (*identities(self._load(self.layout.silver(self.source))), *self._ended(published))
        return Counter(row["run_id"] for row in rows)

    def _load(self, table: TableLayout) -> Table:
        return self.catalog.load_table(table.identifier)


def _record(row: dict[str, Any]) -> Record:
    return row["source_file_id"], row["source_row"]


def _published(silver: Table, verdict: Verdict) -> dict[str, int]:
    """For each run in main's line, the attempt that was published."""
    found: dict[str, int] = {}
    head = silver.metadata.snapshot_by_name("main")
    for snapshot_id in lineage(silver, None if head is None else head.snapshot_id):
        run = run_of(silver, snapshot_id)
        snapshot = silver.metadata.snapshot_by_id(snapshot_id)
        if run is None or snapshot is None or snapshot.summary is None:
            continue
        if run in found:
            verdict.problems.append(f"run {run} has more than one published snapshot")
        found[run] = int(snapshot.summary.additional_properties[ATTEMPT])
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
    verdict.totals += sum(outcomes, Counter())


def _check_counts(one: Given, run: Run, told: list[Told], verdict: Verdict) -> None:
    """What the run says of the object is what its tables hold."""
    if run.status is not RunStatus.PROMOTED:
        return
    mine = Counter(each.outcome for each in told if each.run_id == run.run_id and each.record[0] == one.identity)
    said = next((each for each in run.outcomes if each.source_file_id == one.identity), None)
    claimed = {name: getattr(said, name) for name in OUTCOMES} if said else dict.fromkeys(OUTCOMES, 0)
    if claimed != {name: mine[name] for name in OUTCOMES} or (said and said.rows_in != one.records):
        verdict.problems.append(f"{one.name}: {one.records} records are {dict(mine)}, the run says {said}")


def _check_run(run: Run, published: dict[str, int], verdict: Verdict) -> None:
    if (run.status is RunStatus.PROMOTED) != (run.run_id in published):
        verdict.problems.append(f"run {run.run_id} is {run.status}, but main says otherwise")
    if not run.status.ended and run.status is not RunStatus.HELD:
        verdict.problems.append(f"run {run.run_id} has not ended: it is {run.status}")
