"""The ledger, read page by page, as it is: whatever became of a receipt."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import pytest

from medallion.errors import UnknownReceipt
from medallion.layout import Zone
from medallion.ledger.receipts import Link, hash_of
from medallion.steps.ledger import receipt, receipts
from tests.unit.control.waiting import LAYOUT, InMemory

CHAIN = "silver#orders"


class _NoSuchKey(Exception):
    """What S3 says of an object that is not there."""


@dataclass
class Bucket:
    """S3, with the ledger's objects by key."""

    objects: dict[str, bytes] = field(default_factory=dict)

    class exceptions:  # noqa: N801  # as boto3 calls it
        NoSuchKey = _NoSuchKey

    def get_object(self, Bucket: str, Key: str) -> dict[str, Any]:  # noqa: N803  # S3's own names
        assert Bucket == LAYOUT.bucket(Zone.LEDGER)
        if Key not in self.objects:
            raise _NoSuchKey
        return {"Body": io.BytesIO(self.objects[Key])}


@dataclass(frozen=True)
class Ledger(InMemory):
    """A tenant's platform with a ledger."""

    bucket: Bucket = field(default_factory=Bucket, kw_only=True)

    @cached_property
    def s3(self) -> Any:
        return self.bucket


@pytest.fixture
def platform() -> Ledger:
    made = Ledger.at()
    assert isinstance(made, Ledger)
    before = None
    for number in range(1, 8):
        content = f'{{"sequence":{number}}}'.encode()
        made.bucket.objects[LAYOUT.receipt_key(CHAIN, number)] = content
        newest = Link(sequence=number, hash=hash_of(content), run_id=f"r{number}", attempt=1, kind="rollback")
        assert made.control.anchor_receipt(CHAIN, before, newest, of_run=False)
        before = newest
    return made


def test_receipts_come_newest_first_each_once(platform: Ledger) -> None:
    found, before = [], 0
    while True:
        page = receipts(platform, CHAIN, 3, before)
        found.append([one.sequence for one in page.receipts])
        before = page.before
        if not before:
            break
    assert found == [[7, 6, 5], [4, 3, 2], [1]]


def test_a_receipt_is_told_byte_for_byte(platform: Ledger) -> None:
    kept = receipt(platform, CHAIN, 3)
    assert (kept.content, kept.hash) == (b'{"sequence":3}', hash_of(b'{"sequence":3}'))


def test_a_receipt_that_is_gone_or_spoilt_is_shown_as_it_is(platform: Ledger) -> None:
    del platform.bucket.objects[LAYOUT.receipt_key(CHAIN, 6)]
    platform.bucket.objects[LAYOUT.receipt_key(CHAIN, 5)] = b"no receipt"
    page = receipts(platform, CHAIN, 3)
    assert [(one.hash == "", one.document) for one in page.receipts] == [
        (False, {"sequence": 7}),
        (True, {}),
        (False, {}),
    ]


def test_a_chain_or_receipt_is_unknown_when_there_is_none(platform: Ledger) -> None:
    with pytest.raises(UnknownReceipt, match="has no chain 'gold#spend'"):
        receipts(platform, "gold#spend", 3)
    with pytest.raises(UnknownReceipt, match="has no receipt 9"):
        receipt(platform, CHAIN, 9)
