"""A lake in a folder: Iceberg tables without AWS, so that a measurement is of the engine alone."""

from __future__ import annotations

import shutil
from datetime import datetime
from pathlib import Path
from typing import Any

import boto3
from pyiceberg.catalog import MetastoreCatalog
from pyiceberg.catalog.noop import NoopCatalog
from pyiceberg.exceptions import NoSuchTableError
from pyiceberg.io import load_file_io
from pyiceberg.partitioning import UNPARTITIONED_PARTITION_SPEC, PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.serializers import FromInputFile
from pyiceberg.table import CommitTableResponse, Table
from pyiceberg.table.sorting import UNSORTED_SORT_ORDER, SortOrder
from pyiceberg.table.update import TableRequirement, TableUpdate

from medallion.engines.iceberg import Lake
from medallion.engines.model import SourceObject, SourceTables
from medallion.layout import TableLayout
from medallion.plan.model import Plan


class FolderCatalog(NoopCatalog, MetastoreCatalog):
    """A catalog of one process: it remembers which metadata file is each table's newest."""

    def __init__(self) -> None:
        super().__init__("folder")
        self._newest: dict[tuple[str, ...], str] = {}

    def create_table(
        self,
        identifier: Any,
        schema: Any,
        location: str | None = None,
        partition_spec: PartitionSpec = UNPARTITIONED_PARTITION_SPEC,
        sort_order: SortOrder = UNSORTED_SORT_ORDER,
        properties: Any = None,
    ) -> Table:
        assert isinstance(schema, Schema)
        staged = self._create_staged_table(identifier, schema, location, partition_spec, sort_order, properties or {})
        return self._keep(staged)

    def load_table(self, identifier: Any) -> Table:
        name = self.identifier_to_tuple(identifier)
        if name not in self._newest:
            raise NoSuchTableError(".".join(name))
        address = self._newest[name]
        files = load_file_io({}, address)
        return Table(name, FromInputFile.table_metadata(files.new_input(address)), address, files, self)

    def commit_table(
        self, table: Table, requirements: tuple[TableRequirement, ...], updates: tuple[TableUpdate, ...]
    ) -> CommitTableResponse:
        staged = self._update_and_stage_table(self.load_table(table.name()), table.name(), requirements, updates)
        self._keep(staged)
        return CommitTableResponse(metadata=staged.metadata, metadata_location=staged.metadata_location)

    def table_exists(self, identifier: Any) -> bool:
        return self.identifier_to_tuple(identifier) in self._newest

    def _keep(self, staged: Table) -> Table:
        self._write_metadata(staged.metadata, staged.io, staged.metadata_location)
        self._newest[staged.name()] = staged.metadata_location
        return self.load_table(staged.name())


class _Uploads:
    """What stands for S3: an upload is a copy. Addresses are plain paths, so there is no bucket."""

    def upload_file(self, local: str, bucket: str, key: str) -> None:
        target = Path("/", bucket, key)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(local, target)


def source_object(file: Path, identity: str, arrived_at: datetime) -> SourceObject:
    """A file as an object of Landing. What stands for S3's own copying is one more name of the file."""

    def copy(address: str) -> None:
        target = Path(address)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.unlink(missing_ok=True)
        target.symlink_to(file.resolve())

    return SourceObject(identity, arrived_at, lambda: file.open("rb"), file.stat().st_size, copy)


def upload_to_folders() -> None:
    """Let this process copy where it would put objects into S3."""
    setattr(boto3, "client", lambda *_, **__: _Uploads())  # noqa: B010  # typed, it takes no fake


def folder_lake(folder: Path, plan: Plan) -> tuple[Lake, SourceTables]:
    """A lake below `folder` with the plan's tables, empty. This process uploads to folders from now on."""
    upload_to_folders()
    named = {name: TableLayout("lake", name, str(folder / name)) for name in SourceTables.__dataclass_fields__}
    lake, tables = Lake(FolderCatalog()), SourceTables(**named)
    for name, layout in named.items():
        lake.ensure(layout, getattr(plan.tables, name))
    return lake, tables
