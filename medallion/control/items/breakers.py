"""A source's breaker, and what the gate saw of its runs."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from pydantic import BaseModel

from medallion.control.items.base import Item, Key


class SeenRun(Item):
    """What the gate saw of a run's attempt: the failed records by code, and whether a person approved them.

    DynamoDB removes it after `expires_at`, in seconds since 1970.
    """

    PARTITION: ClassVar[str] = "TENANT#{tenant}#SEEN#{name}"
    SK: ClassVar[str] = "SEEN#"
    source: str
    run_id: str
    attempt: int
    at: datetime
    rows: int
    by_code: dict[str, int]
    promoted: bool
    approved: bool
    expires_at: int

    @staticmethod
    def partition(tenant: str, source: str) -> str:
        return f"TENANT#{tenant}#SEEN#{source}"

    @staticmethod
    def key_of(tenant: str, seen: SeenRun) -> Key:
        place = f"{SeenRun.SK}{seen.at.isoformat()}#{seen.run_id}#{seen.attempt}"
        return Key(SeenRun.partition(tenant, seen.source), place)


class _Opening(BaseModel):
    """That a source's breaker opened: `failures` of `rows` records failed with `code` within the time."""

    source: str
    run_id: str
    opened_at: datetime
    code: str
    failures: int
    rows: int
    open: bool = True
    closed_at: datetime | None = None
    closed_by: str = ""
    reason: str = ""


class Breaker(_Opening, Item):
    """A source's breaker: open, its runs wait."""

    PARTITION: ClassVar[str] = "TENANT#{tenant}#SEEN#{name}"
    EVIDENCE: ClassVar[bool] = True

    @property
    def said(self) -> str:
        """Why it opened, as a sentence's part."""
        return f"{self.failures} of {self.rows} records failed with {self.code}"

    @staticmethod
    def key_of(tenant: str, source: str) -> Key:
        return Key(SeenRun.partition(tenant, source), "BREAKER")


class ClosedBreaker(_Opening, Item):
    """A time that a breaker was open, and who closed it and why. It is kept."""

    PARTITION: ClassVar[str] = "TENANT#{tenant}#SEEN#{name}"
    EVIDENCE: ClassVar[bool] = True
    SK: ClassVar[str] = "CLOSED#"

    @staticmethod
    def key_of(tenant: str, source: str, opened_at: datetime) -> Key:
        return Key(SeenRun.partition(tenant, source), f"{ClosedBreaker.SK}{opened_at.isoformat()}")
