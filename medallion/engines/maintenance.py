"""Compaction: a table's small files become few. No row that a reader sees changes, and nothing is removed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from pyiceberg.manifest import DataFile, ManifestEntryStatus
from pyiceberg.table import Table
from pyiceberg.table.refs import MAIN_BRANCH
from pyiceberg.table.snapshots import Snapshot
from pyiceberg.table.update.snapshot import ManageSnapshots

from medallion.contracts.model import Frozen
from medallion.engines.commits import Commit, notes_of
from medallion.engines.duckdb.session import Session, open_session
from medallion.engines.iceberg import Lake, Planned
from medallion.engines.jobs import Rewritten
from medallion.engines.mainline import conflicts, main_of
from medallion.engines.resources import Resources
from medallion.errors import PublishConflict, RowsChanged, UnsafeSnapshot
from medallion.layout import CURRENT, TableLayout

COMPACT = "compact"
"""The step in a compaction's mark."""
_MIB = 1024 * 1024
_LIMBS = ", ".join(
    f"COALESCE(SUM(CAST('0x' || substr(digest, {1 + 16 * limb}, 16) AS UBIGINT)::HUGEINT), 0)" for limb in range(4)
)


@dataclass(frozen=True)
class Limits:
    """When files are too many: `enough` of one partition, each smaller than `small` bytes.

    `at_once` is how many bytes are rewritten in one commit at most, `by_job` how many by a job.
    """

    small: int = 32 * _MIB
    enough: int = 8
    at_once: int = 512 * _MIB
    by_job: int = 256 * 1024 * _MIB


class Compacted(Frozen):
    """How many files became how many, and the rows and bytes in them: the rows are the same."""

    before: int
    after: int
    rows: int
    bytes: int


def too_many(table: Table, limits: Limits) -> list[DataFile]:
    """The files of main that are to become fewer; none where they are few enough.

    UnsafeSnapshot if main holds delete files.
    """
    partitions: dict[str, list[DataFile]] = defaultdict(list)
    for task in table.scan(snapshot_id=main_of(table).snapshot_id).plan_files():
        if task.delete_files:
            raise UnsafeSnapshot(f"{'.'.join(table.name())}: main holds delete files, which this engine does not read")
        if task.file.file_size_in_bytes < limits.small:
            partitions[repr(task.file.partition)].append(task.file)
    chosen: list[DataFile] = []
    budget = limits.at_once
    for files in partitions.values():
        if len(files) < limits.enough:
            continue
        for file in sorted(files, key=lambda one: one.file_path):
            budget -= file.file_size_in_bytes
            if budget < 0:
                return chosen
            chosen.append(file)
    return chosen


def compact(
    lake: Lake,
    layout: TableLayout,
    commit: Commit,
    resources: Resources,
    limits: Limits,
    *,
    confirm: Callable[[], None] = lambda: None,
) -> Compacted | None:
    """Write main's small files anew as few, and commit that once; None where there is nothing to do.

    The new files are read back and hold the same rows exactly, or nothing is committed (RowsChanged). What others
    append meanwhile stays. `confirm` is asked before the commit, and raises where it must not happen any more.
    """
    table = lake.load(layout)
    before = too_many(table, limits)
    if not before:
        return None
    with open_session(resources) as session:
        session.read("old", _planned(table, before))
        after = session.write("SELECT * FROM old", table, layout, commit)
        session.read("new", _planned(table, after))
        rows = _same_rows(session, layout)
    confirm()
    _replace(lake, layout, commit, before, after)
    return Compacted(
        before=len(before), after=len(after), rows=rows, bytes=sum(file.file_size_in_bytes for file in before)
    )


def rewritten(
    lake: Lake,
    layout: TableLayout,
    commit: Commit,
    old: Collection[str],
    new: Rewritten,
    *,
    confirm: Callable[[], None] = lambda: None,
) -> Compacted:
    """Put the files that a job wrote and checked in the place of the `old` ones, as `compact` does with its own.

    RowsChanged where the files hold another number of rows than those; PublishConflict if some of these are gone.
    """
    table = lake.load(layout)
    snapshot = table.metadata.snapshot_by_id(new.snapshot)
    standing = [task.file for task in table.scan(snapshot_id=main_of(table).snapshot_id).plan_files()]
    before = [file for file in standing if file.file_path in old]
    after = [] if snapshot is None else _added(table, snapshot)
    if commit.on(table, MAIN_BRANCH) is None:
        if len(before) != len(old):
            raise _replaced_meanwhile(layout)
        counts = {sum(file.record_count for file in files) for files in (before, after)}
        if counts != {new.rows}:
            raise _changed(layout)
        confirm()
        _replace(lake, layout, commit, before, after)
    written = sum(file.file_size_in_bytes for file in before)
    return Compacted(before=len(old), after=len(after), rows=new.rows, bytes=written)


def _added(table: Table, snapshot: Snapshot) -> list[DataFile]:
    """The data files that the snapshot brought."""
    return [
        entry.data_file
        for manifest in snapshot.manifests(table.io)
        if manifest.added_snapshot_id == snapshot.snapshot_id
        for entry in manifest.fetch_manifest_entry(table.io)
        if entry.status == ManifestEntryStatus.ADDED
    ]


def _planned(table: Table, files: Sequence[DataFile]) -> Planned:
    return Planned(main_of(table).snapshot_id, table.schema(), tuple(sorted(file.file_path for file in files)))


def _same_rows(session: Session, layout: TableLayout) -> int:
    """How many rows the relations `old` and `new` hold; RowsChanged unless they are the same, as often each."""
    found = [
        session.connection.execute(
            f"SELECT COUNT(*), {_LIMBS} FROM (SELECT sha256({relation}::VARCHAR) AS digest FROM {relation})"
        ).fetchone()
        for relation in ("old", "new")
    ]
    old, new = found
    if old is None or old != new:
        raise _changed(layout)
    return int(old[0])


def _changed(layout: TableLayout) -> RowsChanged:
    return RowsChanged(
        f"{layout.qualified}: the compacted files do not hold the rows of those that they were made from: nothing "
        "was changed, and they will be removed; report this, it is a fault of the engine"
    )


def _replaced_meanwhile(layout: TableLayout) -> PublishConflict:
    return PublishConflict(
        f"{layout.qualified}: files that were being compacted have been replaced meanwhile; nothing was "
        "changed, and the next housekeeping looks again"
    )


def _replace(
    lake: Lake, layout: TableLayout, commit: Commit, before: Sequence[DataFile], after: Sequence[DataFile]
) -> None:
    """Commit the new files in place of the old ones, and move the tag `current` along where the table has it.

    After a conflict it is done again on what main holds by then; PublishConflict if the old files are gone from it.
    """
    for attempt in conflicts():
        with attempt:
            table = lake.load(layout)
            if commit.on(table, MAIN_BRANCH) is not None:
                return
            main = main_of(table)
            standing = {task.file.file_path for task in table.scan(snapshot_id=main.snapshot_id).plan_files()}
            if not standing.issuperset(file.file_path for file in before):
                raise _replaced_meanwhile(layout)
            # What a build notes of its inputs goes on standing for the same rows.
            with table.transaction() as transaction:
                update = transaction.update_snapshot(snapshot_properties={**notes_of(main), **commit.properties})
                with update.overwrite() as producer:
                    for file in before:
                        producer.delete_data_file(file)
                    for file in after:
                        producer.append_data_file(file)
                if CURRENT in table.metadata.refs:
                    with ManageSnapshots(transaction) as refs:
                        refs.create_tag(producer.snapshot_id, CURRENT)
