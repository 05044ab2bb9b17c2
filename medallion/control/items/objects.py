"""The objects of a source: claimed once, queued, and gathered into batches."""

from __future__ import annotations

from datetime import datetime
from hashlib import sha256
from typing import ClassVar

from medallion.control.items.base import Item, Key


class ObjectClaim(Item):
    """One object version, told of once or ten times.

    It belongs to one run for ever; to none yet while its batch is not due. Until then it stands in the source's queue
    as well.
    """

    PARTITION: ClassVar[str] = "TENANT#{tenant}#OBJECTS#{name}"
    SK: ClassVar[str] = "OBJECT#"
    WAITING: ClassVar[str] = "WAITING#"
    source_file_id: str
    source: str
    key: str
    version: str
    size: int
    arrived_at: datetime
    sequencer: str = ""
    run_id: str | None = None

    @staticmethod
    def key_of(tenant: str, source: str, source_file_id: str) -> Key:
        return Key(f"TENANT#{tenant}#OBJECTS#{source}", f"{ObjectClaim.SK}{_digest(source_file_id)}")

    @staticmethod
    def queue_of(tenant: str, source: str) -> str:
        """The partition of the source's objects that wait."""
        return f"TENANT#{tenant}#QUEUE#{source}"

    def waiting_key(self, tenant: str) -> Key:
        place = f"{self.WAITING}{self.order}#{_digest(self.source_file_id)}"
        return Key(self.queue_of(tenant, self.source), place)

    @property
    def order(self) -> str:
        """By what objects of a source are put in the order of their arrival.

        S3's sequencer orders the versions of one key; of different keys it says nothing, but there the moments differ.
        """
        return f"{self.arrived_at:%Y-%m-%dT%H:%M:%S.%fZ}#{self.sequencer.rjust(32, '0')}"


class Gathering(Item):
    """A batch of a source while objects are gathered into it, one at a time for each source.

    `parts` chunks hold its `objects`; sealed, it grows no more.
    """

    PARTITION: ClassVar[str] = "TENANT#{tenant}#QUEUE#{name}"
    source: str
    run_id: str
    created_at: datetime
    parts: int = 0
    objects: int = 0
    bytes: int = 0
    sealed: bool = False

    @staticmethod
    def key_of(tenant: str, source: str) -> Key:
        return Key(ObjectClaim.queue_of(tenant, source), "GATHERING")


class BatchPart(Item):
    """A chunk of a batch's objects. DynamoDB removes it after `expires_at`, in seconds since 1970."""

    PARTITION: ClassVar[str] = "TENANT#{tenant}#BATCH#{run_id}"
    SK: ClassVar[str] = "PART#"
    objects: tuple[ObjectClaim, ...]
    expires_at: int

    @staticmethod
    def key_of(tenant: str, run_id: str, number: int) -> Key:
        return Key(f"TENANT#{tenant}#BATCH#{run_id}", f"{BatchPart.SK}{number:06}")


class NewestSnapshot(Item):
    """The newest object that a source of whole states ran, by its order: an older state that comes late is refused."""

    PARTITION: ClassVar[str] = "TENANT#{tenant}#QUEUE#{name}"
    order: str
    run_id: str

    @staticmethod
    def key_of(tenant: str, source: str) -> Key:
        return Key(ObjectClaim.queue_of(tenant, source), "NEWEST")


def _digest(source_file_id: str) -> str:
    """An object's key alone may be as long as a sort key may be."""
    return sha256(source_file_id.encode()).hexdigest()
