"""A Gold model's query for Spark: the same rows, or a refusal that says which part is not known to give them."""

from __future__ import annotations

from collections.abc import Mapping

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from medallion.errors import InvalidModel
from medallion.plan.alike import DOUBLE, EXACT, WHOLE, digits, kind, unit, unlike
from medallion.plan.gold import Model
from medallion.plan.sql import WRITTEN_IN
from medallion.plan.value_types import annotate, scale

_TO_DOUBLE, _WIDE = exp.DataType.build("double"), exp.DataType.build("decimal(38, 0)")
_MONTHS = {"MONTH", "QUARTER", "YEAR"}
_LAST = 28
"""A day that every month has."""
_SHORTER = "a series by months begins on a day that not every month has; begin it on the first"


def spark_query(model: Model, columns: Mapping[str, Mapping[str, str]]) -> str:
    """The model's query in Spark's dialect. `columns` are each input's, with DuckDB's types.

    InvalidModel where a part of it is not known to mean the same on Spark. The session divides by zero and overflows
    with an error, and keeps decimals exact.
    """
    try:
        tree = annotate(sqlglot.parse_one(model.query, dialect=WRITTEN_IN), columns)
    except SqlglotError as problem:
        raise InvalidModel(f"model {model.name}: {str(problem).splitlines()[0]}; only DuckDB can build it") from problem
    if (part := unlike(tree)) is not None:
        raise InvalidModel(
            f"model {model.name}: {part} is not known to mean the same on Spark; only DuckDB can build it"
        )
    for node in reversed(list(tree.walk())):
        _rewrite(node)
    return tree.sql(dialect="spark", comments=False)


def _rewrite(node: exp.Expr) -> None:
    """Say for Spark what DuckDB means. What stands below the node is rewritten already."""
    match node:
        case exp.Div():
            node.replace(_quotient(node.this, node.expression))
        case exp.Mod():
            node.set("expression", exp.Nullif(this=node.expression.copy(), expression=exp.Literal.number(0)))
        case exp.Round() if kind(node) in DOUBLE:
            node.replace(_rounded(node.this, digits(node) or 0))
        case exp.Sum() if kind(node.this) in WHOLE:
            node.set("this", exp.Cast(this=node.this.copy(), to=_WIDE.copy()))
        case exp.Avg() if kind(node.this) in EXACT:
            _average(node)
        case exp.GenerateSeries():
            node.replace(_series(node))
        case exp.Group() if node.args.get("all"):
            _group(node)
        case exp.Select():
            _explode_first(node)


def _quotient(dividend: exp.Expr, divisor: exp.Expr) -> exp.Expr:
    """A double, and infinite where the divisor is zero."""
    above, below = (exp.Cast(this=exp.paren(one.copy()), to=_TO_DOUBLE.copy()) for one in (dividend, divisor))
    quotient = exp.Div(this=above, expression=below)
    if _never_zero(divisor):
        return exp.paren(quotient)
    endless = exp.Cast(this=exp.Literal.string("Infinity"), to=_TO_DOUBLE.copy())
    zero = exp.EQ(this=below.copy(), expression=exp.Literal.number(0))
    return exp.Case(ifs=[exp.If(this=zero, true=exp.Mul(this=above.copy(), expression=endless))], default=quotient)


def _never_zero(divisor: exp.Expr) -> bool:
    match divisor.unnest():
        case exp.Nullif(expression=exp.Literal() as spared):
            return spared.name == "0"
        case exp.Literal() as written:
            return float(written.name) != 0
    return False


def _rounded(value: exp.Expr, to: int) -> exp.Expr:
    """As DuckDB rounds a double: moved, made whole, moved back. Spark alone would round what it prints."""
    moved = exp.Literal.number(f"1e{to}")
    whole = exp.func("ROUND", exp.Mul(this=exp.paren(value.copy()), expression=moved), exp.Literal.number(0))
    return exp.paren(exp.Div(this=whole, expression=moved.copy()))


def _average(node: exp.Avg) -> None:
    """The sum, which is exact, in the last place's units, by as many units: as DuckDB takes decimals' average."""
    units = exp.Literal.number(10 ** scale(node.this))
    outer: exp.Expr = node
    while isinstance(outer.parent, (exp.Filter, exp.Window)) and outer.parent.this is outer:
        outer = outer.parent
    parts = []
    for of in (exp.Sum, exp.Count):
        node.set("marked", value=True)
        part = outer.copy()
        inner = next(one for one in part.find_all(exp.Avg) if one.args.get("marked"))
        taken = of(this=inner.this.copy())
        if inner is part:
            part = taken
        else:
            inner.replace(taken)
        moved = exp.Mul(this=part, expression=units.copy())
        parts.append(exp.Cast(this=moved, to=_TO_DOUBLE.copy()))
    outer.replace(exp.paren(exp.Div(this=parts[0], expression=parts[1])))


def _series(node: exp.GenerateSeries) -> exp.Expr:
    """Nothing where it would run backwards, which Spark's would; a month further from the 31st is refused."""
    start, end, step = node.args["start"], node.args["end"], node.args.get("step")
    backwards = exp.If(this=exp.GT(this=start.copy(), expression=end.copy()), true=exp.Null())
    ifs = [backwards]
    if step is not None and unit(step) in _MONTHS:
        late = exp.GT(this=exp.Day(this=start.copy()), expression=exp.Literal.number(_LAST))
        ifs.append(exp.If(this=late, true=exp.func("RAISE_ERROR", exp.Literal.string(_SHORTER))))
    return exp.Case(ifs=ifs, default=node.copy())


def _group(group: exp.Group) -> None:
    """GROUP BY ALL, which Spark 3.3 does not know: by the number of each column that aggregates nothing."""
    select = group.parent
    numbers = [
        exp.Literal.number(number)
        for number, one in enumerate(select.selects if isinstance(select, exp.Select) else (), 1)
        if not _aggregates(one)
    ]
    group.replace(exp.Group(expressions=numbers))


def _aggregates(projection: exp.Expr) -> bool:
    """Whether an aggregate stands in it: one over a window is none, one within that is."""
    return any(not isinstance(_holder(one), exp.Window) for one in projection.find_all(exp.AggFunc))


def _holder(aggregate: exp.Expr) -> exp.Expr | None:
    parent = aggregate.parent
    return parent.parent if isinstance(parent, exp.Filter) else parent


def _explode_first(select: exp.Select) -> None:
    """Spark unfolds a list in a column of its own only: what is made of its values is made around that."""
    unfolding = [one for one in select.selects if one.find(exp.Explode) is not None]
    if not unfolding:
        return
    ((explode,),) = ([*one.find_all(exp.Explode)] for one in unfolding)
    outer = []
    inner = []
    for number, one in enumerate(select.selects):
        name = f"_column_{number}"
        column = exp.column(name, quoted=True)
        if one is unfolding[0]:
            inner.append(exp.alias_(explode.copy(), name, quoted=True))
            explode.replace(column)
            outer.append(one.copy())
        else:
            inner.append(exp.alias_(one.unalias().copy(), name, quoted=True))
            outer.append(exp.alias_(column, one.alias_or_name, quoted=True))
    within = select.copy()
    within.set("with_", None)
    within.set("expressions", inner)
    kept = select.args.get("with_")
    for name in list(select.args):
        select.set(name, None)
    select.set("expressions", outer)
    select.set("from_", exp.From(this=within.subquery("_unfolded")))
    if kept is not None:
        select.set("with_", kept)
