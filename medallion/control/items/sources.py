"""A tenant's sources, and the versions of their contracts."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from medallion.contracts.model import Batch, Guard, Lane, Trigger
from medallion.control.items.base import Item, Key


class Pause(Item):
    """Who had a source wait, why and when."""

    by: str
    reason: str
    at: datetime


class Source(Item):
    """A source and the contract version that is active for it, with what that says of how it runs, and of whose it is.

    While it is paused its objects are claimed and wait.
    """

    PARTITION: ClassVar[str] = "TENANT#{tenant}"
    SK: ClassVar[str] = "SOURCE#"
    name: str
    contract_version: str
    ruleset: str
    trigger: Trigger
    lane: Lane
    approval: str
    load: str = "append"
    batch: Batch = Batch()
    guard: Guard = Guard()
    description: str = ""
    owner: str = ""
    pause: Pause | None = None

    @property
    def on_arrival(self) -> bool:
        """Whether objects start runs as they arrive, each or together; else the schedule alone does."""
        return self.trigger is Trigger.ON_ARRIVAL

    @property
    def at_once(self) -> bool:
        """Whether each object's arrival starts a run of its own."""
        return self.whole_states or (self.on_arrival and self.batch.at_once)

    @property
    def whole_states(self) -> bool:
        """Whether each object is the source's whole state: its own run, in the order of arrival."""
        return self.load == "snapshot" and self.on_arrival

    @staticmethod
    def key_of(tenant: str, name: str) -> Key:
        return Key(f"TENANT#{tenant}", f"{Source.SK}{name}")


class ContractVersion(Item):
    """One version of a source's contract, as written; a version's text never changes.

    `registered_by` is who made it active, by which proposal; nobody where it came with the tenant's folder.
    """

    SK: ClassVar[str] = "CONTRACT#"
    PARTITION: ClassVar[str] = "TENANT#{tenant}#SOURCE#{name}"
    source: str
    version: str
    text: str
    ruleset: str
    registered_at: datetime
    registered_by: str = ""
    proposal_id: str = ""

    @staticmethod
    def key_of(tenant: str, source: str, version: str) -> Key:
        return Key(f"TENANT#{tenant}#SOURCE#{source}", f"{ContractVersion.SK}{version}")
