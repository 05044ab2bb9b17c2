"""A DuckDB connection that reads what Iceberg plans and writes what Iceberg commits."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from functools import cached_property, lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from uuid import uuid4

import boto3
import duckdb
import pyarrow as pa
from pyiceberg.manifest import DataFile
from pyiceberg.schema import Schema
from pyiceberg.table import Table

from medallion.engines.commits import Commit
from medallion.engines.duckdb.database import kept, load_extension
from medallion.engines.iceberg import Planned
from medallion.engines.parquet import data_file
from medallion.engines.resources import Resources
from medallion.engines.schema import duckdb_type, field_ids
from medallion.errors import EngineFailed, IncompatibleSchema
from medallion.layout import TableLayout
from medallion.plan.sql import literal, quoted

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_EPOCH = date(1970, 1, 1)
_DICTIONARY = "DICTIONARY_SIZE_LIMIT 1000"
"""Values of which a row group has more are no less as a dictionary and zstd than as zstd alone, and take longer."""
_ZSTD = f"COMPRESSION zstd, COMPRESSION_LEVEL 1, {_DICTIONARY}"
"""Hashes are the bulk of every table. More effort makes them larger: level 3 takes 2.5 times as long for 5% more."""
_SPOOLED = f"COMPRESSION uncompressed, PARQUET_VERSION V2, {_DICTIONARY}"
"""What is read again soon, several times, and here alone. Version 2 writes how texts and numbers differ: a seventh more
bytes than lz4 makes of version 1, half as long to write and two thirds as long to read.
"""


@contextmanager
def open_session(resources: Resources) -> Iterator[Session]:
    """A session with a work folder and a catalog of its own, both gone afterwards."""
    database = kept(resources.memory, resources.threads, resources.folder)
    with TemporaryDirectory(dir=resources.folder, prefix="medallion-") as folder:
        try:
            with database.session() as connection:
                yield Session(connection, Path(folder), resources.region)
        except duckdb.Error as problem:
            raise EngineFailed(_without_content(problem)) from None


class Session:
    """One connection. Relations that are not in S3 need no extension and no credentials.

    `spooled` says that records went to files because there was no room for them in memory.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, folder: Path, region: str) -> None:
        self.connection = connection
        self._folder = folder
        self._region = region
        self._reads_s3 = False
        self.spooled = False
        connection.execute("SET TimeZone = 'UTC'")

    def read(
        self, relation: str, planned: Planned, columns: Sequence[str] | None = None, *, filename: bool = False
    ) -> None:
        """Offer the planned files' columns (all, or those named) as `relation`, matched by field id,
        in the schema's types; with `filename` each row's file as well.
        """
        wanted = [one for one in planned.schema.fields if columns is None or one.name in columns]
        if not planned.files:
            empty = ", ".join(f"CAST(NULL AS {duckdb_type(one.field_type)}) AS {quoted(one.name)}" for one in wanted)
            named = ", CAST(NULL AS VARCHAR) AS filename" if filename else ""
            self.connection.execute(f"CREATE OR REPLACE VIEW {relation} AS SELECT {empty}{named} WHERE FALSE")
            return
        if planned.files[0].startswith("s3://"):
            self._enable_s3()
        by_id = ", ".join(
            f"{one.field_id}: {{name: {literal(one.name)}, "
            f"type: {literal(duckdb_type(one.field_type))}, default_value: NULL}}"
            for one in wanted
        )
        # DuckDB reads one file on one thread, however large, where it is told the schema; several on all of them.
        listed = planned.files if len(planned.files) > 1 else (*planned.files, self._empty_file)
        files = ", ".join(literal(file) for file in listed)
        self.connection.execute(
            f"CREATE OR REPLACE VIEW {relation} AS SELECT * FROM "
            f"read_parquet([{files}], schema = MAP {{{by_id}}}, filename = {filename})"
        )

    def write(self, select: str, table: Table, layout: TableLayout, commit: Commit) -> list[DataFile]:
        """Write the rows of `select` as Parquet with the table's field ids, upload them, and return the data files.

        One file for each partition of the table; none where there are no rows.
        """
        schema = table.schema()
        select = self._with_every_column(select, schema, layout)
        partitions = [schema.find_column_name(one.source_id) or "" for one in table.spec().fields]
        typed = ", ".join(
            f"CAST({quoted(one.name)} AS {duckdb_type(one.field_type)}) AS {quoted(one.name)}" for one in schema.fields
        )
        rows = f"SELECT {typed} FROM ({select})"
        if not partitions:
            return self._write_part(rows, schema, table, layout, commit, 0, ())
        self.connection.execute(f"CREATE OR REPLACE TEMP TABLE partitioned AS {rows}")
        listed = ", ".join(quoted(name) for name in partitions)
        groups = self.connection.execute(f"SELECT DISTINCT {listed} FROM partitioned ORDER BY ALL").fetchall()
        files = []
        for number, group in enumerate(groups):
            chosen = " AND ".join(
                f"{quoted(name)} IS NOT DISTINCT FROM {_constant(one)}"
                for name, one in zip(partitions, group, strict=True)
            )
            rows = f"SELECT * FROM partitioned WHERE {chosen}"
            files += self._write_part(
                rows, schema, table, layout, commit, number, tuple(_partition_value(one) for one in group)
            )
        return files

    @cached_property
    def _empty_file(self) -> str:
        """A Parquet file without rows."""
        file = str(self._folder / f"{uuid4().hex}.parquet")
        self.connection.execute(f"COPY (SELECT 0 AS nothing WHERE FALSE) TO {literal(file)} (FORMAT parquet)")
        return file

    @contextmanager
    def beside(self) -> Iterator[Session]:
        """A second session with the same relations, for what is read or written while others are made."""
        [catalog] = self.connection.execute("SELECT current_database()").fetchone() or ("",)
        with self.connection.cursor() as other:
            other.execute(f"USE {quoted(catalog)}")
            yield Session(other, self._folder, self._region)

    def keep(self, relation: str, rows: pa.Table) -> None:
        """Offer the rows as a table of that name."""
        self.connection.register("kept_rows", rows)
        self.connection.execute(f"CREATE TABLE {relation} AS SELECT * FROM kept_rows")
        self.connection.unregister("kept_rows")

    @property
    def memory(self) -> int:
        """The bytes that DuckDB may hold, in all sessions of the process."""
        [limit] = self.connection.execute(
            "SELECT parse_formatted_bytes(current_setting('memory_limit'))"
        ).fetchone() or (0,)
        return int(limit)

    def spool(self, select: str) -> str:
        """Write the rows of `select` to a Parquet file of the session's, for `read_parquet` here. Where it is."""
        self.spooled = True
        file = str(self._folder / f"{uuid4().hex}.parquet")
        self.connection.execute(f"COPY ({select}) TO {literal(file)} (FORMAT parquet, {_SPOOLED})")
        return file

    def export(self, select: str, address: str) -> None:
        """Write the rows of `select` as one Parquet file at an address in S3."""
        local = self._folder / f"{uuid4().hex}.parquet"
        self.connection.execute(f"COPY ({select}) TO {literal(str(local))} (FORMAT parquet, {_ZSTD})")
        self._upload(local, address)
        local.unlink()

    def open_file(self, relation: str, address: str) -> None:
        """Offer a Parquet file in S3, such as `export` writes, as `relation`."""
        self._enable_s3()
        self.connection.execute(f"CREATE VIEW {relation} AS SELECT * FROM read_parquet({literal(address)})")

    def _with_every_column(self, select: str, schema: Schema, layout: TableLayout) -> str:
        """The rows with every column of the table: one that `select` lacks is null.

        IncompatibleSchema if it has one that the table lacks.
        """
        given = {name for name, *_ in self.connection.execute(f"DESCRIBE {select}").fetchall()}
        names = [one.name for one in schema.fields]
        if surplus := sorted(given.difference(names)):
            raise IncompatibleSchema(
                f"{layout.qualified} has no column {', '.join(surplus)}; deploy the tenant again, which adds columns"
            )
        columns = (quoted(name) if name in given else f"NULL AS {quoted(name)}" for name in names)
        return f"SELECT {', '.join(columns)} FROM ({select})"

    def _write_part(
        self,
        rows: str,
        schema: Schema,
        table: Table,
        layout: TableLayout,
        commit: Commit,
        number: int,
        partition: tuple[object, ...],
    ) -> list[DataFile]:
        name = f"{commit.step}-{number:05d}-{uuid4().hex[:12]}"
        local = self._folder / f"{layout.name}-{name}.parquet"
        options = f"FORMAT parquet, {_ZSTD}, FIELD_IDS {field_ids(schema)}"
        written = self.connection.execute(f"COPY ({rows}) TO {literal(str(local))} ({options})").fetchone()
        try:
            if written is None or written[0] == 0:
                return []
            target = layout.data_file(commit.run_id, commit.attempt, name)
            self._upload(local, target)
            return [data_file(table, local, target, partition)]
        finally:
            local.unlink(missing_ok=True)

    def _upload(self, local: Path, address: str) -> None:
        _s3(self._region, os.environ.get("AWS_ENDPOINT_URL")).upload_file(
            str(local), urlsplit(address).netloc, urlsplit(address).path.lstrip("/")
        )

    def _enable_s3(self) -> None:
        """Load the httpfs extension from its package, with the process's own credentials,
        as every AWS SDK finds them.
        """
        if self._reads_s3:
            return
        load_extension(self.connection, "httpfs")
        found = boto3.Session().get_credentials()
        if found is None:
            raise duckdb.IOException("no AWS credentials were found: configure a role, a profile or the environment")
        frozen = found.get_frozen_credentials()
        options = {"KEY_ID": str(frozen.access_key), "SECRET": str(frozen.secret_key), "REGION": self._region}
        if frozen.token:
            options["SESSION_TOKEN"] = frozen.token
        secure = ""
        if endpoint := os.environ.get("AWS_ENDPOINT_URL"):
            options |= {"ENDPOINT": urlsplit(endpoint).netloc, "URL_STYLE": "path"}
            secure = f", USE_SSL {str(endpoint.startswith('https')).lower()}"
        said = ", ".join(f"{name} {literal(value)}" for name, value in options.items())
        self.connection.execute(f"CREATE OR REPLACE SECRET lake (TYPE s3, {said}{secure})")
        self._reads_s3 = True


@lru_cache(maxsize=4)
def _s3(region: str, _endpoint: str | None) -> S3Client:
    """The process's client: boto3 reads the endpoint from the environment when it makes one."""
    return boto3.client("s3", region_name=region)


_COMPILING = (duckdb.BinderException, duckdb.CatalogException, duckdb.ParserException)


def _without_content(problem: duckdb.Error) -> str:
    """What DuckDB says. Once it reads records its messages may quote them: only their kind is told then."""
    kind = type(problem).__name__
    if isinstance(problem, _COMPILING):
        return f"DuckDB refused a statement: {problem}"
    return f"DuckDB ended with {kind} while it read records; run the same statement yourself to see on which"


def _constant(value: object) -> str:
    return "NULL" if value is None else literal(str(value))


def _partition_value(value: object) -> object:
    """A partition's value as Iceberg's manifests hold it: a date is its days since 1970-01-01."""
    return (value - _EPOCH).days if isinstance(value, date) else value
