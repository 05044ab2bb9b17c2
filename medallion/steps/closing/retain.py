"""Retain: what outlives the tenant is copied under the retention key, and read back, before anything goes."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, cast

from botocore.exceptions import ClientError

from medallion.control.closings import Closing
from medallion.engines.duckdb.leaving import write_condemned
from medallion.errors import ClosingUnsafe, NotClosable
from medallion.ledger.receipts import hash_of as receipt_hash
from medallion.steps.closing.destination import Destination
from medallion.steps.closing.export import Writer, file_of, lines, receipts
from medallion.steps.closing.manifest import Manifest, hash_of
from medallion.steps.closing.state import items_of, partitions_of
from medallion.steps.platform import Platform

LISTING = "retained.json"
CONDEMNED, RECEIPTS, DECISIONS = "condemned", "receipts", "decisions"
WHY = {
    CONDEMNED: "condemned records are kept for seven years, whatever becomes of their table",
    RECEIPTS: "they prove what became of every record that was ever received",
    DECISIONS: "they say who decided what, and why",
}
Tell = Callable[[str], None]


class Store(Destination):
    """The environment's retention bucket, below the closing's prefix; what is read is seen to be under its key."""

    def __init__(self, platform: Platform, closing: Closing) -> None:
        layout = platform.layout
        self._s3 = platform.s3
        self.bucket = layout.shared.retention_bucket
        self.prefix = layout.shared.retained_prefix(layout.tenant, f"{closing.asked_at:%Y%m%dt%H%M%S}")
        kms = platform.session.client("kms")
        try:
            self.key = kms.describe_key(KeyId=layout.shared.retention_key_alias)["KeyMetadata"]["Arn"]
        except kms.exceptions.NotFoundException as missing:
            raise NotClosable(
                f"there is no key {layout.shared.retention_key_alias}: deploy the shared stack of "
                f"{layout.environment} first, which brings the retention store"
            ) from missing

    def put(self, path: str, file: Path) -> None:
        encrypted = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": self.key}
        self._s3.upload_file(str(file), self.bucket, f"{self.prefix}{path}", ExtraArgs=encrypted)

    def open(self, path: str) -> BinaryIO | None:
        """What stands there; ClosingUnsafe if it is under another key."""
        try:
            found = self._s3.get_object(Bucket=self.bucket, Key=f"{self.prefix}{path}")
        except ClientError as missing:
            if missing.response["Error"]["Code"] in ("NoSuchKey", "404"):
                return None
            raise
        if (found.get("ServerSideEncryption"), found.get("SSEKMSKeyId")) != ("aws:kms", self.key):
            raise ClosingUnsafe(f"s3://{self.bucket}/{self.prefix}{path} is not under the retention key {self.key}")
        return cast("BinaryIO", found["Body"])


def retain(platform: Platform, store: Store, export: Manifest, tell: Tell) -> str:
    """Copy condemned records, receipts and decisions, and read them back. The hash of the list of them."""
    with tempfile.TemporaryDirectory(prefix="medallion-") as folder:
        writer = Writer(store, Path(folder))
        tell("retaining condemned records")
        _condemned(platform, writer)
        tell("retaining receipts")
        _receipts(platform, writer)
        tell("retaining decisions")
        for partition in partitions_of(platform, evidence=True):
            if items := items_of(platform, partition):
                writer.add(f"{DECISIONS}/{file_of(partition)}", lines(items), items=len(items), of=partition)
        writer.add("export-manifest.json", export.content)
        writer.check()
        listing = export.model_copy(update={"files": tuple(writer.files), "at": platform.clock(), "state": {}})
        listed = Writer(store, Path(folder))
        listed.add(LISTING, listing.content)
        listed.check()
    return hash_of(listing.content)


def retained(store: Store, expected: str) -> Manifest:
    """The list of what was retained, once every file was read back under the retention key and is what it was.

    ClosingUnsafe where one is not.
    """
    content = store.read(LISTING)
    if content is None or hash_of(content) != expected:
        raise ClosingUnsafe(f"{store.prefix}{LISTING} is not the list that was written: nothing is removed")
    listing = Manifest.model_validate_json(content)
    for one in listing.files:
        if store.hash(one.path) != one.sha256:
            raise ClosingUnsafe(f"{store.prefix}{one.path} is not what was retained: nothing is removed")
    return listing


def _condemned(platform: Platform, writer: Writer) -> None:
    for source in platform.control.sources():
        log, file = platform.layout.quarantine(source.name), writer.folder / "condemned.parquet"
        if not platform.lake.exists(log):
            continue
        if records := write_condemned(platform.lake, log, file, platform.resources):
            writer.add_file(f"{CONDEMNED}/{source.name}.parquet", file, items=records, of=log.qualified)


def _receipts(platform: Platform, writer: Writer) -> None:
    """Every receipt; the last of each chain is the one that the control table names."""
    newest = {platform.layout.receipt_key(one.chain, one.sequence): one.hash for one in platform.control.anchors()}
    # A receipt's key begins with the name under which receipts are retained.
    for key, content in receipts(platform):
        if receipt_hash(content) != newest.get(key, receipt_hash(content)):
            raise ClosingUnsafe(f"{key} is not the receipt that the control table names: see `medallion ledger verify`")
        writer.add(key, content, items=1)
