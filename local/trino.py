"""Athena's SQL (Trino) as DuckDB's, with the same results: what the two mean differently is rewritten, or refused.

The dialects' spelling is sqlglot's business. Their meaning differs by operand types (division, averages, dates),
which DuckDB
itself tells: each such expression is marked, the marked query is bound once against empty tables, and the types are
read
from the bound plan.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import duckdb
import sqlglot
from sqlglot import exp
from sqlglot.optimizer.scope import traverse_scope, walk_in_scope

_WHOLE = {"TINYINT": 3, "SMALLINT": 5, "INTEGER": 10, "BIGINT": 19, "HUGEINT": 19, "INTEGER_LITERAL": 10}
_FLOATS = ("FLOAT", "DOUBLE")
_MARK = "__typed_"
_ROUNDS = 12
"""How deep expressions that depend on each other's types may nest."""

_WIDTH_BUCKET = """
CREATE MACRO width_bucket(x, low, high, n) AS CASE
    WHEN low = high OR n <= 0 THEN error('INVALID_FUNCTION_ARGUMENT: width_bucket needs two bounds and a count')
    WHEN low < high AND x < low OR low > high AND x > low THEN 0
    WHEN low < high AND x >= high OR low > high AND x <= high THEN n + 1
    ELSE floor((x::DOUBLE - low) * n / (high - low))::BIGINT + 1
END
"""
_QUOTIENTS = {
    "whole_quotient": ("b = 0", "a // b"),
    "remainder": (
        "b = 0 AND typeof(a) NOT IN ('FLOAT', 'DOUBLE') AND typeof(b) NOT IN ('FLOAT', 'DOUBLE')",
        "a % b",
    ),
    "rounded_quotient": (
        "b = 0",
        "if((a < 0) <> (b < 0), -1, 1)::HUGEINT * ((abs(a::HUGEINT) * 2 + abs(b::HUGEINT)) // (abs(b::HUGEINT) * 2))",
    ),
}
MACROS = (
    *(
        f"CREATE MACRO {name}{suffix}(a, b) AS CASE WHEN {by_zero} THEN {otherwise} ELSE {value} END"
        for name, (by_zero, value) in _QUOTIENTS.items()
        for suffix, otherwise in (("", "error('DIVISION_BY_ZERO: Division by zero')"), ("_or_null", "NULL"))
    ),
    _WIDTH_BUCKET,
)
"""What a connection needs before a translated query runs on it."""


class NotSupported(Exception):
    """The statement is Athena SQL that the embedded Athena would answer wrongly, so that it refuses it."""


@dataclass(frozen=True)
class Type:
    """An operand's DuckDB type, with a decimal's precision and scale."""

    name: str
    precision: int = 0
    scale: int = 0

    @property
    def exact(self) -> bool:
        return self.name == "DECIMAL" or self.name in _WHOLE

    def digits(self) -> tuple[int, int]:
        """Precision and scale as Trino sees the operand of a decimal operation."""
        return (self.precision, self.scale) if self.name == "DECIMAL" else (_WHOLE[self.name], 0)


def parse(sql: str) -> exp.Query:
    """The one statement as a tree. NotSupported for anything but a query; sqlglot's ParseError for what is no SQL."""
    statements = [statement for statement in sqlglot.parse(sql, dialect="athena") if statement is not None]
    if len(statements) != 1:
        raise NotSupported("Only one sql statement is allowed")
    [statement] = statements
    if not isinstance(statement, exp.Query):
        raise NotSupported(f"the embedded Athena runs queries only, not {statement.key.upper()}")
    return statement


def translate(tree: exp.Query, shapes: duckdb.DuckDBPyConnection) -> str:
    """The query in DuckDB's SQL. `shapes` is a connection that has the query's tables, empty, by the tree's names."""
    _name_columns(tree)
    for node in reversed(list(tree.walk())):
        replacement = _plain(node)
        if replacement is not node:
            node.replace(replacement)
    # A subquery before what reads it: a column's type is its expression's, once that is resolved.
    for scope in traverse_scope(tree):
        _resolve(scope.expression, tree, shapes)
    return tree.sql(dialect="duckdb")


