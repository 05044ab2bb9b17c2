"""The Iceberg tables that Athena's queries name: found in the Glue catalog, read in this process, by field id.

The emulator's catalog and objects are in the same process, so that a read is no HTTP request. pyiceberg plans the
files and
projects each by its field ids; a table's metadata tables are pyiceberg's inspections.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

import pyarrow as pa
from pyiceberg.io import FileIO, InputFile, OutputFile
from pyiceberg.table import DataScan, StaticTable
from pyiceberg.typedef import EMPTY_DICT, Properties

from local.seams import seam

_TABLES = seam("services.glue", "_tables")
_DATABASES = seam("services.glue", "_databases")
_OBJECT = seam("services.s3", "_get_object_data", "bucket_name", "key")

METADATA_TABLES = ("snapshots", "history", "files", "partitions", "manifests", "refs", "entries")


class TableError(Exception):
    """A table cannot be read: the message says which, and why, in Athena's words where it has some."""


class _Stored(InputFile):
    """An object of the embedded S3."""

    def __init__(self, location: str) -> None:
        super().__init__(location)
        bucket, _, key = location.partition("://")[2].partition("/")
        self._content: bytes | None = _OBJECT.get()(bucket, key)

    def __len__(self) -> int:
        return len(self._bytes())

    def exists(self) -> bool:
        return self._content is not None

    def open(self, *_: Any, **__: Any) -> Any:
        return pa.BufferReader(self._bytes())

    def _bytes(self) -> bytes:
        if self._content is None:
            raise FileNotFoundError(f"{self.location} is named by the table's metadata, but is not there")
        return self._content


class StoredFiles(FileIO):
    """pyiceberg's way into the embedded S3, for reading."""

    def new_input(self, location: str) -> InputFile:
        return _Stored(location)

    def new_output(self, location: str) -> OutputFile:
        raise TableError(f"{location}: Athena reads only on the embedded AWS")

    def delete(self, location: str | InputFile | OutputFile) -> None:
        raise TableError(f"{location}: Athena reads only on the embedded AWS")


class Version(Protocol):
    """Which snapshot of a table: `snapshot_of` tells, or the current one for None."""

    def snapshot_of(self, table: StaticTable) -> int | None: ...


@dataclass(frozen=True)
class Current:
    """The current snapshot."""

    def snapshot_of(self, table: StaticTable) -> int | None:
        return None


@dataclass(frozen=True)
class AsOf:
    """The snapshot that was current at a time."""

    time: datetime

    def snapshot_of(self, table: StaticTable) -> int | None:
        found = table.snapshot_as_of_timestamp(int(self.time.timestamp() * 1000))
        if found is None:
            raise TableError(f"INVALID_ARGUMENTS: No version history table {table.name()} at or before {self.time}")
        return found.snapshot_id


@dataclass(frozen=True)
class Named:
    """A snapshot by its id, or by a tag's or branch's name."""

    reference: int | str

    def snapshot_of(self, table: StaticTable) -> int | None:
        found = (
            table.snapshot_by_id(self.reference)
            if isinstance(self.reference, int)
            else table.snapshot_by_name(self.reference)
        )
        if found is None:
            raise TableError(f"INVALID_ARGUMENTS: Iceberg snapshot or reference does not exist: {self.reference}")
        return found.snapshot_id


class Source(Protocol):
    """What a query reads from one table."""

    def planned_bytes(self) -> int:
        """The size of the data files that are read, in bytes."""

    def empty(self) -> pa.Table:
        """The columns without rows."""

    def read(self) -> pa.Table:
        """The rows."""


@dataclass(frozen=True)
class Scanned:
    """A table's rows, by a scan."""

    scan: DataScan

    def planned_bytes(self) -> int:
        return sum(task.file.file_size_in_bytes for task in self.scan.plan_files())

    def empty(self) -> pa.Table:
        return self.scan.projection().as_arrow().empty_table()

    def read(self) -> pa.Table:
        return self.scan.to_arrow()


@dataclass(frozen=True)
class Inspected:
    """A metadata table."""

    rows: pa.Table

    def planned_bytes(self) -> int:
        return 0

    def empty(self) -> pa.Table:
        return self.rows.slice(0, 0)

    def read(self) -> pa.Table:
        return self.rows


def find(database: str, name: str, version: Version, columns: frozenset[str] | None) -> Source:
    """The table, or its metadata table for a name with `$`, at a version; only `columns` (lower case), or all for None.

    Raises TableError where the catalog names no such Iceberg table, version or metadata table.
    """
    base, _, metadata = name.lower().partition("$")
    table = _load(database.lower(), base)
    if metadata:
        if metadata not in METADATA_TABLES:
            raise TableError(f"TABLE_NOT_FOUND: Table '{database}.{name}' does not exist")
        return Inspected(getattr(table.inspect, metadata)())
    snapshot = version.snapshot_of(table)
    scan = table.scan(snapshot_id=snapshot, case_sensitive=False)
    if columns is not None:
        names = [field.name for field in scan.projection().fields if field.name.lower() in columns]
        # A query that only counts still needs a column to count.
        scan = scan.select(*(names or [scan.projection().fields[0].name]))
    return Scanned(scan)


def _load(database: str, name: str) -> StaticTable:
    if database not in _DATABASES.get():
        raise TableError(f"SCHEMA_NOT_FOUND: Schema '{database}' does not exist")
    entry = _TABLES.get().get(f"{database}/{name}")
    if entry is None:
        raise TableError(f"TABLE_NOT_FOUND: Table 'awsdatacatalog.{database}.{name}' does not exist")
    parameters = entry.get("Parameters") or {}
    location = parameters.get("metadata_location")
    if parameters.get("table_type", "").upper() != "ICEBERG" or not location:
        raise TableError(f"{database}.{name} is not an Iceberg table: the embedded Athena reads only those")
    properties: Properties = {"py-io-impl": f"{StoredFiles.__module__}.{StoredFiles.__name__}", **EMPTY_DICT}
    return StaticTable.from_metadata(location, properties)
