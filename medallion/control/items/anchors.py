"""The newest receipt of each chain."""

from __future__ import annotations

from typing import ClassVar

from medallion.control.items.base import Item, Key
from medallion.ledger.receipts import Link


class Anchor(Item):
    """A chain of receipts as it should be: its newest receipt. Only ever moved on by one, never back."""

    PARTITION: ClassVar[str] = "TENANT#{tenant}#LEDGER"
    EVIDENCE: ClassVar[bool] = True
    SK: ClassVar[str] = "CHAIN#"
    chain: str
    sequence: int
    hash: str
    run_id: str
    attempt: int
    kind: str

    @staticmethod
    def key_of(tenant: str, chain: str) -> Key:
        return Key(f"TENANT#{tenant}#LEDGER", f"{Anchor.SK}{chain}")

    @property
    def link(self) -> Link:
        return Link.model_validate(self.model_dump(include=set(Link.model_fields)))
