"""What a Gold model may hold for Spark to answer it as DuckDB does: listed is what is known to mean the same.

Types tell it: a cast of 1.5 to a whole number gives 2 in one engine and 1 in the other, a cast of 1 to a decimal 1 in
both.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from sqlglot import exp

from medallion.plan.sql import WRITTEN_IN

T = exp.DType
WHOLE = frozenset({T.TINYINT, T.SMALLINT, T.INT, T.BIGINT, T.INT128, T.UTINYINT, T.USMALLINT, T.UINT, T.UBIGINT})
EXACT = frozenset({T.DECIMAL})
DOUBLE = frozenset({T.DOUBLE, T.FLOAT})
TEXT = frozenset({T.TEXT, T.VARCHAR, T.CHAR, T.NCHAR, T.NVARCHAR})
TRUTH = frozenset({T.BOOLEAN})
DAY = frozenset({T.DATE})
LOCAL = frozenset({T.TIMESTAMP, T.TIMESTAMPNTZ, T.DATETIME})
INSTANT = frozenset({T.TIMESTAMPTZ, T.TIMESTAMPLTZ})
NUMBER = WHOLE | EXACT | DOUBLE
TIME = DAY | LOCAL | INSTANT
_KINDS = (NUMBER, TEXT, TRUTH, TIME)
_UNITED = (WHOLE, EXACT, DOUBLE, TEXT, TRUTH, DAY, LOCAL, INSTANT)
_CASTS = (
    (WHOLE, WHOLE | EXACT | DOUBLE | TEXT),
    (EXACT, EXACT | DOUBLE),
    (DOUBLE, DOUBLE),
    (TEXT, TEXT),
    (TRUTH, TRUTH | TEXT),
    (DAY, DAY | LOCAL | TEXT),
    (LOCAL, LOCAL | DAY),
    (INSTANT, INSTANT | DAY),
)
_ANYWHERE: tuple[type[exp.Expr], ...] = (
    exp.Select, exp.From, exp.Where, exp.Group, exp.Having, exp.Order, exp.Ordered, exp.CTE, exp.Subquery,
    exp.Table, exp.TableAlias, exp.Alias, exp.Column, exp.Identifier, exp.Star, exp.Paren, exp.Literal, exp.Boolean,
    exp.Null, exp.DataType, exp.DataTypeParam, exp.Var, exp.And, exp.Or, exp.Not, exp.Is, exp.Exists,
    exp.Filter, exp.Window, exp.RowNumber, exp.Rank, exp.DenseRank, exp.Lag, exp.Lead,
)  # fmt: skip
_ALIKE: tuple[type[exp.Expr], ...] = (
    exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.NullSafeEQ, exp.NullSafeNEQ, exp.Between,
    exp.Coalesce, exp.Nullif, exp.Greatest, exp.Least,
)  # fmt: skip
"""What compares or chooses: numbers with numbers, texts with texts."""
_OF: dict[type[exp.Expr], frozenset[exp.DType]] = {
    exp.Mul: NUMBER, exp.Div: NUMBER, exp.Mod: WHOLE, exp.Neg: NUMBER, exp.Abs: NUMBER,
    exp.Floor: EXACT, exp.Ceil: EXACT, exp.Sum: NUMBER, exp.Avg: NUMBER,
    exp.DPipe: TEXT, exp.Length: TEXT, exp.StartsWith: TEXT, exp.EndsWith: TEXT,
    exp.Year: TIME, exp.Month: TIME, exp.Day: TIME, exp.LastDay: DAY | LOCAL,
}  # fmt: skip
"""What takes operands of certain types."""
_UNITS = {"YEAR", "QUARTER", "MONTH", "WEEK", "DAY", "HOUR", "MINUTE", "SECOND"}
_JOINS = {("", ""), ("", "INNER"), ("", "CROSS"), ("LEFT", ""), ("RIGHT", ""), ("FULL", "")}
_JOINS |= {(side, "OUTER") for side in ("LEFT", "RIGHT", "FULL")}


def unlike(tree: exp.Expr) -> str | None:
    """The first part of an annotated query that is not known to mean the same, as it is written; None without one."""
    found = next((node for node in tree.walk() if not _is_alike(node)), None)
    return None if found is None else found.sql(dialect=WRITTEN_IN, comments=False)


def kind(node: exp.Expr) -> exp.DType | None:
    """The type of a value, without its parameters."""
    return node.type.this if isinstance(node.type, exp.DataType) else None


def _is_alike(node: exp.Expr) -> bool:  # noqa: C901, PLR0912  # one line for each kind of node
    match node:
        case exp.TryCast():
            return False
        case exp.Cast():
            return _casts_alike(node)
        case exp.Add() | exp.Sub():
            return _of((node.this, node.expression), NUMBER) or (
                kind(node.this) in TIME and isinstance(node.expression, exp.Interval)
            )
        case exp.Round():
            return _of((node.this,), NUMBER) and (node.args.get("decimals") is None or digits(node) is not None)
        case exp.TimestampTrunc() | exp.DateTrunc():
            return kind(node.this) in TIME and unit(node) in _UNITS
        case exp.AtTimeZone():
            return kind(node.this) in INSTANT and isinstance(node.args["zone"], exp.Literal)
        case exp.Interval():
            return isinstance(node.this, exp.Literal) and unit(node) in _UNITS
        case exp.If():
            return isinstance(node.parent, exp.Case)
        case exp.Case():
            answers = [*(one.args["true"] for one in node.args["ifs"]), node.args.get("default")]
            return node.this is None and _same([one for one in answers if one is not None])
        case exp.In():
            against = [one.unnest() for one in (node.args.get("query"),) if one is not None]
            listed = [*node.expressions, *(one.selects[0] for one in against if isinstance(one, exp.Query))]
            return bool(listed) and _same([node.this, *listed])
        case exp.Like():
            pattern = node.expression
            return kind(node.this) in TEXT and isinstance(pattern, exp.Literal) and "\\" not in pattern.name
        case exp.Count():
            return not node.expressions and not (
                isinstance(node.this, exp.Distinct) and len(node.this.expressions) != 1
            )
        case exp.Min() | exp.Max():
            return not node.expressions and node.args.get("count") is None
        case exp.Distinct():
            return node.args.get("on") is None and isinstance(node.parent, (exp.Select, exp.Count))
        case exp.Join():
            return (node.side, node.kind) in _JOINS and not node.method
        case exp.With():
            return not node.recursive
        case exp.WindowSpec():
            return node.args.get("kind") == "ROWS"
        case exp.SetOperation():
            sides = (node.left.selects, node.right.selects)
            return not node.args.get("by_name") and all(_same(pair, _UNITED) for pair in zip(*sides, strict=False))
        case exp.Explode():
            return isinstance(node.this, exp.GenerateSeries) and node.find_ancestor(exp.Alias) is not None
        case exp.GenerateSeries():
            return isinstance(node.parent, exp.Explode) and not node.args.get("is_end_exclusive") and _steps_on(node)
    if type(node) in _ALIKE:
        return _same([one for one in node.iter_expressions() if not isinstance(one, exp.Identifier)])
    if type(node) in _OF:
        return _of(node.iter_expressions(), _OF[type(node)])
    return type(node) in _ANYWHERE


def unit(node: exp.Expr) -> str:
    """The unit of an interval or a truncation, in the singular."""
    named = node.args.get("unit")
    return "" if named is None else str(named.name).upper().removesuffix("S")


def digits(rounding: exp.Round) -> int | None:
    """To how many digits it rounds; None where that is not written as a number."""
    wanted = rounding.args.get("decimals")
    if wanted is None:
        return 0
    return int(wanted.name) if isinstance(wanted, exp.Literal) and wanted.name.isdigit() else None


def _casts_alike(node: exp.Cast) -> bool:
    to = node.to.this
    if isinstance(node.this, exp.Literal):
        if not node.this.is_string:
            return to in EXACT | DOUBLE
        return to in DAY and _is_date(node.this.name)
    return any(kind(node.this) in given and to in wanted for given, wanted in _CASTS)


def _is_date(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _steps_on(series: exp.GenerateSeries) -> bool:
    """Whole numbers, or days and times by a written interval; upwards."""
    bounds, step = (series.args["start"], series.args["end"]), series.args.get("step")
    if _of(bounds, WHOLE):
        return step is None or (isinstance(step, exp.Literal) and step.name.isdigit() and int(step.name) > 0)
    if not isinstance(step, exp.Interval) or not isinstance(step.this, exp.Literal):
        return False
    return _of(bounds, DAY | LOCAL) and step.this.name.isdigit() and int(step.this.name) > 0


def _of(nodes: Iterable[exp.Expr], wanted: frozenset[exp.DType]) -> bool:
    return all(kind(one) in wanted or isinstance(one, exp.Null) for one in nodes if not isinstance(one, exp.Var))


def _same(nodes: Iterable[exp.Expr], kinds: Iterable[frozenset[exp.DType]] = _KINDS) -> bool:
    found = {kind(one) for one in nodes if not isinstance(one, exp.Null)} - {T.NULL}
    return any(found <= wanted for wanted in kinds)
