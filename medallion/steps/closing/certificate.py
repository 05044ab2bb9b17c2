"""The certificate: what was removed, what remains, why and until when. Its hash is that of its one spelling."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from medallion.contracts.model import Frozen
from medallion.control.closings import Closing, Tally
from medallion.steps.closing.manifest import File, Manifest
from medallion.steps.closing.model import Found, Kept
from medallion.steps.closing.remains import kept_copies, remaining
from medallion.steps.closing.retain import Store
from medallion.steps.platform import Platform


class Said(Frozen):
    """Who, as which caller, and when."""

    by: str
    caller: str
    at: datetime


class Amount(Frozen):
    """How much of one kind: how many, and what they held in how many bytes."""

    kind: str
    count: int
    items: int
    bytes: int


class Chain(Frozen):
    """The last receipt of a chain."""

    chain: str
    sequence: int
    hash: str


class Copied(Frozen):
    """Where files were copied to, how many, and the SHA-256 of their manifest."""

    where: str
    files: int
    bytes: int
    manifest: str


class Certificate(Frozen):
    """What became of a tenant. `ended` says when each stage was done; `abandoned_open` that open entries of quarantine
    were given up."""

    format: str = "medallion-certificate-1"
    environment: str
    tenant: str
    account: str
    region: str
    reason: str
    asked: Said
    approved: Said | None
    abandoned_open: bool
    ended: dict[str, datetime]
    exported: Copied
    retained: Copied
    removed: tuple[Amount, ...]
    remains: tuple[Kept, ...]
    chains: tuple[Chain, ...]


def certify(
    platform: Platform, closing: Closing, export: Manifest, listing: Manifest, store: Store, still: Sequence[Found]
) -> Certificate:
    """The certificate of a tenant that was removed; `still` is what AWS still shows of it."""
    layout = platform.layout
    approved = None
    if closing.approved_at is not None:
        approved = Said(by=closing.approved_by, caller=closing.approved_as, at=closing.approved_at)
    return Certificate(
        environment=layout.environment,
        tenant=layout.tenant,
        account=layout.account,
        region=layout.region,
        reason=closing.reason,
        asked=Said(by=closing.asked_by, caller=closing.asked_as, at=closing.asked_at),
        approved=approved,
        abandoned_open=closing.abandon_open,
        ended=closing.ended,
        exported=Copied(where=closing.export, files=len(export.files), bytes=export.size, manifest=closing.export_hash),
        retained=Copied(
            where=f"s3://{store.bucket}/{store.prefix}",
            files=len(listing.files),
            bytes=listing.size,
            manifest=closing.retained_hash,
        ),
        removed=removed(closing.belongings, still),
        remains=(*kept_copies(listing.files, store, closing.asked_at), *remaining(platform, closing, still)),
        chains=tuple(_chains(listing)),
    )


def removed(had: Sequence[Tally], still: Sequence[Found]) -> tuple[Amount, ...]:
    """What the tenant had, less what is still there."""
    found = []
    for one in had:
        left = [each for each in still if each.kind == one.kind]
        found.append(
            Amount(
                kind=one.kind,
                count=one.count - len(left),
                items=one.items - sum(each.items for each in left),
                bytes=one.bytes - sum(each.bytes for each in left),
            )
        )
    return tuple(found)


def _chains(listing: Manifest) -> Iterator[Chain]:
    """The last receipt of each chain, as it was retained: the control table names it no more."""
    newest: dict[str, File] = {}
    for one in listing.files:
        if one.path.startswith("receipts/"):
            chain = one.path.removeprefix("receipts/").rpartition("/")[0]
            newest[chain] = max(one, newest.get(chain, one), key=lambda file: file.path)
    for chain, file in sorted(newest.items()):
        sequence = int(file.path.rpartition("/")[2].removesuffix(".json"))
        yield Chain(chain=chain.replace("/", "#"), sequence=sequence, hash=file.sha256)