def _resolve(part: exp.Expr, tree: exp.Query, shapes: duckdb.DuckDBPyConnection) -> None:
    for _ in range(_ROUNDS):
        marked = [_Marked(number, node) for number, node in enumerate(_innermost(part))]
        if not marked:
            return
        for each in marked:
            each.mark()
        types = _bind(tree, shapes)
        for each in marked:
            each.resolve(types)
    raise NotSupported("expressions nest too deeply for the embedded Athena")


def _name_columns(tree: exp.Query) -> None:
    """Athena names a column without a name `_col` and its position."""
    select: exp.Expr = tree
    while isinstance(select, exp.SetOperation):
        select = select.this
    if not isinstance(select, exp.Select):
        return
    for position, projection in enumerate(list(select.expressions)):
        if not isinstance(projection, exp.Alias | exp.Column | exp.Dot) and not projection.is_star:
            projection.replace(exp.alias_(projection.copy(), f"_col{position}", quoted=True))


# --- what differs whatever the types are

_JODA = {
    "yyyy": "%Y", "YYYY": "%Y", "yy": "%y", "MMMM": "%B", "MMM": "%b", "MM": "%m", "M": "%-m", "dd": "%d", "d": "%-d",
    "EEEE": "%A", "EEE": "%a", "HH": "%H", "H": "%-H", "hh": "%I", "h": "%-I", "mm": "%M", "m": "%-M", "ss": "%S",
    "s": "%-S", "SSS": "%g", "a": "%p", "D": "%-j", "DDD": "%j",
}  # fmt: skip
_LOCAL_TIME = (exp.Cast, exp.Extract, exp.TimeToStr, exp.DateTrunc, exp.TimestampTrunc, exp.Year, exp.Month, exp.Day)


def _plain(node: exp.Expr) -> exp.Expr:
    if isinstance(node, exp.Mod):
        return _expression(f"remainder{_or_null(node)}(a, b)", a=node.left, b=node.right)
    if isinstance(node, exp.DateDiff):
        unit = exp.Literal.string(str(node.args.get("unit") or "day").lower())
        # DuckDB's date_diff counts the boundaries crossed, Trino's the whole units that passed.
        return exp.Anonymous(this="date_sub", expressions=[unit, node.expression.copy(), node.this.copy()])
    if isinstance(node, exp.RegexpExtract):
        found = node.copy()
        matches = exp.RegexpLike(this=node.this.copy(), expression=node.expression.copy())
        return exp.Case(ifs=[exp.If(this=matches, true=found)])
    if isinstance(node, exp.AtTimeZone):
        return _at_timezone(node, node.this, node.args["zone"])
    if isinstance(node, exp.Anonymous):
        name, arguments = node.name.lower(), node.expressions
        if name == "format_datetime":
            pattern = exp.Literal.string(_strftime(arguments[1]))
            return exp.Anonymous(this="strftime", expressions=[arguments[0].copy(), pattern])
        if name == "at_timezone":
            return _at_timezone(node, *arguments)
    return node


def _strftime(pattern: exp.Expr) -> str:
    """A Joda pattern as strftime's. NotSupported for a letter that strftime has nothing for."""
    if not pattern.is_string:
        raise NotSupported("format_datetime needs a literal pattern on the embedded Athena")
    out, text = "", pattern.name
    while text:
        first = text[0]
        if first == "'":
            quoted, _, text = text[1:].partition("'")
            out += (quoted or "'").replace("%", "%%")
            continue
        run = text[: len(text) - len(text.lstrip(first))]
        text = text[len(run) :]
        if first.isalpha() and run not in _JODA:
            raise NotSupported(f"format_datetime's {run!r} is not supported by the embedded Athena")
        out += _JODA.get(run, run.replace("%", "%%"))
    return out


