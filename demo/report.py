"""What the demo finds, as build/demo.json holds it."""

from __future__ import annotations

from typing import Any

from medallion.contracts.model import Frozen


class SourceReport(Frozen):
    """A file's way through the platform. `rows_in` is counted from the file by Python's csv module.

    The outcomes are the run's own record; each was found again by a scan of its table through Athena.
    """

    run_id: str
    status: str
    rows_in: int
    inserted: int
    updated: int
    duplicates: int
    quarantined: int
    quarantined_by_code: dict[str, int]
    condemned: int
    snapshots: dict[str, str]
    warnings: tuple[str, ...]
    step_seconds: dict[str, float]
    landing_to_silver_seconds: float

    @property
    def accounted(self) -> int:
        return self.inserted + self.updated + self.duplicates + self.quarantined + self.condemned


class Held(Frozen):
    """Records that a source's tables hold, by a scan through Athena. `quarantine` counts open entries."""

    bronze: int
    silver: int
    quarantine: int
    duplicates: int


class AgainReport(Frozen):
    """The same file once more: first told of the same object version again, then dropped again as a new version."""

    run_id: str
    status: str
    before: Held
    after_told_again: Held
    after_dropped_again: Held
    runs_for_told_again: int
    rows_in: int
    duplicates: int


class GoldReport(Frozen):
    """A Gold model's table: how many rows, and some of them."""

    rows: int
    snapshot: str
    question: str
    columns: tuple[str, ...]
    answer: tuple[tuple[Any, ...], ...]


class TenantReport(Frozen):
    """One tenant's sources and models."""

    sources: dict[str, SourceReport]
    gold: dict[str, GoldReport]
    dropped_again: dict[str, AgainReport]


class DeploymentReport(Frozen):
    """What was deployed, by CloudFormation type. Recorded-only types are stored: nothing stands behind them here."""

    stacks: int
    emulated: dict[str, int]
    recorded_only: dict[str, int]


class Totals(Frozen):
    """All tenants and sources together."""

    rows_in: int
    inserted: int
    updated: int
    duplicates: int
    quarantined: int
    condemned: int


class DemoReport(Frozen):
    """The whole demo. `problems` is empty if everything that it promises was seen.

    `beyond_targets` says where this machine, as busy as it was, took more than two idle cores are to take: no failure.
    """

    ok: bool
    problems: tuple[str, ...]
    beyond_targets: tuple[str, ...]
    seconds: dict[str, float]
    peak_memory_mb: int
    deployment: DeploymentReport
    totals: Totals
    tenants: dict[str, TenantReport]
