"""Records that memory has no room for: they go to files, and are read there whenever they are needed.

A table in memory that is larger than its bound is written to disk and read back whenever somebody scans it. A file is
written once, and its scan takes no more memory than its threads hold.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import inf
from typing import Self

import pyarrow as pa

from medallion.engines.duckdb.session import Session
from medallion.errors import UnreadableObject
from medallion.plan.sql import literal
from medallion.records import RecordStream

_SHARE = 8
"""Of DuckDB's memory, the part that the parser's batches may fill. Staged and judged they take three times as much; the
rest is for what relations are made with.
"""


@dataclass
class Overflow:
    """How many bytes of the parser's batches memory still has room for, and the files of those beyond, by the number of
    their object.
    """

    room: float = inf
    files: dict[int, str] = field(default_factory=dict)

    @classmethod
    def of(cls, session: Session) -> Self:
        """The room of a session that holds no records yet."""
        return cls(session.memory / _SHARE)

    def offer(self, session: Session) -> None:
        """Let `staged` be all that was staged: a table where there was room for it, else what files hold."""
        if not self.files:
            return
        files = ", ".join(literal(file) for file in (session.spool("FROM staged"), *self.files.values()))
        session.connection.execute("DROP TABLE staged")
        session.connection.execute(f"CREATE VIEW staged AS FROM read_parquet([{files}])")


class Batches:
    """The parser's batches, as many as there is room for, remembering why they ended early: DuckDB keeps an iterator's
    error as text only.
    """

    def __init__(self, records: RecordStream) -> None:
        self._schema = records.schema
        self._batches = iter(records)
        self.room = inf
        self.ended = False
        self.problem: Exception | None = None

    def stream(self, room: float = inf) -> object:
        """What DuckDB reads once: those that come next, in so many bytes and one batch at most. `room` is what is left.

        A stream and no more: of a reader DuckDB makes a scanner, which reads ahead of it without bound.
        """
        self.room = room
        return pa.RecordBatchReader.from_batches(self._schema, self).__arrow_c_stream__()

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> pa.RecordBatch:
        if self.room <= 0:
            raise StopIteration
        try:
            batch = next(self._batches)
        except StopIteration:
            self.ended = True
            raise
        except UnreadableObject as problem:
            self.problem = problem
            raise
        self.room -= batch.nbytes
        return batch
