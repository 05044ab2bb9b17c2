"""What housekeeping did to each source's and model's tables, and when: the longest ago comes first next time."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from medallion.control.items import Item, Key
from medallion.control.table import ControlTable


class TableUpkeep(Item):
    """One table: files that became fewer, snapshots forgotten, files that nothing referred to, branches removed.

    `at_work` are files that a job has in its hands. `skipped` says what was left undone, and why.
    """

    table: str
    files_before: int = 0
    files_after: int = 0
    rows: int = 0
    at_work: int = 0
    snapshots_expired: int = 0
    files_removed: int = 0
    bytes_removed: int = 0
    branches_removed: tuple[str, ...] = ()
    skipped: str = ""


class Upkeep(Item):
    """The last housekeeping of a subject (`silver#orders`), by which invocation, and when it was done."""

    PARTITION: ClassVar[str] = "TENANT#{tenant}#UPKEEP"
    SK: ClassVar[str] = "UPKEEP#"
    subject: str
    by: str
    at: datetime
    tables: tuple[TableUpkeep, ...] = ()

    @staticmethod
    def key_of(tenant: str, subject: str) -> Key:
        return Key(f"TENANT#{tenant}#UPKEEP", f"{Upkeep.SK}{subject}")


class Upkeeps:
    """The housekeeping of one tenant's sources and models."""

    def __init__(self, table: ControlTable, tenant: str) -> None:
        self._table = table
        self._tenant = tenant

    def all(self) -> list[Upkeep]:
        return self._table.query(Upkeep, Upkeep.key_of(self._tenant, "").pk, Upkeep.SK)

    def keep(self, upkeep: Upkeep) -> None:
        self._table.put(upkeep, Upkeep.key_of(self._tenant, upkeep.subject))
