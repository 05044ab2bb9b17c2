"""A certificate has one spelling, and counts what went less what is still there."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from hashlib import sha256

from medallion.control.closings import Tally
from medallion.steps.closing.certificate import Certificate, Chain, Copied, Said, removed
from medallion.steps.closing.certificate_text import as_text
from medallion.steps.closing.manifest import canonical, hash_of
from medallion.steps.closing.model import Found, Kept, Kind

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
COPIED = Copied(where="s3://handover/acme", files=3, bytes=99, manifest="ab" * 32)
CERTIFICATE = Certificate(
    environment="prod",
    tenant="acme",
    account="123456789012",
    region="eu-west-1",
    reason="contract ended",
    asked=Said(by="Ada", caller="arn:ada", at=NOW),
    approved=Said(by="Bøb", caller="arn:bob", at=NOW),
    abandoned_open=False,
    ended={"removed": NOW},
    exported=COPIED,
    retained=COPIED,
    removed=removed(
        [Tally(kind="bucket", count=8, items=20, bytes=200), Tally(kind="stack", count=3)],
        [Found(kind=Kind.BUCKET, name="ledger", items=5, bytes=50)],
    ),
    remains=(Kept(what="locked objects", where="ledger", why="object lock", until=NOW, items=5),),
    chains=(Chain(chain="silver#orders", sequence=7, hash="cd" * 32),),
)


def test_what_is_still_there_is_not_said_to_be_removed() -> None:
    bucket, stack = CERTIFICATE.removed
    assert (bucket.count, bucket.items, bucket.bytes) == (7, 15, 150)
    assert stack.count == 3


def test_hash_is_that_of_the_one_spelling() -> None:
    content = canonical(CERTIFICATE)
    assert hash_of(content) == sha256(content).hexdigest()
    assert canonical(Certificate.model_validate_json(content)) == content
    anew = json.dumps(json.loads(content), sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    assert anew == content, "anybody can spell it so"
    assert hash_of(canonical(CERTIFICATE.model_copy(update={"reason": "another"}))) != hash_of(content)


def test_reader_is_told_who_what_why_and_until_when() -> None:
    text = as_text(CERTIFICATE, "ef" * 32)
    for said in ("Ada (arn:ada)", "Approved by Bøb (arn:bob)", "contract ended", "ef" * 32, "silver#orders"):
        assert said in text
    assert "| locked objects | 5 | ledger | object lock | 2026-11-28 12:00:00 UTC |" in text
    alone = CERTIFICATE.model_copy(update={"approved": None})
    assert "No second person was needed." in as_text(alone, "")
