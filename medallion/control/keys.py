"""API keys: who may ask the platform's API for what. A key's secret is told once, and kept as its hash alone."""

from __future__ import annotations

import hmac
import re
import secrets
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from typing import ClassVar, NamedTuple

from boto3.dynamodb.conditions import Attr

from medallion.control.items import Item, Key
from medallion.control.table import ABSENT, ControlTable
from medallion.errors import UnknownKey

OPERATORS = "operators"
"""In place of a tenant's id, in the keys of those who operate the environment. No tenant may be called so."""

FORM = "mdl_([a-z][a-z0-9]{1,11})_([0-9a-f]{12})_([0-9A-Za-z_-]{43})"
"""How a token is spelt: owner, id, secret."""


class Role(StrEnum):
    """What the holder of a key may do. An operator may do everything, for every tenant."""

    VIEWER = "viewer"
    """Look at everything of the tenant, and ask its tables."""
    STEWARD = "steward"
    """And decide: over held runs, quarantined records, breakers, proposed contracts."""
    ENGINEER = "engineer"
    """Or build: sources, contracts, schedules; put files into Landing, have runs done again."""
    OPERATOR = "operator"


class ApiKey(Item):
    """A key, without its secret: `secret_hash` is the SHA-256 of it. `owner` is a tenant's id, or OPERATORS.

    `holder` is the person or program that it was made for; empty, its name says so.

    It opens nothing from `valid_until` on (a rotated key's predecessor, for one), nor once it is revoked.
    """

    PARTITION: ClassVar[str] = "TENANT#{tenant}#KEYS"
    SK: ClassVar[str] = "KEY#"
    key_id: str
    owner: str
    role: Role
    name: str
    holder: str = ""
    secret_hash: str
    created_at: datetime
    created_by: str
    valid_until: datetime | None = None
    revoked_at: datetime | None = None
    revoked_by: str = ""
    successor: str = ""

    @property
    def held_by(self) -> str:
        return self.holder or self.name

    def opens(self, secret: str, now: datetime) -> bool:
        """Whether the secret is this key's and it is valid now."""
        ended = self.revoked_at is not None or (self.valid_until is not None and self.valid_until <= now)
        return hmac.compare_digest(self.secret_hash, hashed(secret)) and not ended

    @staticmethod
    def key_of(owner: str, key_id: str) -> Key:
        return Key("OPERATORS#KEYS" if owner == OPERATORS else f"TENANT#{owner}#KEYS", f"{ApiKey.SK}{key_id}")


@dataclass(frozen=True)
class Token:
    """What a caller presents: whose key it is, which, and its secret. `str` spells it."""

    owner: str
    key_id: str
    secret: str

    @classmethod
    def made(cls, owner: str) -> Token:
        """A new one: its secret has 256 bits of the system's randomness."""
        return cls(owner, secrets.token_hex(6), secrets.token_urlsafe(32))

    @classmethod
    def read(cls, text: str) -> Token | None:
        """The token that the text spells; None if it spells none."""
        found = re.fullmatch(FORM, text)
        return None if found is None else cls(*found.groups())

    def __str__(self) -> str:
        return f"mdl_{self.owner}_{self.key_id}_{self.secret}"


def hashed(secret: str) -> str:
    """What is kept of a secret. It is random and long: a slow hash would protect nothing more."""
    return sha256(secret.encode()).hexdigest()


class KeyPage(NamedTuple):
    """Keys by id. `after` is where the next page begins, or nothing if there is no more."""

    keys: list[ApiKey]
    after: str


class ApiKeys:
    """The keys of one owner: a tenant, or OPERATORS."""

    def __init__(self, table: ControlTable, owner: str) -> None:
        self._table = table
        self._owner = owner

    def page(self, limit: int, after: str = "") -> KeyPage:
        """Keys by id, ended ones too, `limit` at most; those after the id `after`."""
        pk = ApiKey.key_of(self._owner, "").pk
        beyond = f"{ApiKey.SK}{after}" if after else ""
        found = self._table.query(ApiKey, pk, ApiKey.SK, limit=limit + 1, beyond=beyond)
        shown = found[:limit]
        return KeyPage(shown, shown[-1].key_id if len(found) > limit else "")

    def find(self, key_id: str) -> ApiKey | None:
        return self._table.get(ApiKey, ApiKey.key_of(self._owner, key_id))

    def key(self, key_id: str) -> ApiKey:
        found = self.find(key_id)
        if found is None:
            raise UnknownKey(f"key {key_id!r} does not exist; list those that do")
        return found

    def create(
        self,
        name: str,
        role: Role,
        *,
        by: str,
        now: datetime,
        valid_until: datetime | None = None,
        holder: str = "",
    ) -> tuple[ApiKey, Token]:
        """A new key, and the token that is told this once. Unsaid, its holder is who its name says."""
        token = Token.made(self._owner)
        key = ApiKey(
            key_id=token.key_id,
            owner=self._owner,
            role=role,
            name=name,
            holder=holder or name,
            secret_hash=hashed(token.secret),
            created_at=now,
            created_by=by,
            valid_until=valid_until,
        )
        if not self._table.put(key, ApiKey.key_of(self._owner, key.key_id), ABSENT):
            return self.create(name, role, by=by, now=now, valid_until=valid_until, holder=holder)
        return key, token

    def rotate(self, key_id: str, *, by: str, now: datetime, until: datetime) -> tuple[ApiKey, Token]:
        """A key that takes this one's place, which opens until `until` beside it. UnknownKey if it opens nothing."""
        old = self.key(key_id)
        if old.revoked_at is not None or (old.valid_until is not None and old.valid_until <= now):
            raise UnknownKey(f"key {key_id!r} opens nothing any more: it cannot be rotated; make a new one")
        new, token = self.create(old.name, old.role, by=by, now=now, holder=old.held_by)
        ends = until if old.valid_until is None else min(until, old.valid_until)
        unrevoked = Attr("revoked_at").eq(None)
        changes = {"valid_until": ends.isoformat(), "successor": new.key_id}
        self._table.update(ApiKey.key_of(self._owner, key_id), changes, unrevoked)
        return new, token

    def revoke(self, key_id: str, *, by: str, now: datetime) -> ApiKey:
        """The key opens nothing from now on. Said twice, the first stands."""
        self.key(key_id)
        unrevoked = Attr("revoked_at").eq(None)
        changes = {"revoked_at": now.isoformat(), "revoked_by": by}
        self._table.update(ApiKey.key_of(self._owner, key_id), changes, unrevoked)
        return self.key(key_id)
