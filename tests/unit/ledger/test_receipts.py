"""Receipts and their chain: what follows what, and what does not."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from medallion.errors import LedgerBroken
from medallion.ledger.receipts import Link, Receipt, follow, hash_of

CHAIN = "silver#orders"


def receipt(sequence: int = 1, previous: str = "", chain: str = CHAIN, run_id: str = "r1") -> Receipt:
    return Receipt(
        environment="dev",
        tenant="acme",
        chain=chain,
        sequence=sequence,
        previous=previous,
        run_id=run_id,
        attempt=1,
        kind="ingest",
        status="promoted",
        at=datetime(2026, 11, 21, tzinfo=UTC),
        reason="größer",
    )


def test_receipt_comes_back_whole_when_its_bytes_are_read() -> None:
    one = receipt()
    read, link = follow(None, one.content, CHAIN)
    assert read == one
    assert link == Link(sequence=1, hash=hash_of(one.content), run_id="r1", attempt=1, kind="ingest")
    assert read.content == one.content, "writing it again gives the same bytes"


def test_second_receipt_follows_when_it_names_the_firsts_hash() -> None:
    _, first = follow(None, receipt().content, CHAIN)
    _, second = follow(first, receipt(2, first.hash).content, CHAIN)
    assert second.sequence == 2


@pytest.mark.parametrize(
    "other",
    [
        receipt(2, "f" * 64),
        receipt(3, hash_of(receipt().content)),
        receipt(2, hash_of(receipt().content), chain="silver#customers"),
    ],
    ids=["another previous hash", "a gap", "another chain"],
)
def test_receipt_is_refused_when_it_does_not_follow(other: Receipt) -> None:
    _, first = follow(None, receipt().content, CHAIN)
    with pytest.raises(LedgerBroken, match="silver#orders"):
        follow(first, other.content, CHAIN)


def test_bytes_are_refused_when_they_are_no_receipt() -> None:
    with pytest.raises(LedgerBroken, match="is no receipt"):
        follow(None, b'{"sequence": 1}', CHAIN)
