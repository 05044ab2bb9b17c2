"""Receipts: what a run's end left behind, as figures that anybody can derive again, chained by hash.

Each leased subject (a source's Silver, a model's Gold) has one chain. A receipt is the bytes of an object; its hash is
theirs, and the next receipt names it. docs/ledger.md says what each field means and how a third party checks it.
"""

from __future__ import annotations

import json
from datetime import datetime
from hashlib import sha256

from pydantic import Field

from medallion.contracts.model import Frozen
from medallion.errors import LedgerBroken

FORMAT = "medallion-receipt-1"
GENESIS = ""
"""What the first receipt of a chain names as the hash before it."""


class ReceiptObject(Frozen):
    """An object that the run read, and how many records the parser found in it; None where none was read."""

    source_file_id: str
    rows_in: int | None
    unreadable: str | None = None


class Holding(Frozen):
    """What one outcome of a run holds of one object (of all, where there are none): `count:limb:limb:limb:limb`.

    `table` is bronze, silver, quarantine, duplicates, history or gold; `outcome` the table's own word for what became
    of the records: a log's event, why a row went to history, or the table's name.
    """

    table: str
    outcome: str
    source_file_id: str | None
    digest: str

    @property
    def count(self) -> int:
        return int(self.digest.partition(":")[0])


class Contents(Frozen):
    """The digests of what a run holds, and for each table the columns (name, Iceberg type) that they are made of."""

    columns: dict[str, tuple[tuple[str, str], ...]] = Field(default_factory=dict)
    holdings: tuple[Holding, ...] = ()


class Decided(Frozen):
    """Who let a held run go on or ended it, why and when."""

    approved: bool
    by: str
    reason: str
    at: datetime


class Entry(Frozen):
    """What a receipt says, before it takes its place in the chain. `status` is how the run's attempt ended.

    `plan` is the SHA-256 of the pinned plan's bytes, `model` that of a Gold model as it was built. `snapshots` are
    those that the run committed and, of a model, those that it read. `undone` are the runs that a roll back took back.
    """

    run_id: str
    attempt: int
    kind: str
    status: str
    at: datetime
    reason: str = ""
    execution_arn: str = ""
    contract_version: str = ""
    ruleset: str = ""
    plan: str = ""
    model: str = ""
    objects: tuple[ReceiptObject, ...] = ()
    snapshots: dict[str, str] = Field(default_factory=dict)
    contents: Contents = Contents()
    decided: Decided | None = None
    requested_by: str = ""
    purpose: str = ""
    replays: tuple[str, ...] = ()
    undone: tuple[str, ...] = ()


class Receipt(Entry):
    """An entry in its place: the chain that it belongs to, its number there from 1, the hash of the one before."""

    format: str = FORMAT
    environment: str
    tenant: str
    chain: str
    sequence: int
    previous: str

    @property
    def content(self) -> bytes:
        """The receipt's bytes: JSON, keys sorted, no blanks, UTF-8."""
        return json.dumps(
            self.model_dump(mode="json"), sort_keys=True, separators=(",", ":"), ensure_ascii=False
        ).encode()


class Link(Frozen):
    """The newest receipt of a chain: its number and hash, and the run's attempt that it is of (of its roll back, where
    `kind` says so).
    """

    sequence: int
    hash: str
    run_id: str
    attempt: int
    kind: str


def hash_of(content: bytes) -> str:
    """A receipt's hash: the SHA-256 of its bytes, in lower-case hexadecimal."""
    return sha256(content).hexdigest()


def follow(before: Link | None, content: bytes, chain: str) -> tuple[Receipt, Link]:
    """Read the bytes as the receipt that follows `before`. LedgerBroken if they are not."""
    try:
        receipt = Receipt.model_validate_json(content)
    except ValueError as problem:
        raise LedgerBroken(
            f"chain {chain}: what stands in the place of the next receipt is no receipt; find out who wrote it, "
            "with `medallion ledger verify`"
        ) from problem
    sequence, previous = next_place(before)
    if (receipt.chain, receipt.sequence, receipt.previous) != (chain, sequence, previous):
        raise LedgerBroken(
            f"chain {chain}: receipt {sequence} of run {receipt.run_id} does not follow the one that the control table "
            "names; find out what was changed, with `medallion ledger verify`"
        )
    return receipt, Link(
        sequence=sequence,
        hash=hash_of(content),
        run_id=receipt.run_id,
        attempt=receipt.attempt,
        kind=receipt.kind,
    )


def next_place(before: Link | None) -> tuple[int, str]:
    """The next receipt's number, and the hash that it names as the one before."""
    return (1, GENESIS) if before is None else (before.sequence + 1, before.hash)