def _at_timezone(node: exp.Expr, instant: exp.Expr, zone: exp.Expr) -> exp.Expr:
    """The local time in a zone, where only the local time matters: DuckDB's instants carry no zone of their own."""
    parent = node.parent
    formats = isinstance(parent, exp.Anonymous) and parent.name.lower() in ("format_datetime", "strftime")
    if not formats and not isinstance(parent, _LOCAL_TIME):
        raise NotSupported("a time zone is supported by the embedded Athena directly inside a format, a cast or a part")
    return _expression("timezone(z, CAST(x AS TIMESTAMPTZ))", z=zone, x=instant)


# --- what differs by type

_DATE_UNITS = ("day", "week", "month", "quarter", "year")
_WHOLE_TARGETS = (exp.DType.TINYINT, exp.DType.SMALLINT, exp.DType.INT, exp.DType.BIGINT)


def _operands(node: exp.Expr) -> list[exp.Expr] | None:
    """The operands whose types decide what the expression means; None where types do not matter."""
    if node.meta.get("resolved"):
        return None
    if isinstance(node, exp.Div):
        return [node.left, node.right]
    if isinstance(node, exp.Avg):
        return [node.this.expressions[0] if isinstance(node.this, exp.Distinct) else node.this]
    if isinstance(node, exp.Cast) and node.to.this in _WHOLE_TARGETS:
        return [node.this]
    if isinstance(node, exp.Add | exp.Sub) and isinstance(node.right, exp.Interval):
        return [node.left]
    if isinstance(node, exp.DateAdd | exp.DateSub | exp.DateTrunc | exp.TimestampTrunc):
        return [node.this]
    return None


def _innermost(tree: exp.Expr) -> list[exp.Expr]:
    """The expressions to resolve that hold no other one."""
    found = [node for node in walk_in_scope(tree) if _operands(node) is not None]
    holders = {id(parent) for node in found for parent in _ancestors(node)}
    return [node for node in found if id(node) not in holders]


def _ancestors(node: exp.Expr) -> Iterator[exp.Expr]:
    while (parent := node.parent) is not None:
        yield parent
        node = parent


class _Marked:
    """An expression whose operands are wrapped so that the bound plan names their types."""

    def __init__(self, number: int, node: exp.Expr) -> None:
        self._names: list[str] = []
        self._number = number
        self._node = node
        self._operands = _operands(node) or []

    def mark(self) -> None:
        for position, operand in enumerate(self._operands):
            name = f"{_MARK}{self._number}_{position}"
            wrapped = _expression(f"struct_extract(struct_pack({name} := x), '{name}')", x=operand)
            operand.replace(wrapped)
            self._names.append(name)

    def resolve(self, types: dict[str, Type]) -> None:
        node = self._node
        for operand, wrapper in zip(self._operands, _operands(node) or [], strict=True):
            wrapper.replace(operand.copy())
        node.meta["resolved"] = True
        found = [types[name] for name in self._names if name in types]
        if len(found) == len(self._names):
            _rewrite(node, found)


def _rewrite(node: exp.Expr, types: list[Type]) -> None:
    first = types[0]
    if isinstance(node, exp.Div):
        if all(each.exact for each in types):
            node.replace(_quotient(node, first, types[1]))
    elif isinstance(node, exp.Avg):
        if first.name == "DECIMAL":
            _rewrite_average(node, first)
    elif isinstance(node, exp.Cast):
        if first.name in _FLOATS:
            # DuckDB rounds halves to the even number, Trino away from zero.
            node.this.replace(_expression("round(x)", x=node.this))
    elif first.name == "DATE" and _unit(node) in _DATE_UNITS:
        date = exp.cast(node.copy(), "date")
        date.this.meta["resolved"] = True
        node.replace(date)


def _unit(node: exp.Expr) -> str:
    holder = node.right if isinstance(node, exp.Add | exp.Sub) else node
    unit = holder.args.get("unit")
    return str(unit.name if unit is not None else "day").lower().rstrip("s")


