"""Records that are JSON objects, as a stream with one header.

Their names are known only once all are read: they are read once, into a temporary file, and given out from there. A
record's members are its values, and its identity. A column that the contract finds deeper, by a path, is a *reading*
of its member: it has a value of its own, and the member stands beside it, whole. So what a record is does not depend
on how far a contract looks into it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cache

import pyarrow as pa

from medallion.contracts.paths import Step, member, record_path, spelled
from medallion.errors import UnreadableObject
from medallion.records.batches import batch_schema, even_batches
from medallion.records.jsontext import MISSING, Entry, text_of, value_at
from medallion.records.limits import Limits
from medallion.records.source import ByteSource
from medallion.records.spool import Spool
from medallion.records.stream import RecordStream


class JsonRecords(RecordStream):
    """The records of an object of JSON lines, or of a JSON document. A null is null, or a member that is not there.

    `header` holds the paths of members and readings, in the order in which they turn up; in an object without any
    well-formed record, nothing is missing: it holds all of the contract's `columns`.
    """

    def __init__(
        self, source: ByteSource, entries: Iterable[Entry], columns: Sequence[str], limits: Limits, batch_rows: int
    ) -> None:
        self._source = source
        self._limits = limits
        self._batch_rows = batch_rows
        paths = {column: record_path(column) for column in columns}
        self._paths: dict[str, tuple[Step, ...]] = {name: steps for name, steps in paths.items() if len(steps) > 1}
        self.readings = {name: spelled(steps[:1]) for name, steps in self._paths.items()}
        self._spool = Spool(batch_rows)
        try:
            self.header = self._read(entries) or tuple(columns)
        except BaseException:
            self._spool.close()
            raise
        self.schema = batch_schema(len(self.header))

    @property
    def bytes_read(self) -> int:
        return self._source.bytes_read

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        return even_batches(self._batches(), self._batch_rows)

    def close(self) -> None:
        self._spool.close()

    def _batches(self) -> Iterator[pa.RecordBatch]:
        for batch in self._spool.batches(self.header, self.schema):
            self.rows += batch.num_rows
            yield batch
        self.close()

    def _read(self, entries: Iterable[Entry]) -> tuple[str, ...]:
        """Spool all records; the names that they have."""
        path_of = cache(member)
        for entry in entries:
            values = {path_of(name): text_of(value) for name, value in entry.members.items()}
            for name, steps in self._paths.items():
                if (found := value_at(entry.members, steps)) is not MISSING:
                    values[name] = text_of(found)
            self._spool.add(entry.raw, entry.fault, values)
            if len(self._spool.names) > self._limits.columns:
                raise UnreadableObject(
                    f"the object's records have more than {self._limits.columns} different members; "
                    "deliver what is named by data as a list, or below one member"
                )
        self._spool.finish()
        return tuple(self._spool.names)
