"""What travels through a state machine: which run, which attempt, under which lease. Never a payload."""

from __future__ import annotations

from medallion.contracts.model import Frozen
from medallion.control.items import Run, RunKind
from medallion.engines.commits import Commit
from medallion.layout import TableLayout, TenantLayout, branch


class Ticket(Frozen):
    """A state machine's input. `subject` is the source or the model; `lease` the fencing token, once there is one."""

    kind: RunKind
    subject: str
    run_id: str
    attempt: int
    lane: str
    lease: int | None = None

    @classmethod
    def of(cls, run: Run) -> Ticket:
        return cls(kind=run.kind, subject=run.subject, run_id=run.run_id, attempt=run.attempt, lane=run.lane)

    @property
    def leased(self) -> str:
        """What the run holds a lease of."""
        return f"{self.kind.zone}#{self.subject}"

    @property
    def branch(self) -> str:
        return branch(self.run_id)

    @property
    def commit(self) -> Commit:
        return Commit(self.run_id, self.attempt)

    def published_table(self, layout: TenantLayout) -> TableLayout:
        """The table that the run publishes: its source's Silver, or its model's Gold."""
        return layout.table(self.kind.zone, self.subject)
