"""The audit trail: who changed what of a tenant, through the API or the command. Entries are only ever added."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, NamedTuple

from medallion.control.items import Item, Key
from medallion.control.table import ABSENT, ControlTable


class AuditEntry(Item):
    """One request that was to change something: what was asked (an operation's name and what its path names), by whom
    in which role, when, and how it was answered (an HTTP status). Never a body: that may hold records.
    """

    PARTITION: ClassVar[str] = "TENANT#{tenant}#AUDIT"
    EVIDENCE: ClassVar[bool] = True
    SK: ClassVar[str] = "AUDIT#"
    at: datetime
    request_id: str
    by: str
    role: str
    action: str
    subject: dict[str, str]
    status: int
    reason: str = ""

    @property
    def place(self) -> str:
        """Its place in the trail."""
        return f"{self.at.isoformat()}#{self.request_id}"

    @staticmethod
    def key_of(tenant: str, place: str) -> Key:
        return Key(f"TENANT#{tenant}#AUDIT", f"{AuditEntry.SK}{place}")


class AuditPage(NamedTuple):
    """Entries, newest first. `before` is where the next page begins, or nothing if there is no more."""

    entries: list[AuditEntry]
    before: str


class AuditTrail:
    """One tenant's trail."""

    def __init__(self, table: ControlTable, tenant: str) -> None:
        self._table = table
        self._tenant = tenant

    def add(self, entry: AuditEntry) -> None:
        self._table.put(entry, AuditEntry.key_of(self._tenant, entry.place), ABSENT)

    def page(self, limit: int, before: str = "") -> AuditPage:
        """The newest entries, `limit` at most; those before the place `before`."""
        pk = AuditEntry.key_of(self._tenant, "").pk
        beyond = f"{AuditEntry.SK}{before}" if before else ""
        found = self._table.query(AuditEntry, pk, AuditEntry.SK, limit=limit + 1, newest_first=True, beyond=beyond)
        shown = found[:limit]
        return AuditPage(shown, shown[-1].place if len(found) > limit else "")
