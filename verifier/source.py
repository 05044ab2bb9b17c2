"""One source: what its runs' receipts say, against what its tables hold now."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeAlias

import pyarrow as pa
from pyiceberg.table import Table

from verifier.bronze import Bronze
from verifier.chains import Kept, standing
from verifier.digest import Digest, row_texts
from verifier.lineage import check_line
from verifier.places import Places
from verifier.report import Report
from verifier.rows import Rows, altered_columns, fingerprints, name_differences
from verifier.tables import Lake, batches, groups, rows_where

IDENTITY = ("source_file_id", "source_row", "row_hash")
_MARKERS = ("promoted", "withdrawn")
_FAILED = ("quarantined", "retried", "condemned")
"""The log's events that are a record's outcome."""
_OF_ATTEMPT = ("run_id", "attempt", "event", "source_file_id")
Key: TypeAlias = tuple[Any, ...]
Part: TypeAlias = pa.RecordBatch


class Source:
    """The check of one source. Each table is read once, in batches; rows are looked at singly where sums differ."""

    def __init__(self, places: Places, lake: Lake, report: Report, name: str, receipts: Sequence[Kept]) -> None:
        self._places, self._lake, self._report, self._name = places, lake, report, name
        self._receipts = [one for one in receipts if one.document.get("kind") != "rollback"]
        self._standing = standing(receipts)
        self._newest = {one.run_id: one for one in self._receipts}
        self._silver = lake.table(places.silver, name)
        self._history = lake.table(places.silver, f"{name}__history")
        self._accounted: dict[tuple[str, str], Digest] = defaultdict(Digest)
        """By run and object: the identities of the records that have an outcome."""

    def check(self) -> None:
        self._check_log("quarantine", self._name)
        self._check_log("duplicates", f"{self._name}__duplicates")
        self._check_silver()
        if self._silver is not None:
            check_line(self._report, self._silver, f"silver#{self._name}", "silver", self._standing)
        bronze = Bronze(self._places, self._lake, self._report, self._name, self._newest)
        bronze.check()
        self._check_conservation(bronze.identities)

    # --- the logs

    def _check_log(self, label: str, name: str) -> None:
        table = self._lake.table(self._places.quarantine, name)
        expected = {
            (one.run_id, one.attempt, *self._outcome(label, held), held["source_file_id"]): (one, held["digest"])
            for one in self._receipts
            for held in holdings(one, label)
        }
        found: dict[Key, Digest] = defaultdict(Digest)
        by_attempt = {(one.run_id, one.attempt): one for one in self._receipts}
        for key, part in self._log_parts(table, label):
            receipt = by_attempt.get((key[0], key[1]))
            if receipt is None:
                self._note_unreceipted(label, name, key)
                continue
            found[key].add_texts(row_texts(part, columns_of(receipt, label)))
            self._report.checked[f"{label} rows"] += part.num_rows
            if receipt is self._newest[receipt.run_id] and (label == "duplicates" or key[2] in _FAILED):
                self._accounted[key[0], key[-1]].add_texts(row_texts(part, IDENTITY))
        for key in sorted({*expected, *found}, key=str):
            receipt = expected[key][0] if key in expected else by_attempt[key[0], key[1]]
            wanted = Digest.read(expected[key][1]) if key in expected else Digest()
            if wanted == found.get(key, Digest()):
                continue

            def parts(snapshot_id: int | None, key: Key = key) -> Iterator[Part]:
                return (part for one, part in self._log_parts(table, label, key[0], snapshot_id) if one == key)

            self._differs(receipt, label, table, key[-1], wanted, found.get(key, Digest()), parts)

    def _outcome(self, label: str, held: dict[str, Any]) -> tuple[str, ...]:
        return (held["outcome"],) if label == "quarantine" else ()

    def _log_parts(
        self, table: Table | None, label: str, run_id: str | None = None, snapshot_id: int | None = None
    ) -> Iterator[tuple[Key, Part]]:
        """The log's rows that runs wrote, by run, attempt, event (in quarantine) and object."""
        if table is None:
            return
        names = _OF_ATTEMPT if label == "quarantine" else tuple(name for name in _OF_ATTEMPT if name != "event")
        for batch in chosen_batches(table, run_id, snapshot_id):
            for key, part in groups(batch, names):
                if key[0] is not None and (label != "quarantine" or key[2] not in _MARKERS):
                    yield key, part

    def _note_unreceipted(self, label: str, table: str, key: Key) -> None:
        newest = self._newest.get(key[0])
        if newest is None or newest.attempt < key[1]:
            self._stranger(label, table, key[0])

    # --- Silver

    def _check_silver(self) -> None:
        expected: dict[Key, tuple[Kept, Digest]] = {}
        for one in self._standing.values():
            for held in holdings(one, "silver"):
                expected[one.run_id, held["source_file_id"]] = (one, Digest.read(held["digest"]))
        found: dict[Key, Digest] = defaultdict(Digest)
        for key, part in self._silver_parts():
            if key[0] not in self._standing:
                self._stranger("silver", self._name, key[0])
                continue
            receipt = self._standing[key[0]]
            found[key].add_texts(row_texts(part, columns_of(receipt, "silver")))
            self._accounted[key].add_texts(row_texts(part, IDENTITY))
            self._report.checked["silver rows"] += part.num_rows
        for key in sorted({*expected, *found}, key=str):
            receipt, wanted = expected.get(key, (self._standing[key[0]], Digest()))
            if wanted == found.get(key, Digest()):
                continue

            def parts(snapshot_id: int | None, key: Key = key) -> Iterator[Part]:
                return (part for one, part in self._silver_parts(key[0], snapshot_id) if one == key)

            self._differs(receipt, "silver", self._silver, key[1], wanted, found.get(key, Digest()), parts)
        self._check_history()

    def _silver_parts(self, run_id: str | None = None, snapshot_id: int | None = None) -> Iterator[tuple[Key, Part]]:
        """What runs wrote to Silver, by run and object: what main holds, and what it held once and history keeps."""
        if self._silver is None:
            return
        for batch in chosen_batches(self._silver, run_id, snapshot_id):
            yield from groups(batch, ("run_id", "source_file_id"))
        if self._history is None or snapshot_id is not None:
            return
        for batch in chosen_batches(self._history, run_id, None):
            for key, part in groups(batch, ("run_id", "source_file_id", "ended_by_run", "ended_by_attempt")):
                ender = self._standing.get(key[2])
                if ender is not None and ender.attempt == key[3]:
                    yield key[:2], part

    def _check_history(self) -> None:
        """What each run sent to history is what its receipt says."""
        expected: dict[Key, tuple[Kept, Digest]] = {}
        for one in self._standing.values():
            for held in holdings(one, "history"):
                expected[one.run_id, one.attempt, held["outcome"]] = (one, Digest.read(held["digest"]))
        found: dict[Key, Digest] = defaultdict(Digest)
        for batch in batches(self._history) if self._history is not None else ():
            for key, part in groups(batch, ("ended_by_run", "ended_by_attempt", "reason")):
                ender = self._standing.get(key[0])
                if ender is not None and ender.attempt == key[1]:
                    found[key].add_texts(row_texts(part, columns_of(ender, "history")))
                    self._report.checked["history rows"] += part.num_rows
        for key in sorted({*expected, *found}, key=str):
            receipt, wanted = expected.get(key, (self._standing[key[0]], Digest()))
            if wanted != found.get(key, Digest()):
                self._differs(receipt, "history", None, "", wanted, found.get(key, Digest()), _nothing)

    # --- what differs

    def _differs(
        self,
        receipt: Kept,
        label: str,
        table: Table | None,
        origin: str | None,
        wanted: Digest,
        found: Digest,
        parts: Callable[[int | None], Iterator[Part]],
    ) -> None:
        """Say that a digest differs, and name the rows: by the run's own snapshot while it is kept, else by Bronze."""
        said = f"{label} of {self._name}"
        about = {**receipt.where, "source_file_id": origin or ""}
        self._report.problem(
            "contents changed",
            f"{said}: what run {receipt.run_id} holds of {origin or 'its objects'} is not what receipt "
            f"{receipt.sequence} of chain {receipt.chain} says: {wanted.count} rows expected, {found.count} found",
            table=said,
            **about,
            expected=str(wanted),
            found=str(found),
        )
        snapshot_id = receipt.document["snapshots"].get(label)
        if table is None or snapshot_id is None or table.metadata.snapshot_by_id(int(snapshot_id)) is None:
            self._report.remark(f"{said}: run {receipt.run_id}'s snapshot is expired, so that its rows cannot be named")
            return
        columns = columns_of(receipt, label)
        before: Rows = fingerprints(parts(int(snapshot_id)), columns)
        altered = name_differences(
            self._report, said, before, fingerprints(parts(None), columns), about, f"against snapshot {snapshot_id}"
        )[:5]
        for place, names in altered_columns(parts(int(snapshot_id)), parts(None), columns, altered).items():
            self._report.remark(f"{said}: row {place[1]} of {place[0]} was altered in {', '.join(names)}")

    def _stranger(self, label: str, table: str, run_id: str | None) -> None:
        """Rows of a run that has no receipt for them: it goes on, or somebody else wrote them."""
        run = self._places.runs.get(str(run_id))
        if run is not None and run["status"] in ("pending", "running", "held"):
            self._report.remark(f"{label} of {table}: run {run_id} is {run['status']} and has no receipt yet")
            return
        message = f"{label} of {table} holds rows of run {run_id}, which no receipt tells of"
        if not any(one.message == message for one in self._report.problems):
            self._report.problem("rows without receipt", message, table=f"{label} of {table}", run_id=str(run_id))

    # --- conservation

    def _check_conservation(self, arrived: dict[tuple[str, str], Digest]) -> None:
        """For each object of each published run that read it: every record of Bronze has one outcome, and one only."""
        for one in self._standing.values():
            for read in one.document["objects"]:
                key = (one.run_id, read["source_file_id"])
                came, accounted = arrived.get(key, Digest()), self._accounted.get(key, Digest())
                self._report.checked["objects"] += 1
                wanted = read["rows_in"]
                if one.document["kind"] != "ingest":
                    # Its records came to Bronze by other runs, and some of each object only.
                    if wanted is not None and wanted != accounted.count:
                        self._unbalanced(one, key[1], f"{wanted} records taken up, {accounted.count} with an outcome")
                    continue
                if wanted is not None and wanted != came.count:
                    self._unbalanced(one, key[1], f"{wanted} records read, {came.count} in Bronze")
                if came != accounted:
                    self._unbalanced(one, key[1], f"{came.count} records in Bronze, {accounted.count} with an outcome")

    def _unbalanced(self, receipt: Kept, origin: str, said: str) -> None:
        self._report.problem(
            "conservation broken",
            f"{self._name}: run {receipt.run_id}, {origin}: {said}, or not the same ones",
            **receipt.where,
            source_file_id=origin,
        )


def _nothing(snapshot_id: int | None) -> Iterator[Part]:
    return iter(())


def holdings(receipt: Kept, label: str) -> list[dict[str, Any]]:
    """What the receipt says of one table."""
    return [held for held in receipt.document["contents"]["holdings"] if held["table"] == label]


def columns_of(receipt: Kept, label: str) -> list[str]:
    """The columns that the receipt's digests of a table are made of."""
    return [name for name, _ in receipt.document["contents"]["columns"].get(label, [])]


def chosen_batches(table: Table, run_id: str | None, snapshot_id: int | None) -> Iterator[Part]:
    if run_id is None:
        return batches(table, snapshot_id=snapshot_id)
    return batches(table, snapshot_id=snapshot_id, where=rows_where("run_id", run_id))
