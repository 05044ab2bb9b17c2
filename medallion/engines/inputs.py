"""What an attempt reads beside its records, pinned: whichever try of it reads, it reads the same snapshots."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from medallion.contracts.model import Frozen
from medallion.engines.iceberg import Lake, Planned
from medallion.engines.model import SourceTables
from medallion.layout import TableLayout
from medallion.plan.model import Plan


class Pins(Frozen):
    """The snapshots that an attempt reads, and the time that it calls its own (UTC)."""

    started_at: datetime
    silver: int
    quarantine: int
    references: dict[str, int]


@dataclass(frozen=True)
class Inputs:
    """Silver and the quarantine log as they were when the attempt began, and the Silver of each source referred to."""

    silver: Planned
    quarantine: Planned
    references: Mapping[str, Planned]

    @classmethod
    def read(
        cls,
        lake: Lake,
        plan: Plan,
        tables: SourceTables,
        references: Mapping[str, TableLayout],
        pins: Pins | None = None,
    ) -> Inputs:
        """The inputs as `pins` name them, as they are published now where nothing is pinned yet.

        `references` says where the Silver of each source stands that the plan refers to.
        """
        wanted = {one.source: None if pins is None else pins.references[one.source] for one in plan.references}
        return cls(
            silver=lake.plan(tables.silver, snapshot_id=None if pins is None else pins.silver),
            quarantine=lake.plan(tables.quarantine, snapshot_id=None if pins is None else pins.quarantine),
            references={
                source: lake.plan(references[source], snapshot_id=snapshot) for source, snapshot in wanted.items()
            },
        )

    def pins(self, now: datetime) -> Pins:
        return Pins(
            started_at=now,
            silver=self.silver.snapshot_id,
            quarantine=self.quarantine.snapshot_id,
            references={source: planned.snapshot_id for source, planned in self.references.items()},
        )
