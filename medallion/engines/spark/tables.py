"""Iceberg tables as a run writes them: each step commits once, and what an earlier try of it committed is found.

The rules are those of `medallion.engines.iceberg`; what marks a snapshot comes with the order, so that they are
written down once.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any
from uuid import uuid4

from py4j.protocol import Py4JJavaError
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

CATALOG = "glue_catalog"
"""The name that a job's `--conf` gives the Glue catalogue."""

MAIN = "main"
_TOGETHER = 256 * 1024 * 1024
"""Bytes of small files that one task reads, and so writes as one."""
_TRIES = 6
_LONGEST_WAIT = 3.0

Rows = Callable[["IcebergTable"], DataFrame]


class CommitBroken(RuntimeError):
    """What stands in a table is not what this try committed."""


class IcebergTable:
    """One table of the catalogue. `name` is `database.table`."""

    def __init__(self, spark: SparkSession, name: str) -> None:
        self._spark = spark
        self.name = name
        self.qualified = f"{CATALOG}.{name}"
        self._loader = spark._jvm.org.apache.iceberg.spark.Spark3Util  # noqa: SLF001  # Iceberg's own door to its tables

    def at(self, snapshot: int) -> DataFrame:
        """The rows of a snapshot."""
        return self._select(snapshot, "*")

    def rows(self, snapshot: int) -> float:
        """How many rows the snapshot says it has, infinitely many where it does not say
        (https://iceberg.apache.org/spec/#optional-snapshot-summary-fields).
        """
        return float(self._load().snapshot(snapshot).summary().getOrDefault("total-records", "inf"))

    def as_now(self, snapshot: int) -> DataFrame:
        """The rows of a snapshot, with the columns that the table has now."""
        return self._aligned(self.at(snapshot))

    def next_position(self) -> int:
        """The place in the table's history that its next commit takes."""
        return int(self._load().operations().current().nextSequenceNumber())

    def made(self, marks: Mapping[str, str], branch: str = MAIN) -> list[int]:
        """The branch's snapshots that carry all of `marks`, newest first."""
        return [
            int(one.snapshotId())
            for one in self._lineage(branch)
            if all(one.summary().get(name) == value for name, value in marks.items())
        ]

    def append(
        self,
        rows: Rows,
        marks: Mapping[str, str],
        *,
        branch: str = MAIN,
        notes: Mapping[str, str] | None = None,
        once_for: str = "",
    ) -> int:
        """Commit `rows(table)` once, and return the snapshot's id. A branch that does not exist starts at main.

        After a conflict the rows are made again, for the table as it stands then. `once_for` is a run whose rows stand
        there once, whoever else tries: where two tries commit at the same moment, the second is refused.
        """

        def write() -> None:
            self._ensure_branch(branch)
            base = self._head(branch)
            frame = self._aligned(rows(self))
            writer = frame.writeTo(self._target(branch))
            for name, value in {**(notes or {}), **marks}.items():
                writer = writer.option(f"snapshot-property.{name}", value)
            if not once_for:
                writer.append()
                return
            guarded = writer.option("isolation-level", "serializable")
            guarded.option("validate-from-snapshot-id", str(base.snapshotId())).overwrite(F.col("run_id") == once_for)

        return self._commit(write, marks, branch)

    def files_of(self, snapshot: int, places: DataFrame) -> list[str]:
        """The snapshot's data files that hold a row at one of `places` (source_file_id, source_row)."""
        placed = self._select(snapshot, "source_file_id", "source_row", "_file")
        found = placed.join(places, ["source_file_id", "source_row"], "left_semi").select("_file").distinct()
        return sorted(row["_file"] for row in found.collect())

    def in_files(self, snapshot: int, files: Collection[str]) -> DataFrame:
        """The snapshot's rows that stand in those files."""
        rows = self._select(snapshot, "*", "_file")
        return rows.where(F.col("_file").isin(list(files))).drop("_file")

    def of_files(self, snapshot: int, files: Collection[str]) -> DataFrame:
        """The rows of these data files of the snapshot: no other is opened. Small ones are read together."""
        table, chosen = self._load(), self._spark._jvm.java.util.ArrayList()  # noqa: SLF001  # a list for Iceberg
        wanted = set(files)
        for task in _each(table.newScan().useSnapshot(snapshot).planFiles()):
            if str(task.file().path()) in wanted:
                chosen.add(task)
        if chosen.size() != len(wanted):
            raise CommitBroken(f"{self.name}: snapshot {snapshot} does not hold the files that were asked for")
        staged = str(uuid4())
        self._spark._jvm.org.apache.iceberg.spark.ScanTaskSetManager.get().stageTasks(table, staged, chosen)  # noqa: SLF001
        reader = self._spark.read.format("iceberg").option("scan-task-set-id", staged)
        return reader.option("split-size", str(_TOGETHER)).option("file-open-cost", "0").load(self.qualified)

    def added(self, snapshot: int) -> list[str]:
        """The data files that the snapshot brought."""
        table = self._load()
        return [str(file.path()) for file in _each(table.snapshot(snapshot).addedDataFiles(table.io()))]

    def replace(
        self,
        rows: Rows,
        files: Collection[str] | None,
        marks: Mapping[str, str],
        *,
        branch: str,
        notes: Mapping[str, str],
    ) -> int:
        """Put `rows(table)` in the place of these data files of main, all where it is None, in one snapshot of the
        branch.
        """
        aside = f"{branch}_aside"

        def write() -> None:
            self._ensure_branch(branch)
            self._ensure_branch(aside)
            self._aligned(rows(self)).writeTo(self._target(aside)).append()
            table = self._load()
            base, written = table.currentSnapshot(), table.snapshot(table.refs().get(aside).snapshotId())
            commit = table.newOverwrite().toBranch(branch).validateFromSnapshot(base.snapshotId())
            for task in _each(table.newScan().useSnapshot(base.snapshotId()).planFiles()):
                if files is None or str(task.file().path()) in files:
                    commit.deleteFile(task.file())
            for file in _each(written.addedDataFiles(table.io())):
                commit.addFile(file)
            for name, value in {**notes, **marks}.items():
                commit.set(name, value)
            commit.commit()

        try:
            return self._commit(write, marks, branch)
        finally:
            self._drop_branch(aside)

    # ---

    def _select(self, snapshot: int, *columns: str) -> DataFrame:
        """A session remembers tables for a while: others' commits are looked for first.

        By the reader's option, not as `VERSION AS OF`: Spark would take what is kept of a snapshot for outdated as soon
        as anything is written to the table, and compute it anew.
        """
        self._load()
        reader = self._spark.read.format("iceberg").option("snapshot-id", str(snapshot))
        return reader.load(self.qualified).select(*columns)

    def _commit(self, write: Callable[[], None], marks: Mapping[str, str], branch: str) -> int:
        for number in range(_TRIES):
            if done := self.made(marks, branch):
                return self._sole(done, branch)
            try:
                write()
            except Py4JJavaError as problem:
                if number == _TRIES - 1 or not _is_conflict(problem):
                    raise
                time.sleep(random.uniform(0, min(_LONGEST_WAIT, 0.1 * 2**number)))  # noqa: S311  # it spreads tries
        return self._sole(self.made(marks, branch), branch)

    def _sole(self, made: list[int], branch: str) -> int:
        if len(made) != 1:
            raise CommitBroken(
                f"{self.name}: {len(made)} snapshots of one step stand on {branch}, where there must be one; "
                "do the run again, its next attempt begins anew"
            )
        return made[0]

    def _aligned(self, rows: DataFrame) -> DataFrame:
        """The rows with every column of the table: one that they lack is null."""
        schema = self._spark.table(self.qualified).schema
        if surplus := sorted(set(rows.columns) - set(schema.names)):
            raise CommitBroken(
                f"{self.name} has no column {', '.join(surplus)}; deploy the tenant again, which adds columns"
            )
        return rows.select(
            *(
                (F.col(f"`{one.name}`") if one.name in rows.columns else F.lit(None)).cast(one.dataType).alias(one.name)
                for one in schema.fields
            )
        )

    def _ensure_branch(self, branch: str) -> None:
        table = self._load()
        if branch != MAIN and table.refs().get(branch) is None:
            table.manageSnapshots().createBranch(branch, table.currentSnapshot().snapshotId()).commit()

    def _drop_branch(self, branch: str) -> None:
        table = self._load()
        if table.refs().get(branch) is not None:
            table.manageSnapshots().removeBranch(branch).commit()

    def _target(self, branch: str) -> str:
        return self.qualified if branch == MAIN else f"{self.qualified}.`branch_{branch}`"

    def _lineage(self, branch: str) -> Iterator[Any]:
        table = self._load()
        ref = table.refs().get(branch)
        snapshot = None if ref is None else table.snapshot(ref.snapshotId())
        while snapshot is not None:
            yield snapshot
            parent = snapshot.parentId()
            snapshot = None if parent is None else table.snapshot(parent)

    def _head(self, branch: str) -> Any:
        return next(self._lineage(branch))

    def _load(self) -> Any:
        """The table as it stands now, in Iceberg's own words."""
        table = self._loader.loadIcebergTable(self._spark._jsparkSession, self.qualified)  # noqa: SLF001
        table.refresh()
        return table


def _is_conflict(problem: Py4JJavaError) -> bool:
    """Whether a commit was refused, or nobody can say whether it was taken: both are looked into before another try."""
    text = str(problem.java_exception)
    cause = problem.java_exception.getCause()
    while cause is not None:
        text += str(cause)
        cause = cause.getCause()
    return any(name in text for name in ("CommitFailedException", "CommitStateUnknownException", "ValidationException"))


def _each(iterable: Any) -> Iterator[Any]:
    """What a Java Iterable holds."""
    iterator = iterable.iterator()
    while iterator.hasNext():
        yield iterator.next()
