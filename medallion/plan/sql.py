"""SQL is written once, in DuckDB's dialect, and transpiled for the other engines."""

from __future__ import annotations

import sqlglot
from sqlglot import exp

WRITTEN_IN = "duckdb"
ENGINES = ("duckdb", "spark")


def quoted(name: str) -> str:
    """`name` as a quoted identifier."""
    return exp.to_identifier(name, quoted=True).sql(dialect=WRITTEN_IN)


def literal(text: str) -> str:
    """`text` as a string literal."""
    return exp.Literal.string(text).sql(dialect=WRITTEN_IN)


def transpile(statement: str) -> dict[str, str]:
    """One statement in the dialect of every engine."""
    tree = sqlglot.parse_one(statement, dialect=WRITTEN_IN)
    return {engine: tree.sql(dialect=engine) for engine in ENGINES}
