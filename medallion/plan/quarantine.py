"""What the quarantine log means: the log is append-only, the state is a view over it."""

from __future__ import annotations

from enum import StrEnum


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


_PUBLISHED = (
    f"SELECT run_id, attempt FROM quarantine_log WHERE event = '{Event.PROMOTED}' "
    f"EXCEPT SELECT run_id, attempt FROM quarantine_log WHERE event = '{Event.WITHDRAWN}'"
)

OPEN_FAILURES = (
    "SELECT DISTINCT q.row_hash FROM quarantine_log AS q "
    f"JOIN ({_PUBLISHED}) AS p ON p.run_id = q.run_id AND p.attempt = q.attempt "
    "CROSS JOIN run AS r "
    f"WHERE q.event = '{Event.QUARANTINED}' AND q.ruleset = r.ruleset"
)
"""The content of the records that stand in quarantine under the run's ruleset."""


def current_entries(log: str) -> str:
    """SQL (Athena's and DuckDB's alike): one row for each quarantined record of the table `log`, with its state.

    `state` is open (its run is published), pending (its run is not decided) or withdrawn (its run was rejected or
    failed).
    """
    decided = (
        "SELECT run_id, attempt, MAX(event) AS event FROM {log} "
        f"WHERE event IN ('{Event.PROMOTED}', '{Event.WITHDRAWN}') GROUP BY run_id, attempt"
    ).format(log=log)
    return (
        "SELECT q.*, CASE d.event "
        f"WHEN '{Event.PROMOTED}' THEN 'open' WHEN '{Event.WITHDRAWN}' THEN 'withdrawn' ELSE 'pending' END AS state "
        f"FROM {log} AS q LEFT JOIN ({decided}) AS d ON d.run_id = q.run_id AND d.attempt = q.attempt "
        f"WHERE q.event = '{Event.QUARANTINED}'"
    )
