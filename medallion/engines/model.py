"""What goes into an engine and what comes out of it, whichever engine it is."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO, Protocol

from pydantic import Field

from medallion.contracts.model import Frozen
from medallion.engines.commits import Commit
from medallion.layout import TableLayout, TenantLayout
from medallion.ledger.outcomes import ObjectRead


@dataclass(frozen=True)
class SourceObject:
    """One object of a run: its identity, when it arrived (UTC), how to read its bytes, and how many there are.

    `copy` puts them at an address in S3, without their passing here; None where nobody can.
    """

    source_file_id: str
    arrived_at: datetime
    open: Callable[[], BinaryIO]
    bytes: int = 0
    copy: Callable[[str], object] | None = None


@dataclass(frozen=True)
class SourceTables:
    """The tables of a source."""

    bronze: TableLayout
    silver: TableLayout
    history: TableLayout
    quarantine: TableLayout
    duplicates: TableLayout

    @classmethod
    def of(cls, tenant: TenantLayout, source: str) -> SourceTables:
        return cls(
            tenant.bronze(source),
            tenant.silver(source),
            tenant.history(source),
            tenant.quarantine(source),
            tenant.duplicates(source),
        )


@dataclass(frozen=True)
class Attempt:
    """A run's attempt: who commits, to which branch, and when it started (UTC)."""

    commit: Commit
    branch: str
    started_at: datetime


class Place(Protocol):
    """Where a record stands, and the last that was said of its entry."""

    @property
    def source_file_id(self) -> str: ...
    @property
    def source_row(self) -> int: ...
    @property
    def last_position(self) -> int: ...


class Replay(Frozen):
    """The records that a run takes up once more: `entries` of quarantine, or all those of `objects`.

    `entries` are by object (record number, the entry's last position when it was chosen): an entry that something
    became of since is left alone. `runs` are those that wrote the records to Bronze.
    """

    runs: tuple[str, ...]
    entries: dict[str, tuple[tuple[int, int], ...]] = Field(default_factory=dict)
    objects: tuple[str, ...] = ()

    @classmethod
    def of_entries(cls, runs: Iterable[str], entries: Iterable[Place]) -> Replay:
        """The replay of those entries."""
        listed: dict[str, list[tuple[int, int]]] = {}
        for entry in entries:
            listed.setdefault(entry.source_file_id, []).append((entry.source_row, entry.last_position))
        return cls(
            runs=tuple(sorted(set(runs))), entries={one: tuple(places) for one, places in sorted(listed.items())}
        )


class Corrected(Frozen):
    """What a correction would change: so many entries, and so many of them in each of the columns."""

    entries: int
    columns: dict[str, int]


class Forecast(Frozen):
    """What would become of the records of a replay, by outcome; of those that fail again, by error code.

    `withdrawn` counts the rows that would leave Silver because their records fail now.
    """

    inserted: int = 0
    updated: int = 0
    duplicates: int = 0
    quarantined: int = 0
    condemned: int = 0
    by_code: dict[str, int] = Field(default_factory=dict)
    withdrawn: int = 0

    @property
    def records(self) -> int:
        """How many would be taken up."""
        return self.inserted + self.updated + self.duplicates + self.quarantined + self.condemned


class Refined(Frozen):
    """What Refine committed:
    the snapshot in each table, and Silver's main as it was when records were resolved against it.

    `history` is None where nothing left Silver. `replayed` is the address of the list of records that were taken up
    once more, `replayed_runs` those that wrote them to Bronze; None and empty for new objects.
    """

    objects: tuple[ObjectRead, ...]
    bronze: int
    silver: int
    quarantine: int
    duplicates: int
    silver_base: int
    history: int | None = None
    replayed: str | None = None
    replayed_runs: tuple[str, ...] = ()
    seconds: dict[str, float]


class Built(Frozen):
    """What a model's build committed: the snapshot on its branch, the snapshots it was made from, and what its keys
    say.

    `null_keys` and `repeated_keys` count rows that break the model's keys. `kept_here` says why it was not handed to
    the large lane that was chosen.
    """

    snapshot: int
    base: int
    inputs: dict[str, int]
    rows: int
    null_keys: int
    repeated_keys: int
    unchanged: bool = False
    kept_here: str = ""
