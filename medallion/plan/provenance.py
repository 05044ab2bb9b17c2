"""Which records a Gold value is made of: a model's query, rewritten so that every row carries where it comes from.

Each relation that the model reads must offer `ORIGINS`, a list. Joined rows join their lists, aggregates and windows
gather those of the rows that they see. What only a sub-query in an expression looks at, as in EXISTS, is no origin.
"""

from __future__ import annotations

import sqlglot
from sqlglot import exp
from sqlglot.optimizer.scope import Scope, ScopeType, traverse_scope

from medallion.errors import InvalidModel
from medallion.plan.sql import WRITTEN_IN

ORIGINS = "medallion__origins"


def with_origins(query: str) -> str:
    """The query with one more column, `ORIGINS`; InvalidModel where it subtracts or intersects rows."""
    tree = sqlglot.parse_one(query, dialect=WRITTEN_IN)
    if any(tree.find_all(exp.Except, exp.Intersect)):
        raise InvalidModel("the model uses EXCEPT or INTERSECT: which rows its values come from cannot be told")
    for scope in list(traverse_scope(tree)):
        if isinstance(scope.expression, exp.Select) and _is_relation(scope):
            _carry(scope, scope.expression)
    return tree.sql(dialect=WRITTEN_IN)


def _is_relation(scope: Scope) -> bool:
    """Whether others read the rows; a sub-query in an expression gives one value."""
    while scope.parent is not None and scope.scope_type is ScopeType.SET_OPERATION:
        scope = scope.parent
    return scope.is_root or scope.is_cte or scope.is_derived_table


def _carry(scope: Scope, select: exp.Select) -> None:
    origins = _joined([exp.column(ORIGINS, table=name) for name in scope.selected_sources])
    for star in list(select.find_all(exp.Star)):
        if star.parent is select or (isinstance(star.parent, exp.Column) and star.parent.parent is select):
            star.set("except_", [exp.to_identifier(ORIGINS)])
    windows = [one for one in select.find_all(exp.Window) if one.find_ancestor(exp.Select) is select]
    gathered = any(
        one.find_ancestor(exp.Select) is select and one.find_ancestor(exp.Window) is None
        for one in select.find_all(exp.AggFunc)
    )
    if select.args.get("distinct"):
        select.set("distinct", None)
        select.set("group", exp.Group(all=True))
        gathered = True
    if gathered or select.args.get("group"):
        origins = _gathered(origins)
    else:
        origins = _joined([origins, *(_seen(origins, window) for window in windows)]) if windows else origins
    select.select(exp.alias_(origins, ORIGINS), copy=False)


def _joined(lists: list[exp.Expression]) -> exp.Expression:
    """One list of several; the missing side of an outer join has none."""
    parts = [exp.func("COALESCE", one.copy(), exp.Array(expressions=[])) for one in lists]
    return exp.Anonymous(this="FLATTEN", expressions=[exp.Array(expressions=parts)])


def _gathered(origins: exp.Expression) -> exp.Expression:
    return exp.Anonymous(this="FLATTEN", expressions=[exp.Anonymous(this="LIST", expressions=[origins.copy()])])


def _seen(origins: exp.Expression, window: exp.Window) -> exp.Expression:
    """The lists of the rows that the window sees."""
    same = window.copy()
    same.set("this", exp.Anonymous(this="LIST", expressions=[origins.copy()]))
    return exp.Anonymous(this="FLATTEN", expressions=[same])
