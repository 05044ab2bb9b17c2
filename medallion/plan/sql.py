"""SQL is written once, in DuckDB's dialect, and transpiled for the other engines."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType

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


@lru_cache(maxsize=512)
def transpile(statement: str) -> Mapping[str, str]:
    """One statement or expression in the dialect of every engine."""
    tree = sqlglot.parse_one(statement, dialect=WRITTEN_IN)
    return MappingProxyType({engine: _spoken(tree, engine) for engine in ENGINES})


def _spoken(tree: exp.Expr, engine: str) -> str:
    """DuckDB's name for a text's length in bytes is its own, unknown to sqlglot."""
    if engine == WRITTEN_IN:
        return tree.sql(dialect=engine)
    renamed = tree.copy()
    for function in renamed.find_all(exp.Anonymous):
        if function.name.upper() == "STRLEN":
            function.set("this", "OCTET_LENGTH")
    return renamed.sql(dialect=engine)
