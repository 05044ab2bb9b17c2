"""The ledger, read: where each chain stands, and its receipts, as they are. Nothing is verified here."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from medallion.errors import UnknownReceipt
from medallion.layout import Zone
from medallion.ledger.receipts import hash_of
from medallion.steps.platform import Platform


class Kept(NamedTuple):
    """A receipt's bytes at its place in a chain. No bytes: it is gone."""

    chain: str
    sequence: int
    content: bytes

    @property
    def hash(self) -> str:
        return hash_of(self.content) if self.content else ""

    @property
    def document(self) -> dict[str, Any]:
        """What it says; nothing where it is gone, or no receipt any more."""
        try:
            told = json.loads(self.content or b"{}")
        except ValueError:
            return {}
        return told if isinstance(told, dict) else {}


class ReceiptPage(NamedTuple):
    """Receipts of a chain, newest first. `before` is where the next page begins; 0 if there is no more."""

    receipts: list[Kept]
    before: int


def receipts(platform: Platform, chain: str, limit: int, before: int = 0) -> ReceiptPage:
    """The newest receipts of the chain, `limit` at most; those before the one of number `before`.

    UnknownReceipt if there is no such chain.
    """
    newest = platform.control.newest_receipt(chain)
    if newest is None:
        raise UnknownReceipt(f"tenant {platform.layout.tenant} has no chain {chain!r}; list those that it has")
    last = min(newest.sequence, before - 1) if before else newest.sequence
    first = max(1, last - limit + 1)
    found = [Kept(chain, number, _content(platform, chain, number)) for number in range(last, first - 1, -1)]
    return ReceiptPage(found, first if first > 1 else 0)


def receipt(platform: Platform, chain: str, sequence: int) -> Kept:
    """One receipt, byte for byte. UnknownReceipt if there is none."""
    content = _content(platform, chain, sequence)
    if not content:
        raise UnknownReceipt(f"chain {chain!r} has no receipt {sequence}. If it had one once, have the ledger verified")
    return Kept(chain, sequence, content)


def _content(platform: Platform, chain: str, sequence: int) -> bytes:
    key = platform.layout.receipt_key(chain, sequence)
    try:
        return platform.s3.get_object(Bucket=platform.layout.bucket(Zone.LEDGER), Key=key)["Body"].read()
    except platform.s3.exceptions.NoSuchKey:
        return b""
