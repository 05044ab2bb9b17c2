"""Custom rules: one boolean SQL expression over the columns of one record, the same in every engine.

What an expression may hold is listed, not what it may not: no query, no table, no clock and no chance can come in.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

DIALECT = "duckdb"

_CONNECTIVES: tuple[type[exp.Expression], ...] = (exp.And, exp.Or, exp.Not, exp.Paren)
_PREDICATES: tuple[type[exp.Expression], ...] = (
    exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.NullSafeEQ, exp.NullSafeNEQ,
    exp.Between, exp.In, exp.Is, exp.Like, exp.StartsWith, exp.EndsWith,
)  # fmt: skip
_VALUES: tuple[type[exp.Expression], ...] = (
    exp.Column, exp.Identifier, exp.Literal, exp.Boolean, exp.Null,
    exp.Interval, exp.Var, exp.DataType, exp.DataTypeParam,
    exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Mod, exp.Neg, exp.DPipe,
    exp.Case, exp.If, exp.Coalesce, exp.Nullif, exp.Greatest, exp.Least, exp.TryCast,
    exp.Abs, exp.Round, exp.Floor, exp.Ceil,
    exp.Lower, exp.Upper, exp.Length, exp.Trim, exp.Substring, exp.Concat,
    exp.Year, exp.Month, exp.Day, exp.Extract, exp.DateDiff,
)  # fmt: skip
_CORRECTING: tuple[type[exp.Expression], ...] = (exp.Replace, exp.RegexpReplace, exp.Pad, exp.Left, exp.Right)
"""What a correction may use beside."""
FUNCTIONS = (
    "CASE COALESCE NULLIF GREATEST LEAST TRY_CAST ABS ROUND FLOOR CEIL LOWER UPPER LENGTH TRIM SUBSTRING CONCAT "
    "STARTS_WITH ENDS_WITH YEAR MONTH DAY EXTRACT DATE_DIFF"
)


class NotAllowed(ValueError):
    """The expression is not one that a rule may be; the message says why."""


def check_expression(text: str, columns: Collection[str]) -> str:
    """The expression in one canonical spelling; NotAllowed if it is not one boolean expression over `columns`."""
    tree = _parsed(text, columns, ())
    if not isinstance(tree.unnest(), (*_CONNECTIVES, *_PREDICATES)):
        raise NotAllowed("it is not a condition that is true or false")
    return tree.sql(dialect=DIALECT, comments=False)


def check_rounding(expression: str, doubles: Collection[str]) -> None:
    """NotAllowed if the expression rounds what is not exact: engines differ over 1.005 to two digits, and over 1e300.

    `doubles` are the columns of that type; a quotient is one, too.
    """
    for rounding in sqlglot.parse_one(expression, dialect=DIALECT).find_all(exp.Round, exp.Floor, exp.Ceil):
        for node in rounding.walk():
            cast = isinstance(node, exp.TryCast) and node.is_type(exp.DataType.Type.DOUBLE, exp.DataType.Type.FLOAT)
            if cast or isinstance(node, exp.Div) or (isinstance(node, exp.Column) and node.name in doubles):
                raise NotAllowed(
                    f"{rounding.sql(dialect=DIALECT)} rounds a double, which engines do not do alike; round a decimal, "
                    "or compare with bounds"
                )


def check_correction(text: str, columns: Collection[str]) -> str:
    """The expression in one canonical spelling; NotAllowed if it is not one expression over the texts of `columns`.

    A correction may also cut, pad and replace text.
    """
    return _parsed(text, columns, _CORRECTING).sql(dialect=DIALECT, comments=False)


def _parsed(text: str, columns: Collection[str], beside: tuple[type[exp.Expression], ...]) -> exp.Expr:
    try:
        statements = sqlglot.parse(text, dialect=DIALECT)
    except SqlglotError as error:
        raise NotAllowed(f"it cannot be parsed: {str(error).splitlines()[0]}") from error
    if len(statements) != 1 or statements[0] is None:
        raise NotAllowed("it is not one expression")
    tree = statements[0]
    for node in tree.walk():
        _check_node(node, columns, beside)
    return tree


def _check_node(node: exp.Expr, columns: Collection[str], beside: tuple[type[exp.Expression], ...]) -> None:
    if isinstance(node, exp.Column) and (node.table or node.name not in columns):
        raise NotAllowed(f"{node.sql(dialect=DIALECT)} is no column of this contract")
    if isinstance(node, exp.Cast) and not isinstance(node, exp.TryCast):
        _check_cast(node)
        return
    if not isinstance(node, (*_CONNECTIVES, *_PREDICATES, *_VALUES, *beside)):
        named = node.name if isinstance(node, exp.Anonymous) else node.key.upper()
        raise NotAllowed(f"{named} may not be used; the functions are {FUNCTIONS}")


def _check_cast(node: exp.Cast) -> None:
    """A cast may only spell a constant, as in DATE '2026-01-31': on a record's value it could fail the whole run."""
    try:
        if isinstance(node.this, exp.Literal) and node.is_type(exp.DataType.Type.DATE):
            date.fromisoformat(node.this.name)
            return
        if isinstance(node.this, exp.Literal) and node.is_type(exp.DataType.Type.TIMESTAMP):
            datetime.fromisoformat(node.this.name)
            return
    except ValueError as error:
        raise NotAllowed(f"{node.sql(dialect=DIALECT)} is no date") from error
    raise NotAllowed("CAST fails the whole run on a value that it cannot cast; use TRY_CAST")
