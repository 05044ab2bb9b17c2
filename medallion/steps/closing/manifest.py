"""The list of what was exported, or retained: every file with its hash. Its own hash stands in the closing."""

from __future__ import annotations

import json
from datetime import datetime
from hashlib import sha256

from medallion.contracts.model import Frozen

MANIFEST = "manifest.json"


class File(Frozen):
    """A file: its path, SHA-256 and size; how many rows, records or items it holds; what it is of."""

    path: str
    sha256: str
    bytes: int
    items: int = 0
    of: str = ""


class Manifest(Frozen):
    """Files of one tenant. `state` says as of what: snapshots, receipts, objects and items, each by a digest."""

    format: str = "medallion-manifest-1"
    environment: str
    tenant: str
    at: datetime
    files: tuple[File, ...]
    state: dict[str, str]

    @property
    def tables(self) -> list[str]:
        """The tables that it is of, as database.table."""
        return sorted({one.of for one in self.files if one.path.startswith("tables/")})

    @property
    def size(self) -> int:
        return sum(one.bytes for one in self.files)

    @property
    def content(self) -> bytes:
        return canonical(self)


def canonical(document: Frozen) -> bytes:
    """A document's one spelling: JSON, keys sorted, no blanks, UTF-8."""
    said = document.model_dump(mode="json")
    return json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def hash_of(content: bytes) -> str:
    return sha256(content).hexdigest()
