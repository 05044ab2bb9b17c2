"""Who committed what: a run's mark in the snapshots of a table, and how a later try finds it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    # Not at run time: who only says what a commit is called, such as a run's ticket, needs no Iceberg for it.
    from pyiceberg.table import Table
    from pyiceberg.table.snapshots import Snapshot

RUN_ID = "medallion.run-id"
ATTEMPT = "medallion.attempt"
STEP = "medallion.step"
_NOTES = "medallion."
FORGOTTEN = "medallion.forgotten-before"
"""The table's property that says that its history has an end: older commits are found by their rows alone."""


@dataclass(frozen=True)
class Commit:
    """Who commits what: a step of a run's attempt.

    It stands in the snapshot's summary, so that a later try finds what an earlier one did.
    """

    run_id: str
    attempt: int
    step: str = "write"

    @property
    def whole_run(self) -> Commit:
        """What the run commits once, whichever attempt does it."""
        return Commit(self.run_id, 0)

    @property
    def of_whole_run(self) -> bool:
        return self.attempt == 0

    @property
    def properties(self) -> dict[str, str]:
        return {RUN_ID: self.run_id, ATTEMPT: str(self.attempt), STEP: self.step}

    def made(self, snapshot: Snapshot) -> bool:
        summary = snapshot.summary
        return summary is not None and all(summary.get(name) == value for name, value in self.properties.items())

    def on(self, table: Table, branch: str) -> Snapshot | None:
        """The newest snapshot that this step made on the branch: its own line is walked, not the whole table."""
        return next((one for one in lineage(table, head(table, branch)) if self.made(one)), None)

    @classmethod
    def that_published(cls, snapshot: Snapshot) -> Commit | None:
        """The run and attempt whose rows the snapshot brought; None for one that no run's write made."""
        said = {} if snapshot.summary is None else snapshot.summary.additional_properties
        written = cls(said.get(RUN_ID, ""), int(said.get(ATTEMPT, 0)), said.get(STEP, ""))
        return written if written.run_id and written.step == cls.step else None


def notes_of(snapshot: Snapshot) -> dict[str, str]:
    """What a run noted in the snapshot's summary, beside who made it."""
    said = {} if snapshot.summary is None else snapshot.summary.additional_properties
    return {name: said[name] for name in said if name.startswith(_NOTES) and name not in (RUN_ID, ATTEMPT, STEP)}


def lineage(table: Table, newest: Snapshot | None) -> Iterator[Snapshot]:
    """The snapshot and those that it was made from, newest first, as far back as the table remembers."""
    while newest is not None:
        yield newest
        parent = newest.parent_snapshot_id
        newest = None if parent is None else table.metadata.snapshot_by_id(parent)


def head(table: Table, branch: str) -> Snapshot | None:
    """The branch's newest snapshot; None where there is no such branch."""
    return table.metadata.snapshot_by_name(branch)
