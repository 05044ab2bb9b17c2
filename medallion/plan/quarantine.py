"""What the quarantine log means: the log is append-only, the state is a view over it."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from medallion.contracts.model import Frozen
from medallion.plan.sql import literal


class Event(StrEnum):
    """What a row of the log says. The last two speak of a whole run: they make its entries stand, or take them back.

    `retried`: reprocessed and failed again. `corrected` and `released` are a person's, and stand at once.
    """

    QUARANTINED = "quarantined"
    SEEN_AGAIN = "seen_again"
    OBJECT_QUARANTINED = "object_quarantined"
    RETRIED = "retried"
    RESOLVED = "resolved"
    CONDEMNED = "condemned"
    CORRECTED = "corrected"
    RELEASED = "released"
    PROMOTED = "promoted"
    WITHDRAWN = "withdrawn"


class State(StrEnum):
    """Where a record's entry stands: to be corrected or retried, in Silver, given up, not decided yet, taken back."""

    OPEN = "open"
    RESOLVED = "resolved"
    CONDEMNED = "condemned"
    PENDING = "pending"
    WITHDRAWN = "withdrawn"


class Chosen(Frozen):
    """Which entries are meant: those that answer to everything that is said; each part is any of what it lists.

    `records` are (source_file_id, source_row); `since` and `until` bound when the records first arrived (UTC).
    """

    codes: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    objects: tuple[str, ...] = ()
    runs: tuple[str, ...] = ()
    records: tuple[tuple[str, int], ...] = ()
    since: datetime | None = None
    until: datetime | None = None

    @property
    def condition(self) -> str:
        """SQL (DuckDB's) over `current_entries`."""
        parts = ["TRUE"]
        for listed, expression in ((self.objects, "source_file_id"), (self.runs, "run_id")):
            if listed:
                parts.append(f"{expression} IN ({', '.join(literal(one) for one in listed)})")
        for listed, part in ((self.codes, "code"), (self.columns, "column")):
            if listed:
                said = f'LIST_TRANSFORM(errors, e -> e."{part}")'
                parts.append(f"({' OR '.join(f'LIST_CONTAINS({said}, {literal(one)})' for one in listed)})")
        if self.records:
            places = " OR ".join(
                f"(source_file_id = {literal(one)} AND source_row = {row})" for one, row in self.records
            )
            parts.append(f"({places})")
        for moment, operator in ((self.since, ">="), (self.until, "<")):
            if moment is not None:
                parts.append(f"ingestion_timestamp {operator} TIMESTAMPTZ {literal(moment.isoformat(' '))}")
        return " AND ".join(parts)


FAILURES = (Event.QUARANTINED, Event.RETRIED, Event.CONDEMNED)
"""The events that carry a record's errors."""


def standing_events(log: str) -> str:
    """SQL (Athena's, DuckDB's and Spark's alike): the table `log`'s events of records, with `standing`.

    A person's event stands at once. A run's stands as its last marker says: promoted, withdrawn, or pending without.
    """
    return (
        f"SELECT q.*, CASE WHEN q.run_id IS NULL THEN '{Event.PROMOTED}' ELSE COALESCE(d.event, '{State.PENDING}') END "
        f"AS standing FROM {log} AS q LEFT JOIN ("
        f"SELECT run_id, attempt, MAX_BY(event, log_position) AS event FROM {log} "
        f"WHERE event IN ('{Event.PROMOTED}', '{Event.WITHDRAWN}') GROUP BY run_id, attempt"
        ") AS d ON d.run_id = q.run_id AND d.attempt = q.attempt "
        f"WHERE q.event NOT IN ('{Event.PROMOTED}', '{Event.WITHDRAWN}', '{Event.OBJECT_QUARANTINED}')"
    )


def current_entries(log: str) -> str:
    """SQL (Athena's, DuckDB's and Spark's alike): one row for each record that ever failed, with its `state`.

    It shows the last failure that stands, and of a record that was corrected since, `record` and `content_hash` as
    corrected. `last_position` tells whether anything became of the entry since it was looked at, `released_position`
    and `tries` what condemnation goes by: failures before a release, and under another ruleset, do not count.
    """
    failures = ", ".join(f"'{event}'" for event in FAILURES)
    each = "GROUP BY source_file_id, source_row"
    return (
        f"WITH told AS ({standing_events(log)}), "
        "failed AS (SELECT *, ROW_NUMBER() OVER (PARTITION BY source_file_id, source_row ORDER BY "
        f"CASE WHEN standing = '{Event.PROMOTED}' THEN 1 ELSE 0 END DESC, log_position DESC) AS nth "
        f"FROM told WHERE event IN ({failures})), "
        "stood AS (SELECT source_file_id, source_row, MAX_BY(event, log_position) AS event, "
        "MAX(log_position) AS log_position, "
        f"MAX(CASE WHEN event = '{Event.RELEASED}' THEN log_position END) AS released_position "
        f"FROM told WHERE standing = '{Event.PROMOTED}' AND event <> '{Event.SEEN_AGAIN}' {each}), "
        "corrected AS (SELECT source_file_id, source_row, record, row_hash, log_position, ROW_NUMBER() OVER ("
        "PARTITION BY source_file_id, source_row ORDER BY log_position DESC) AS nth "
        f"FROM told WHERE event = '{Event.CORRECTED}') "
        "SELECT f.run_id, f.attempt, f.source_file_id, f.source_row, f.row_hash, "
        "COALESCE(c.row_hash, f.row_hash) AS content_hash, f.raw, "
        "CASE WHEN c.row_hash IS NULL THEN f.record ELSE c.record END AS record, c.row_hash IS NOT NULL AS corrected, "
        "f.errors, f.attempt_count, f.ingestion_timestamp, f.contract_version, f.ruleset, f.event_time, "
        "COALESCE(s.log_position, f.log_position) AS last_position, s.released_position, "
        f"CASE s.event WHEN '{Event.CONDEMNED}' THEN '{State.CONDEMNED}' WHEN '{Event.RESOLVED}' THEN "
        f"'{State.RESOLVED}' ELSE CASE WHEN s.event IS NOT NULL THEN '{State.OPEN}' ELSE f.standing END END AS state "
        "FROM failed AS f "
        "LEFT JOIN stood AS s ON s.source_file_id = f.source_file_id AND s.source_row = f.source_row "
        "LEFT JOIN corrected AS c ON c.source_file_id = f.source_file_id AND c.source_row = f.source_row "
        "AND c.nth = 1 AND c.log_position > f.log_position "
        "WHERE f.nth = 1"
    )


OPEN_FAILURES = (
    f"SELECT DISTINCT e.row_hash FROM ({current_entries('quarantine_log')}) AS e CROSS JOIN run AS r "
    f"WHERE e.state = '{State.OPEN}' AND e.ruleset = r.ruleset AND NOT r.replay"
)
"""The content of the records that stand in quarantine under the run's ruleset. A replay is not held up by its own."""