def _quotient(node: exp.Div, left: Type, right: Type) -> exp.Expr:
    """Trino's division of exact numbers: whole numbers truncate; decimals round halves up, at the larger scale."""
    if left.name != "DECIMAL" and right.name != "DECIMAL":
        return _expression(f"whole_quotient{_or_null(node)}(a, b)", a=node.left, b=node.right)
    (left_digits, left_scale), (_, right_scale) = left.digits(), right.digits()
    scale = max(left_scale, right_scale)
    shift = scale + right_scale
    precision = min(38, left_digits + right_scale + max(0, right_scale - left_scale))
    quotient = _expression(
        f"rounded_quotient{_or_null(node)}(CAST(a * {10**shift} AS HUGEINT), CAST(b * {10**right_scale} AS HUGEINT))",
        a=node.left,
        b=node.right,
    )
    return _decimal(quotient, precision, scale)


def _rewrite_average(node: exp.Avg, of: Type) -> None:
    """Trino's average of decimals: a decimal of the same scale, halves rounded up."""
    outer: exp.Expr = node
    while isinstance(outer.parent, exp.Filter | exp.Window) and outer.parent.this is outer:
        outer = outer.parent
    total, count = (_with_aggregate(outer, kind) for kind in (exp.Sum, exp.Count))
    quotient = _expression(
        f"rounded_quotient(CAST(total * {10**of.scale} AS HUGEINT), nullif(number, 0))", total=total, number=count
    )
    outer.replace(_decimal(quotient, of.precision, of.scale))


def _with_aggregate(outer: exp.Expr, kind: type[exp.AggFunc]) -> exp.Expr:
    copy = outer.copy()
    average = copy if isinstance(copy, exp.Avg) else next(node for node in copy.find_all(exp.Avg))
    aggregate = kind(this=average.this.copy())
    if average is copy:
        return aggregate
    average.replace(aggregate)
    return copy


def _or_null(node: exp.Expr) -> str:
    """Inside TRY a division by zero is null; DuckDB's own TRY refuses a call of error()."""
    return "_or_null" if node.find_ancestor(exp.Try) else ""


def _decimal(quotient: exp.Expr, precision: int, scale: int) -> exp.Expr:
    """A whole number of units of the scale, as a decimal."""
    if scale == 0:
        return _expression(f"CAST(q AS DECIMAL({precision}, 0))", q=quotient)
    unit = f"CAST(0.{'0' * (scale - 1)}1 AS DECIMAL({scale}, {scale}))"
    return _expression(
        f"CAST(CAST(q AS DECIMAL(38, 0)) * {unit} AS DECIMAL({max(precision, scale)}, {scale}))", q=quotient
    )


def _expression(template: str, **operands: exp.Expr) -> exp.Expr:
    """The template, DuckDB's SQL, with the operands in its columns' places. Nothing in the template is resolved
    again."""
    tree = sqlglot.parse_one(template, dialect="duckdb")
    for node in tree.walk():
        node.meta["resolved"] = True
    for column in list(tree.find_all(exp.Column)):
        if column.name in operands:
            column.replace(exp.paren(operands[column.name].copy()))
    return tree


def _bind(tree: exp.Expr, shapes: duckdb.DuckDBPyConnection) -> dict[str, Type]:
    """The types of the marked operands, by mark."""
    row = shapes.execute("SELECT json_serialize_plan(?)", [tree.sql(dialect="duckdb")]).fetchone()
    plan: dict[str, Any] = json.loads(row[0]) if row else {"error": True, "error_message": "no plan"}
    if plan.get("error"):
        raise duckdb.BinderException(str(plan.get("error_message")))
    types: dict[str, Type] = {}
    pending: list[Any] = [plan]
    while pending:
        part = pending.pop()
        if isinstance(part, dict):
            pending += part.values()
            for child in part.get("child_types") or []:
                name = child.get("first", "") if isinstance(child, dict) else ""
                if name.startswith(_MARK):
                    types[name] = _type(child["second"])
        elif isinstance(part, list):
            pending += part
    return types


def _type(described: dict[str, Any]) -> Type:
    info = described.get("type_info") or {}
    return Type(described["id"], info.get("width", 0), info.get("scale", 0))
