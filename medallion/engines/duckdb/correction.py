"""What a person says that records should read: one expression for many, or the texts of single records."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pyarrow as pa

from medallion.contracts.model import Column
from medallion.engines.duckdb.session import Session
from medallion.engines.model import Corrected
from medallion.errors import InvalidCorrection
from medallion.plan.quarantine import Event, State, current_entries
from medallion.plan.replay import corrected_records
from medallion.plan.sql import literal

Records = Mapping[tuple[str, int], Mapping[str, str | None]]
"""Texts by column (None: there is none) of the records at (source_file_id, source_row)."""

CHANGED = "said WHERE corrected_hash IS DISTINCT FROM content_hash"
"""The entries that read otherwise than before."""
SAID = {"event": literal(Event.CORRECTED), "record": "corrected_record", "row_hash": "corrected_hash"}
"""What a correction says of each of them, by the log's columns."""

_NAMED_AT_MOST = 3


@dataclass(frozen=True)
class Correction:
    """`expressions`: SQL by column, over the texts of all chosen records. `records`: the texts of single ones, which
    go before; where there are any, only those records are corrected.
    """

    expressions: Mapping[str, str] = field(default_factory=dict)
    records: Records = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.expressions or self.records)


def offer_corrected(session: Session, columns: Sequence[Column], correction: Correction) -> None:
    """The relation `said`: the entries of `chosen`, and what they read then.

    InvalidCorrection where the correction names a record that is not among them.
    """
    session.keep("given_texts", _texts(correction.records))
    session.connection.execute(
        "CREATE TABLE given AS SELECT source_file_id, source_row, MAP(LIST(named), LIST(value)) AS texts "
        "FROM given_texts GROUP BY source_file_id, source_row"
    )
    if correction.records:
        _check_known(session)
        session.connection.execute(
            "DELETE FROM chosen AS c WHERE NOT EXISTS (SELECT 1 FROM given AS g "
            "WHERE g.source_file_id = c.source_file_id AND g.source_row = c.source_row)"
        )
    session.connection.execute(f"CREATE TABLE said AS {corrected_records(columns, correction.expressions)}")


def count_columns(session: Session, columns: Sequence[Column]) -> Corrected:
    """How many entries of `said` read otherwise than before, and how many of them in each column."""
    differing = ", ".join(
        f"COUNT(*) FILTER (WHERE record[{literal(c.name)}] IS DISTINCT FROM corrected_record[{literal(c.name)}])"
        for c in columns
    )
    found = session.connection.execute(f"SELECT COUNT(*), {differing} FROM {CHANGED}").fetchone() or (0,)
    counted = {c.name: int(n) for c, n in zip(columns, found[1:], strict=False) if n}
    return Corrected(entries=int(found[0]), columns=counted)


def _texts(records: Records) -> pa.Table:
    rows = [(one, row, name, text) for (one, row), texts in records.items() for name, text in texts.items()]
    names = ("source_file_id", "source_row", "named", "value")
    types = (pa.string(), pa.int64(), pa.string(), pa.string())
    columns = list(zip(*rows, strict=True)) or [(), (), (), ()]
    return pa.table([pa.array(c, t) for c, t in zip(columns, types, strict=True)], names)


def _check_known(session: Session) -> None:
    strangers = session.connection.execute(
        "SELECT g.source_file_id, g.source_row, e.state FROM given AS g "
        "ANTI JOIN chosen AS c ON c.source_file_id = g.source_file_id AND c.source_row = g.source_row "
        f"LEFT JOIN ({current_entries('quarantine_log')}) AS e "
        "ON e.source_file_id = g.source_file_id AND e.source_row = g.source_row ORDER BY ALL"
    ).fetchall()
    if strangers:
        named = "; ".join(f"record {row} of {one} {_STANDS[state]}" for one, row, state in strangers[:_NAMED_AT_MOST])
        raise InvalidCorrection(
            f"{len(strangers)} of the records cannot be corrected, and nothing was: {named}"
            f"{'; …' if len(strangers) > _NAMED_AT_MOST else ''}. Only open entries can, and of these those that the "
            "filter chooses: see `medallion quarantine ls`"
        )


_STANDS = {
    None: "is not in quarantine",
    State.OPEN: "is open and not among the chosen ones",
    State.RESOLVED: "is resolved",
    State.CONDEMNED: "is condemned: release it first",
    State.PENDING: "is of a run that is not decided yet",
    State.WITHDRAWN: "is of a run that was taken back",
}
