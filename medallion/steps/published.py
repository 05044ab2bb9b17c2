"""What readers go by beside the table itself: a publication's files. No engine is imported here."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from medallion.contracts.model import Frozen
from medallion.ledger.outcomes import ObjectOutcomes


class Published(Frozen):
    """A run as readers learn of it: `_SUCCESS` and the two parts of `_LATEST.json`.

    `totals` is over all objects; of a run of many, the outcomes of each stand in its documents.
    """

    run_id: str
    table: str
    snapshot_id: int
    contract_version: str
    execution_arn: str
    completed_at: datetime
    rows: int
    outcomes: tuple[ObjectOutcomes, ...]
    totals: dict[str, int] = Field(default_factory=dict)


class Latest(Frozen):
    """What a table's `_LATEST.json` says."""

    current: Published
    previous: Published | None
