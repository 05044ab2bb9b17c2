"""One column's values, as a relation that is asked for counts and extremes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import duckdb

from medallion.contracts.model import ColumnType
from medallion.contracts.profile import ColumnProfile
from medallion.plan.sql import literal
from medallion.plan.types import cast_expression

X = "x"
"""A value's text in SQL."""


def whole(regex: str, value: str = X) -> str:
    """A SQL condition: the whole text matches."""
    return f"regexp_full_match({value}, {literal(regex)})"


class Values:
    """The texts `x` of one column, null where there is none, one for each well-formed record."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, column: str, tokens: Sequence[str]) -> None:
        """`column` is the sample's; `tokens` are the texts that mean null."""
        listed = ", ".join(literal(token) for token in tokens)
        self._connection = connection
        connection.execute(
            f"CREATE OR REPLACE TEMP VIEW one_column AS SELECT "
            f"CASE WHEN {column} IN ({listed}) THEN NULL ELSE {column} END AS {X} FROM sample WHERE malformed IS NULL"
        )
        self.records, self.values, self.shortest, self.longest = self.ask(
            "COUNT(*)", f"COUNT({X})", f"COALESCE(MIN(LENGTH({X})), 0)", f"COALESCE(MAX(LENGTH({X})), 0)"
        )

    def ask(self, *aggregates: str, where: str = "TRUE") -> tuple[Any, ...]:
        """The aggregates over all values for which `where` holds."""
        found = self._connection.execute(f"SELECT {', '.join(aggregates)} FROM one_column WHERE {where}").fetchone()
        return found or ()

    def counts(self, text: str, limit: int, where: str = "TRUE") -> dict[str, int]:
        """How often each text of the expression stands there, most often first, of no more than `limit` texts."""
        rows = self._connection.execute(
            f"SELECT {text} AS said, COUNT(*) FROM one_column WHERE {X} IS NOT NULL AND ({where}) "
            f"GROUP BY said ORDER BY COUNT(*) DESC, said LIMIT {limit}"
        ).fetchall()
        return dict(rows)

    def all_match(self, regex: str) -> bool:
        """Whether there is a value, and every one matches the whole of `regex`."""
        return bool(self.values and self.ask(f"COUNT_IF({whole(regex)})") == (self.values,))

    def take(self, column_type: ColumnType) -> tuple[int, str | None, str | None] | None:
        """How many different values the type has here, the least, the greatest; None if it does not take them all."""
        typed = cast_expression(column_type, X)
        taken, *rest = self.ask(
            f"COUNT({typed})",
            f"COUNT(DISTINCT {typed})",
            f"CAST(MIN({typed}) AS VARCHAR)",
            f"CAST(MAX({typed}) AS VARCHAR)",
        )
        if taken != self.values:
            return None
        distinct, least, most = rest
        return distinct, least, most

    def profile(self, header: str, column_type: ColumnType, remarks: Sequence[str] = ()) -> ColumnProfile | None:
        """The column as one of that type; None if the type does not take every value."""
        found = self.take(column_type)
        if found is None:
            return None
        distinct, least, most = found
        ordered = column_type.kind not in ("string", "boolean")
        return ColumnProfile(
            header=header,
            records=self.records,
            values=self.values,
            distinct=distinct,
            type=column_type,
            minimum=least if ordered else None,
            maximum=most if ordered else None,
            shortest=self.shortest,
            longest=self.longest,
            remarks=tuple(remarks),
        )
