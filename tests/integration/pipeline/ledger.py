"""A tenant's receipts, as the tests look at them."""

from __future__ import annotations

from medallion.layout import Zone
from medallion.ledger.receipts import Receipt, follow
from tests.integration.pipeline.deployed import Deployed


def chain_of(deployed: Deployed, chain: str) -> list[Receipt]:
    """The chain's receipts, each of which follows the one before it, up to the one that the control table names."""
    found: list[Receipt] = []
    link = None
    newest = deployed.control.newest_receipt(chain)
    for sequence in range(1, 1 + (newest.sequence if newest else 0)):
        receipt, link = follow(link, content_of(deployed, chain, sequence), chain)
        found.append(receipt)
    assert link == newest
    return found


def content_of(deployed: Deployed, chain: str, sequence: int) -> bytes:
    bucket, key = deployed.layout.bucket(Zone.LEDGER), deployed.layout.receipt_key(chain, sequence)
    content: bytes = deployed.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()
    return content
