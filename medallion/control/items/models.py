"""A tenant's Gold models."""

from __future__ import annotations

from typing import ClassVar

from medallion.control.items.base import Item, Key


class GoldModel(Item):
    """A Gold model's file. `pending_run_id` is the build that was asked for and has not read its inputs yet.

    `revision` counts its texts; `set_by` is who set this one, nobody where it came with the tenant's folder.
    """

    PARTITION: ClassVar[str] = "TENANT#{tenant}"
    SK: ClassVar[str] = "MODEL#"
    name: str
    text: str
    inputs: tuple[str, ...]
    pending_run_id: str | None = None
    revision: int = 0
    set_by: str = ""

    @staticmethod
    def key_of(tenant: str, name: str) -> Key:
        return Key(f"TENANT#{tenant}", f"{GoldModel.SK}{name}")
