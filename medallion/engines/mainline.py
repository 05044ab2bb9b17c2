"""A table's main branch, and trying again what met another's commit there."""

from __future__ import annotations

from pyiceberg.exceptions import CommitFailedException
from pyiceberg.table import Table
from pyiceberg.table.refs import MAIN_BRANCH
from pyiceberg.table.snapshots import Snapshot
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_random_exponential

from medallion.engines.commits import head
from medallion.errors import UnsafeSnapshot


def main_of(table: Table) -> Snapshot:
    """Main's newest snapshot. Every table has one: it is created with an empty first."""
    snapshot = head(table, MAIN_BRANCH)
    if snapshot is None:
        raise UnsafeSnapshot(
            f"{'.'.join(table.name())}: the table has no snapshot; deploy the tenant again to set it up"
        )
    return snapshot


def conflicts() -> Retrying:
    """Attempts at a commit, each of which must first look for what the ones before it did."""
    return Retrying(
        retry=retry_if_exception_type(CommitFailedException),
        stop=stop_after_attempt(6),
        wait=wait_random_exponential(multiplier=0.1, max=3),
        reraise=True,
    )
