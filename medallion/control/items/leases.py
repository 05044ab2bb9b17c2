"""Who may write a subject's tables, and who waits for that."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from medallion.control.items.base import Item, Key


class Lease(Item):
    """Who may write a subject's tables. `token` grows with every holder: work done under an older one is refused.

    `unanswered` is the task token of a holder that was not yet told that it holds the lease.
    """

    PARTITION: ClassVar[str] = "TENANT#{tenant}#LEASE#{subject}"
    subject: str
    owner: str | None = None
    token: int = 0
    expires_at: datetime
    unanswered: str | None = None

    @staticmethod
    def key_of(tenant: str, subject: str) -> Key:
        return Key(f"TENANT#{tenant}#LEASE#{subject}", "LEASE")


class Waiter(Item):
    """A run that waits for a lease, and the task token by which it is woken.

    Runs are woken in the order of their ids.
    """

    PARTITION: ClassVar[str] = "TENANT#{tenant}#LEASE#{subject}"
    SK: ClassVar[str] = "WAITER#"
    subject: str
    run_id: str
    task_token: str

    @staticmethod
    def key_of(tenant: str, subject: str, run_id: str) -> Key:
        return Key(f"TENANT#{tenant}#LEASE#{subject}", f"{Waiter.SK}{run_id}")
