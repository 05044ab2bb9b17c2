"""Requests that are done once, however often they are sent: by the key that their sender gives them."""

from __future__ import annotations

from datetime import datetime, timedelta
from hashlib import sha256
from typing import ClassVar

from boto3.dynamodb.conditions import Attr

from medallion.control.items import Item, Key
from medallion.control.table import ABSENT, ControlTable
from medallion.errors import KeyReused, SecretAlreadyTold, StillInProgress

KEPT = timedelta(days=1)
"""How long an answer is given again."""
LONGEST = timedelta(minutes=1)
"""How long a request may be worked on: a function's time-out, and some. One that broke off is done anew then."""


class Once(Item):
    """A request of an idempotency key: what it asked, as a digest, and how it was answered.

    `status` is 0 while it is worked on; `secret` says that the answer is not kept. DynamoDB removes it after
    `expires_at`, in seconds since 1970.
    """

    PARTITION: ClassVar[str] = "TENANT#{tenant}#ONCE"
    SK: ClassVar[str] = "ONCE#"
    digest: str
    locked_until: datetime
    status: int = 0
    headers: dict[str, str] | None = None
    body: str = ""
    secret: bool = False
    expires_at: int

    @staticmethod
    def key_of(tenant: str, key: str) -> Key:
        """`key` is the caller's own: two callers who choose the same word do not meet."""
        return Key(f"TENANT#{tenant}#ONCE", f"{Once.SK}{sha256(key.encode()).hexdigest()}")


class Requests:
    """One tenant's requests that are done once."""

    def __init__(self, table: ControlTable, tenant: str) -> None:
        self._table = table
        self._tenant = tenant

    def begin(self, key: str, digest: str, now: datetime) -> Once | None:
        """None where the request is to be done now; else the answer that it was given.

        KeyReused where the key stands for another request, StillInProgress while it is worked on, SecretAlreadyTold
        where the answer is not kept.
        """
        lock = Once(digest=digest, locked_until=now + LONGEST, expires_at=int((now + KEPT).timestamp()))
        free = ABSENT | Attr("expires_at").lt(int(now.timestamp()))
        broken_off = (
            Attr("status").eq(0) & Attr("digest").eq(digest) & Attr("locked_until").lt(_json(lock, now)["locked_until"])
        )
        place = Once.key_of(self._tenant, key)
        if self._table.put(lock, place, free | broken_off):
            return None
        stands = self._table.get(Once, place)
        if stands is None:
            return self.begin(key, digest, now)
        if stands.digest != digest:
            raise KeyReused("This Idempotency-Key stands for another request: choose a new key for a new request")
        if stands.status == 0:
            raise StillInProgress("The request of this Idempotency-Key is being worked on: send it again in a moment")
        if stands.secret:
            raise SecretAlreadyTold("This request was done, and its answer held a secret, which is told only once")
        return stands

    def end(self, key: str, status: int, headers: dict[str, str], body: str, *, secret: bool = False) -> None:
        """Keep the answer, but for one that holds a secret."""
        kept = {"headers": {}, "body": ""} if secret else {"headers": headers, "body": body}
        self._table.update(Once.key_of(self._tenant, key), {"status": status, "secret": secret, **kept})

    def drop(self, key: str) -> None:
        """The request was not done: it may be sent again, changed or not."""
        self._table.delete(Once.key_of(self._tenant, key), Attr("status").eq(0))


def _json(lock: Once, now: datetime) -> dict[str, str]:
    """`now` spelt as the item's own moments are, to be compared with them."""
    spelt: dict[str, str] = lock.model_copy(update={"locked_until": now}).model_dump(mode="json")
    return spelt
