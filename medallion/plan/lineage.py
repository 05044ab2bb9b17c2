"""Which columns a Gold model's columns are made of, as far as its SQL tells."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.lineage import Node, lineage
from sqlglot.optimizer.qualify import qualify

from medallion.plan.sql import WRITTEN_IN

Origin = tuple[str, str]
"""A relation that the query reads, and a column of it."""


def origins_of_columns(query: str, relations: Mapping[str, Sequence[str]]) -> dict[str, tuple[Origin, ...] | None]:
    """Each column of the query's result, and the columns of `relations` (name → its columns) that its value is made of.

    None where that cannot be told. A column that only decides which rows there are, as in WHERE or JOIN, is no origin.
    """
    schema: dict[str, object] = {name: dict.fromkeys(columns, "text") for name, columns in relations.items()}
    try:
        tree = qualify(sqlglot.parse_one(query, dialect=WRITTEN_IN), schema=schema, dialect=WRITTEN_IN)
    except (SqlglotError, RecursionError):
        return {}
    names = tree.named_selects if isinstance(tree, exp.Query) else []
    qualified = tree.sql(dialect=WRITTEN_IN)
    found: dict[str, tuple[Origin, ...] | None] = {}
    for name in names:
        try:
            node = lineage(name, qualified, schema=schema, dialect=WRITTEN_IN)
        except (SqlglotError, ValueError, RecursionError):
            found[name] = None
            continue
        leaves = {(one.source.name, exp.to_column(one.name).name) for one in _leaves(node)}
        found[name] = tuple(sorted(one for one in leaves if one[1] in relations.get(one[0], ())))
    return found


def _leaves(node: Node) -> Iterable[Node]:
    """The nodes that are columns of a table."""
    return (one for one in node.walk() if isinstance(one.source, exp.Table) and not one.downstream)
