"""The records behind the rows of a Silver or Gold table: found in the very snapshots that the rows were made from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from medallion.engines.duckdb.build import INPUT
from medallion.engines.duckdb.session import Session, open_session
from medallion.engines.iceberg import Lake
from medallion.engines.resources import Resources
from medallion.errors import UnknownRow
from medallion.layout import TableLayout, Zone
from medallion.plan.gold import Input, Model
from medallion.plan.provenance import ORIGINS, with_origins
from medallion.plan.quarantine import standing_events
from medallion.plan.sql import literal, quoted


class Record(NamedTuple):
    """A record of a source as Silver holds it."""

    source: str
    source_file_id: str
    source_row: int
    row_hash: str
    run_id: str
    contract_version: str
    attempt_count: int


class LogEvent(NamedTuple):
    """What the quarantine log says of a record: when (UTC, as text), who, which run, why, and with which codes."""

    event: str
    event_time: str
    actor: str | None
    run_id: str | None
    reason: str | None
    codes: tuple[str, ...]


class Explainer:
    """Looks behind the rows of one tenant's tables."""

    def __init__(
        self,
        lake: Lake,
        table_of: Callable[[Input], TableLayout],
        model_of: Callable[[str], Model],
        resources: Resources,
    ) -> None:
        self._lake, self._table_of, self._model_of, self._resources = lake, table_of, model_of, resources

    def rows(self, table: Input, key: Mapping[str, str]) -> list[dict[str, str | None]]:
        """The published rows that the key names, as text; UnknownRow if there is none."""
        with open_session(self._resources) as session:
            planned = self._lake.plan(self._table_of(table))
            names = [one.name for one in planned.schema.fields]
            if unknown := sorted(key.keys() - set(names)):
                raise UnknownRow(f"{table.zone}.{table.name} has no column {unknown[0]}; it has {', '.join(names)}")
            session.read("published", planned)
            texts = ", ".join(f"CAST({quoted(name)} AS VARCHAR)" for name in names)
            found = session.connection.execute(
                f"SELECT {texts} FROM published WHERE {_matches(key)} ORDER BY ALL"
            ).fetchall()
        if not found:
            said = ", ".join(f"{name}={value}" for name, value in key.items())
            raise UnknownRow(f"{table.zone}.{table.name} holds no row of {said} now; it may be in quarantine")
        return [dict(zip(names, row, strict=True)) for row in found]

    def records(self, table: Input, key: Mapping[str, str]) -> list[Record]:
        """The records behind those rows, in order: the rows themselves in Silver, all that went into them in Gold."""
        with open_session(self._resources) as session:
            self._offer(session, table, self._lake.plan(self._table_of(table)).snapshot_id, key)
            found = session.connection.execute(
                f"SELECT DISTINCT origin.* FROM (SELECT UNNEST({ORIGINS}) AS origin FROM {table.relation} "
                f"WHERE {_matches(key)}) ORDER BY ALL"
            ).fetchall()
        return [Record(*row) for row in found]

    def events(self, log: TableLayout, record: Record) -> list[LogEvent]:
        """What became of the record in quarantine, in order; what never stood is left out."""
        with open_session(self._resources) as session:
            session.read("quarantine_log", self._lake.plan(log))
            found = session.connection.execute(
                "SELECT event, CAST(event_time AS VARCHAR), actor, run_id, reason, "
                "LIST_TRANSFORM(errors, e -> e.code) "
                f"FROM ({standing_events('quarantine_log')}) WHERE standing = 'promoted' "
                f"AND source_file_id = {literal(record.source_file_id)} AND source_row = {record.source_row} "
                "ORDER BY log_position"
            ).fetchall()
        return [
            LogEvent(event, at, actor, run_id, reason, tuple(codes or ()))
            for event, at, actor, run_id, reason, codes in found
        ]

    def _offer(self, session: Session, table: Input, snapshot_id: int, key: Mapping[str, str]) -> None:
        """The table as it was, each row with its origins; of Gold only the rows that the key names."""
        layout = self._table_of(table)
        if table.zone is Zone.SILVER:
            session.read(f"plain_{table.relation}", self._lake.plan(layout, snapshot_id=snapshot_id))
            parts = ", ".join(f"'{name}': {name}" for name in Record._fields[1:])
            session.connection.execute(
                f"CREATE OR REPLACE VIEW {table.relation} AS "
                f"SELECT *, [{{'source': {literal(table.name)}, {parts}}}] AS {ORIGINS} FROM plain_{table.relation}"
            )
            return
        model = self._model_of(table.name)
        # What is deeper goes first: it may read another snapshot of what this model reads too.
        for one in sorted(model.inputs, key=lambda one: one.zone is Zone.SILVER):
            pinned = self._lake.noted(layout, snapshot_id, f"{INPUT}{one.relation}")
            if pinned is None:
                raise UnknownRow(f"{layout.qualified}: its snapshot does not say what it was made from; build it again")
            self._offer(session, one, int(pinned), {})
        where = f" WHERE {_matches(key)}" if key else ""
        session.connection.execute(
            f"CREATE OR REPLACE TABLE {table.relation} AS SELECT * FROM ({with_origins(model.query)}){where}"
        )


def _matches(key: Mapping[str, str]) -> str:
    return " AND ".join(f"CAST({quoted(name)} AS VARCHAR) = {literal(value)}" for name, value in key.items())
