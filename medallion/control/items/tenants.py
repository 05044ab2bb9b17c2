"""A tenant."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from medallion.control.items.base import Item, Key


class Tenant(Item):
    """A tenant as its folder describes it. Frozen, it takes nothing in: since when, by whom, why.

    With `approvals_by_another`, nobody approves what they proposed themselves: a setting of the environment.
    """

    PARTITION: ClassVar[str] = "TENANT#{tenant}"
    id: str
    name: str
    description: str = ""
    contact: str = ""
    approvals_by_another: bool = False
    frozen_at: datetime | None = None
    frozen_by: str = ""
    frozen_reason: str = ""

    @staticmethod
    def key_of(tenant: str) -> Key:
        return Key(f"TENANT#{tenant}", "TENANT")
