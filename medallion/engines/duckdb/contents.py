"""What a run's end left in the tables, as digests: the evidence that its receipt keeps."""

from __future__ import annotations

from collections.abc import Sequence

from medallion.contracts.model import METADATA_COLUMNS
from medallion.engines.commits import Commit
from medallion.engines.duckdb.digest import chosen, digests
from medallion.engines.duckdb.session import Session, open_session
from medallion.engines.iceberg import Lake, Planned
from medallion.engines.model import SourceTables
from medallion.engines.resources import Resources
from medallion.layout import TableLayout
from medallion.ledger.receipts import Contents, Holding
from medallion.plan.quarantine import Event
from medallion.plan.sql import literal

_MARKERS = f"event NOT IN ({literal(Event.PROMOTED)}, {literal(Event.WITHDRAWN)})"
"""Rows of the log that speak of the run itself come after its receipt, too."""


_OF_OBJECT = ("run_id", "source_file_id")
"""What the rows of a digest have in common is not hashed with each of them: the receipt says it of the digest."""
_OF_BRONZE = {*METADATA_COLUMNS, "malformed"} - {*_OF_OBJECT}
"""Bronze's texts are not digested again: `row_hash` is their digest, record by record."""


def contents_of_run(
    lake: Lake,
    tables: SourceTables,
    commit: Commit,
    published: int | None,
    resources: Resources,
) -> Contents:
    """What the attempt of a source's run left: its records in Bronze, in Silver's snapshot `published` (None where it
    published none), in the logs, and the rows that it sent to history.
    """
    run, attempt = literal(commit.run_id), commit.attempt
    of_run, of_attempt = f"run_id = {run}", f"run_id = {run} AND attempt = {attempt}"
    with open_session(resources) as session:
        found = _Found(session)
        bronze = lake.plan(tables.bronze, where=of_run)
        texts = [one.name for one in bronze.schema.fields if one.name not in _OF_BRONZE]
        found.add("bronze", bronze, of_run, texts)
        if published is not None:
            planned = lake.plan(tables.silver, snapshot_id=published, where=of_run)
            found.add("silver", planned, of_run, _OF_OBJECT)
        log = lake.plan(tables.quarantine, where=of_run)
        by_event = ("event", "source_file_id")
        found.add("quarantine", log, f"{of_attempt} AND {_MARKERS}", (*_OF_OBJECT, "attempt", "event"), by_event)
        repeats = lake.plan(tables.duplicates, where=of_run)
        found.add("duplicates", repeats, of_attempt, (*_OF_OBJECT, "attempt"))
        if published is not None and lake.exists(tables.history):
            ended = f"ended_by_run = {run} AND ended_by_attempt = {attempt}"
            ends = ("ended_by_run", "ended_by_attempt")
            found.add(
                "history", lake.plan(tables.history, where=ended), ended, ends, ("reason", "CAST(NULL AS VARCHAR)")
            )
        return found.contents


def contents_of_model(lake: Lake, table: TableLayout, published: int | None, resources: Resources) -> Contents:
    """What the snapshot `published` of a Gold table holds; nothing where the build published none."""
    if published is None:
        return Contents()
    with open_session(resources) as session:
        found = _Found(session)
        found.add("gold", lake.plan(table, snapshot_id=published), "TRUE", (), ("'gold'", "CAST(NULL AS VARCHAR)"))
        return found.contents


class _Found:
    """Gathers digests, table by table."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._columns: dict[str, tuple[tuple[str, str], ...]] = {}
        self._holdings: list[Holding] = []

    def add(
        self,
        table: str,
        planned: Planned,
        where: str,
        without: Sequence[str],
        groups: tuple[str, str] | None = None,
    ) -> None:
        """The digest of the table's rows `where` for each pair of outcome and object, in all columns but `without`."""
        columns = chosen(planned.schema, without)
        self._columns[table] = tuple((name, str(kind)) for name, kind in columns)
        self._session.read(f"{table}_rows", planned)
        outcome, origin = groups or (literal(table), "source_file_id")
        found = digests(self._session, f"{table}_rows", columns, where=where, groups=(outcome, origin))
        self._holdings += [
            Holding(table=table, outcome=key[0] or "", source_file_id=key[1], digest=digest)
            for key, digest in found.items()
        ]

    @property
    def contents(self) -> Contents:
        ordered = sorted(self._holdings, key=lambda one: (one.table, one.outcome, one.source_file_id or ""))
        return Contents(columns=self._columns, holdings=tuple(ordered))
