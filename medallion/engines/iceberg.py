"""Iceberg tables in the Glue catalog: create, append to a branch, publish by compare-and-swap, plan a read.

No commit retries blindly: after a conflict the table is reloaded and searched for what the run had committed, and
only what is missing is tried again.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from pyiceberg.catalog import Catalog, load_catalog
from pyiceberg.exceptions import CommitFailedException, NoSuchTableError, TableAlreadyExistsError
from pyiceberg.manifest import DataFile
from pyiceberg.partitioning import PartitionField, PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.table import ALWAYS_TRUE, Table
from pyiceberg.table.refs import MAIN_BRANCH, SnapshotRefType
from pyiceberg.table.snapshots import Snapshot
from pyiceberg.table.update import AssertRefSnapshotId, AssertTableUUID, SetSnapshotRefUpdate
from pyiceberg.table.update.snapshot import ManageSnapshots
from pyiceberg.transforms import IdentityTransform
from pyiceberg.types import PrimitiveType

from medallion.engines.commits import FORGOTTEN, Commit, head, lineage
from medallion.engines.files import KeptFiles
from medallion.engines.mainline import conflicts, main_of
from medallion.engines.schema import iceberg_schema, types_of
from medallion.errors import IncompatibleSchema, PublishConflict, UnsafeSnapshot
from medallion.layout import CURRENT, TableLayout
from medallion.plan.model import Field
from medallion.plan.sql import literal

KEPT_FILES = f"{KeptFiles.__module__}.{KeptFiles.__qualname__}"
PROPERTIES = {
    "format-version": "2",
    "commit.retry.num-retries": "0",
    "write.parquet.compression-codec": "zstd",
    "write.metadata.delete-after-commit.enabled": "false",
}


@dataclass(frozen=True)
class Planned:
    """The files of one snapshot, how many bytes they have, and the schema by which they are to be read."""

    snapshot_id: int
    schema: Schema
    files: tuple[str, ...]
    bytes: int = 0

    @property
    def types(self) -> set[str]:
        return types_of(self.schema)


def glue_catalog(region: str) -> Catalog:
    """The Glue catalog of this account and region.

    Where AWS_ENDPOINT_URL is set, as every AWS SDK reads it, that endpoint is used.
    """
    properties = {"type": "glue", "py-io-impl": KEPT_FILES, "glue.region": region, "s3.region": region}
    if endpoint := os.environ.get("AWS_ENDPOINT_URL"):
        properties |= {"glue.endpoint": endpoint, "s3.endpoint": endpoint}
    return load_catalog("glue", **properties)


def _always() -> None:
    """Nobody takes the right away."""


class Lake:
    """The tenant's Iceberg tables. `confirm` is asked before each append, and raises where it may not be."""

    def __init__(self, catalog: Catalog, confirm: Callable[[], None] = _always) -> None:
        self._catalog = catalog
        self._confirm = confirm

    def confirming(self, confirm: Callable[[], None]) -> Lake:
        """The same tables, in the hands of one who may lose the right to append to them."""
        return Lake(self._catalog, confirm)

    def ensure(self, layout: TableLayout, fields: Sequence[Field], partitioning: Sequence[str] = ()) -> Table:
        """The table; created with these columns, and an empty first snapshot for branches to start from,
        if there is none.
        """
        try:
            table = self._catalog.load_table(layout.identifier)
        except NoSuchTableError:
            table = self._create(layout, fields, partitioning)
        if table.current_snapshot() is None:
            self._append(table, (), MAIN_BRANCH, {})
            table = self.load(layout)
        return table

    def exists(self, layout: TableLayout) -> bool:
        return self._catalog.table_exists(layout.identifier)

    def load(self, layout: TableLayout) -> Table:
        """The table as it stands now; pyiceberg.exceptions.NoSuchTableError if there is none."""
        return self._catalog.load_table(layout.identifier)

    def append(
        self,
        layout: TableLayout,
        commit: Commit,
        files: Callable[[Table], Sequence[DataFile]],
        *,
        branch: str = MAIN_BRANCH,
        removing: Collection[str] | None = (),
        anew: bool = False,
        notes: Mapping[str, str] = MappingProxyType({}),
    ) -> int:
        """Commit `files(table)` once for this run and attempt, and return the snapshot's id.

        The new files take the place of those named by `removing`, of all others where it is None. If an earlier try
        committed already, nothing is written. After a conflict the same files are offered again; with `anew` they are
        made again, for the table as it stands then. A branch that does not exist starts at main. `notes` go to the
        snapshot's summary.
        """
        prepared: Sequence[DataFile] | None = None
        for attempt in conflicts():
            with attempt:
                table = self.load(layout)
                done = commit.on(table, branch)
                if done is not None:
                    return done.snapshot_id
                if commit.of_whole_run and self.forgot(table, commit.run_id):
                    return main_of(table).snapshot_id
                prepared = files(table) if prepared is None or anew else prepared
                self._confirm()
                self._append(table, prepared, branch, {**notes, **commit.properties}, removing=removing)
        return self._committed(layout, commit, branch).snapshot_id

    def publish(self, layout: TableLayout, commit: Commit, *, branch: str, base: int) -> int:
        """Move main, and the tag `current` with it, from snapshot `base` to the branch's one snapshot, by
        compare-and-swap, and check that they are there.

        PublishConflict if main has moved or the branch does not hold exactly one snapshot of this run on top of `base`.
        """
        table = self.load(layout)
        main, staged = main_of(table), head(table, branch)
        if commit.made(main) and (staged is None or staged.snapshot_id == main.snapshot_id):
            return main.snapshot_id
        if staged is None or not commit.made(staged) or staged.parent_snapshot_id != base:
            raise PublishConflict(
                f"{layout.qualified}: branch {branch} does not hold one snapshot of run {commit.run_id} on main"
            )
        try:
            self._swap(table, base, staged.snapshot_id)
        except CommitFailedException as conflict:
            if main_of(self.load(layout)).snapshot_id != staged.snapshot_id:
                raise PublishConflict(
                    f"{layout.qualified}: main moved since run {commit.run_id} began; start the run again"
                ) from conflict
        self._check_published(layout, staged.snapshot_id)
        return staged.snapshot_id

    def history(self, layout: TableLayout) -> list[tuple[int, Commit]]:
        """The snapshots of main that runs published, newest first, each with who wrote it: as far back as the table
        remembers. What maintenance rewrote is left out: it holds the rows of the one before.
        """
        table = self.load(layout)
        marked = ((one.snapshot_id, Commit.that_published(one)) for one in lineage(table, head(table, MAIN_BRANCH)))
        return [(snapshot, commit) for snapshot, commit in marked if commit is not None]

    def move_back(self, layout: TableLayout, *, base: int, to: int) -> None:
        """Move main, and the tag `current` with it, from snapshot `base` back to `to`, which it was made from.

        Done already, it changes nothing. PublishConflict if main is neither.
        """
        table = self.load(layout)
        try:
            if main_of(table).snapshot_id != to:
                self._swap(table, base, to)
        except CommitFailedException as conflict:
            if main_of(self.load(layout)).snapshot_id != to:
                raise PublishConflict(
                    f"{layout.qualified}: main moved while it was rolled back, and is left as it is; look at the runs, "
                    "then roll back again"
                ) from conflict
        self._check_published(layout, to)

    def ensure_current(self, layout: TableLayout) -> None:
        """Give a table that a run publishes its tag `current`, where it has none: it names what main holds."""
        for attempt in conflicts():
            with attempt:
                table = self.load(layout)
                if CURRENT not in table.metadata.refs:
                    main = main_of(table).snapshot_id
                    self._swap(table, main, main)

    def _swap(self, table: Table, base: int, to: int) -> None:
        """Main and the tag `current` are snapshot `to`, in one commit; CommitFailedException unless main is `base`."""
        self._catalog.commit_table(
            table,
            (
                AssertTableUUID(uuid=table.metadata.table_uuid),
                AssertRefSnapshotId(ref=MAIN_BRANCH, snapshot_id=base),
            ),
            (_refer(MAIN_BRANCH, SnapshotRefType.BRANCH, to), _refer(CURRENT, SnapshotRefType.TAG, to)),
        )

    def _check_published(self, layout: TableLayout, snapshot_id: int) -> None:
        table = self.load(layout)
        for name in (MAIN_BRANCH, CURRENT):
            found = head(table, name)
            if found is None or found.snapshot_id != snapshot_id:
                raise PublishConflict(f"{layout.qualified}: {name} is not snapshot {snapshot_id} after it was moved")

    def forgot(self, table: Table, run_id: str) -> bool:
        """Whether main holds rows of the run, though the table has forgotten which snapshot brought them: housekeeping
        cuts off what is older than the environment's windows.
        """
        if FORGOTTEN not in table.properties or "run_id" not in table.schema().column_names:
            return False
        found = table.scan(row_filter=f"run_id = '{run_id}'", selected_fields=("run_id",), limit=1)
        return bool(found.to_arrow().num_rows)

    def drop_branch(self, layout: TableLayout, branch: str) -> None:
        """Remove the branch if it is there. Its snapshots stay until housekeeping expires them."""
        for attempt in conflicts():
            with attempt:
                table = self.load(layout)
                if branch in table.metadata.refs:
                    table.manage_snapshots().remove_branch(branch).commit()

    def make_branch(self, layout: TableLayout, branch: str) -> int:
        """Make a branch at main unless it is there; the snapshot that it stands at."""
        for attempt in conflicts():
            with attempt:
                table = self.load(layout)
                if branch not in table.metadata.refs:
                    table.manage_snapshots().create_branch(main_of(table).snapshot_id, branch).commit()
        return self.load(layout).metadata.refs[branch].snapshot_id

    def head(self, layout: TableLayout, branch: str = MAIN_BRANCH) -> int | None:
        """The id of the branch's newest snapshot; None where there is no such branch."""
        snapshot = head(self.load(layout), branch)
        return None if snapshot is None else snapshot.snapshot_id

    def notes(self, layout: TableLayout, snapshot_id: int) -> dict[str, str]:
        """What stands in a snapshot's summary beside Iceberg's own operation."""
        snapshot = self.load(layout).metadata.snapshot_by_id(snapshot_id)
        return {} if snapshot is None or snapshot.summary is None else dict(snapshot.summary.additional_properties)

    def rows(self, layout: TableLayout, snapshot_id: int) -> int:
        """How many rows the snapshot holds, as its summary says."""
        return int(self.notes(layout, snapshot_id).get("total-records", 0))

    def made(self, layout: TableLayout, commit: Commit, branch: str = MAIN_BRANCH) -> int | None:
        """The id of the snapshot that this run and attempt committed to the branch; None if it has not."""
        snapshot = commit.on(self.load(layout), branch)
        return None if snapshot is None else snapshot.snapshot_id

    def noted(self, layout: TableLayout, snapshot_id: int, name: str) -> str | None:
        """What the summary of that snapshot says under `name`, or of the nearest before it that says anything."""
        metadata = self.load(layout).metadata
        snapshot = metadata.snapshot_by_id(snapshot_id)
        while snapshot is not None:
            if snapshot.summary is not None and (found := snapshot.summary.get(name)) is not None:
                return found
            parent = snapshot.parent_snapshot_id
            snapshot = None if parent is None else metadata.snapshot_by_id(parent)
        return None

    def plan(self, layout: TableLayout, *, snapshot_id: int | None = None, where: str | None = None) -> Planned:
        """The data files of a snapshot (main's newest if none is named) that may hold rows of which `where` is true.

        UnsafeSnapshot if the snapshot holds delete files.
        """
        table = self.load(layout)
        if snapshot_id is None:
            snapshot_id = main_of(table).snapshot_id
        tasks = list(table.scan(row_filter=where or ALWAYS_TRUE, snapshot_id=snapshot_id).plan_files())
        if any(task.delete_files for task in tasks):
            raise UnsafeSnapshot(
                f"{layout.qualified}: snapshot {snapshot_id} holds delete files; compact the table first"
            )
        return Planned(
            snapshot_id,
            table.schema(),
            tuple(sorted(task.file.file_path for task in tasks)),
            sum(task.file.file_size_in_bytes for task in tasks),
        )

    def _create(self, layout: TableLayout, fields: Sequence[Field], partitioning: Sequence[str]) -> Table:
        schema = iceberg_schema(fields)
        spec = PartitionSpec(
            *(
                PartitionField(schema.find_field(name).field_id, 1000 + number, IdentityTransform(), name)
                for number, name in enumerate(partitioning)
            )
        )
        try:
            return self._catalog.create_table(layout.identifier, schema, layout.location, spec, properties=PROPERTIES)
        except TableAlreadyExistsError:
            return self.load(layout)

    def _append(
        self,
        table: Table,
        files: Sequence[DataFile],
        branch: str,
        properties: dict[str, str],
        *,
        removing: Collection[str] | None = (),
    ) -> None:
        with table.transaction() as transaction:
            if branch not in transaction.table_metadata.refs and branch != MAIN_BRANCH:
                base = main_of(table).snapshot_id
                with ManageSnapshots(transaction) as refs:
                    refs.create_branch(base, branch)
            update = transaction.update_snapshot(snapshot_properties=properties, branch=branch)
            adds = removing is not None and not removing
            with update.fast_append() if adds else update.overwrite() as producer:
                if not adds:
                    for file in _standing(table, removing):
                        producer.delete_data_file(file)
                for file in files:
                    producer.append_data_file(file)

    def evolve(self, layout: TableLayout, fields: Sequence[Field]) -> Table:
        """The table with every column of `fields`: those that it lacks are added, none is changed or removed.

        IncompatibleSchema if a column stands there with another type.
        """
        table = self.load(layout)
        known = {one.name: one.field_type for one in table.schema().fields}
        wanted = iceberg_schema(fields)
        for one in wanted.fields:
            stands = known.get(one.name)
            if isinstance(stands, PrimitiveType) and stands != one.field_type:
                raise IncompatibleSchema(
                    f"{layout.qualified}: column {one.name} is {stands}, not {one.field_type}; a column's type never "
                    "changes, so give the new one another name"
                )
        if not known.keys() >= {one.name for one in wanted.fields}:
            with table.update_schema() as update:
                update.union_by_name(wanted)
            table = self.load(layout)
        return table

    def _committed(self, layout: TableLayout, commit: Commit, branch: str) -> Snapshot:
        snapshot = commit.on(self.load(layout), branch)
        if snapshot is None:
            raise PublishConflict(
                f"{layout.qualified}: run {commit.run_id}'s snapshot is not on branch {branch} after its commit"
            )
        return snapshot


def of_runs(runs: Iterable[str]) -> str:
    """The rows that those runs wrote, as `Lake.plan` takes a condition."""
    return f"run_id IN ({', '.join(literal(one) for one in runs)})"


def _standing(table: Table, chosen: Collection[str] | None) -> list[DataFile]:
    """Main's data files, those `chosen` by address or all; UnsafeSnapshot where one of them is not there."""
    files = [task.file for task in table.scan(snapshot_id=main_of(table).snapshot_id).plan_files()]
    if chosen is None:
        return files
    found = [file for file in files if file.file_path in chosen]
    if len(found) != len(set(chosen)):
        raise UnsafeSnapshot(f"{'.'.join(table.name())}: files that the run is to replace are no longer in main")
    return found


def _refer(name: str, kind: SnapshotRefType, snapshot_id: int) -> SetSnapshotRefUpdate:
    return SetSnapshotRefUpdate.model_validate(
        {"action": "set-snapshot-ref", "ref-name": name, "type": kind, "snapshot-id": snapshot_id}
    )
