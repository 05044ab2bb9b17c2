"""SQL is written once, in DuckDB's dialect, and transpiled for the other engines."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType

import sqlglot
from sqlglot import exp

WRITTEN_IN = "duckdb"
ENGINES = ("duckdb", "spark")
_UTC = "+00:00"


def quoted(name: str) -> str:
    """`name` as a quoted identifier."""
    return exp.to_identifier(name, quoted=True).sql(dialect=WRITTEN_IN)


def literal(text: str) -> str:
    """`text` as a string literal."""
    return exp.Literal.string(text).sql(dialect=WRITTEN_IN)


def dividing_alike(expression: str) -> str:
    """The expression with quotients and remainders that are the same in every engine: a quotient is of doubles, and
    what is divided by zero is null. DuckDB would say infinity, Spark would divide decimals to fewer digits.
    """

    tree = sqlglot.parse_one(f"({expression})", dialect=WRITTEN_IN)
    # The innermost first: what stands around it takes it up as it is by then.
    for node in reversed(list(tree.find_all(exp.Div, exp.Mod))):
        over, under = node.this, node.expression
        if isinstance(node, exp.Div):
            over, under = (exp.cast(part.unnest(), exp.DType.DOUBLE) for part in (over, under))
        nonzero = exp.func("NULLIF", under, exp.Literal.number(0))
        node.replace(type(node)(this=over, expression=nonzero))
    return tree.sql(dialect=WRITTEN_IN)


@lru_cache(maxsize=512)
def transpile(statement: str) -> Mapping[str, str]:
    """One statement or expression in the dialect of every engine."""
    tree = sqlglot.parse_one(statement, dialect=WRITTEN_IN)
    return MappingProxyType({engine: _spoken(tree, engine) for engine in ENGINES})


def _spoken(tree: exp.Expr, engine: str) -> str:
    if engine == WRITTEN_IN:
        return tree.sql(dialect=engine)
    spoken = tree.copy().transform(_for_spark)
    # Nothing reads a table's rows by their place: to order them all, Spark would compute them twice.
    spoken.set("order", None)
    return spoken.sql(dialect=engine)


_SPARKS_NAMES = {"STRLEN": "OCTET_LENGTH", "HASH": "XXHASH64"}


def _for_spark(node: exp.Expr) -> exp.Expr:
    """Some functions' names are DuckDB's own, unknown to sqlglot. All else is what Spark is slow at, in words that
    it is quicker at.
    """
    if isinstance(node, exp.DPipe) and (found := _spelt_length(node)):
        return _looked_up(*found)
    if isinstance(node, exp.Anonymous):
        node.set("this", _SPARKS_NAMES.get(node.name.upper(), node.name))
    if isinstance(node, exp.TryCast) and node.to.is_type(exp.DType.TIMESTAMPTZ, exp.DType.TIMESTAMP):
        node.set("this", _first_bytes(_without_utc(node)))
    if isinstance(node, exp.If) and (date := _cast_to_date(node.args["true"])):
        node.set("this", node.this.transform(_date_by_dashes, date))
    return node


def _without_utc(node: exp.TryCast) -> exp.Expr:
    """A text that says UTC need not say so, for a session's time is UTC: a zone is looked up."""
    said: exp.Expr = node.this
    if (
        isinstance(said, exp.DPipe)
        and said.right == exp.Literal.string(_UTC)
        and node.to.is_type(exp.DType.TIMESTAMPTZ)
    ):
        return said.left
    return said


def _first_bytes(said: exp.Expr) -> exp.Expr:
    """What a moment's text begins with, by bytes: Spark looks for where each character begins. Where one has several
    bytes, it is no moment, whatever is cut.
    """
    if not (isinstance(said, exp.Substring) and said.args.get("start") == exp.Literal.number(1)):
        return said
    cut = said.copy()
    cut.set("this", exp.cast(cut.this, exp.DType.BINARY))
    return exp.cast(cut, exp.DType.TEXT)


_DATE = exp.Literal.string(r"\A[0-9][0-9][0-9][0-9]\-[0-1][0-9]\-[0-3][0-9]\z")
"""The form of `yyyy-MM-dd`, as `timestamps` has it."""


def _cast_to_date(node: exp.Expr) -> exp.Expr | None:
    """The text that is cast to a date, where one is."""
    return node.this if isinstance(node, exp.TryCast) and node.to.is_type(exp.DType.DATE) else None


def _date_by_dashes(node: exp.Expr, date: exp.Expr) -> exp.Expr:
    """The form of a text that is cast to a date if it has it. Such a cast takes digits between dashes, one or two of a
    month and of a day, and what follows a space or a T; of ten bytes with a digit at their end, the dashes' places
    leave the form alone. A pattern takes twice as long.
    """
    if not (isinstance(node, exp.RegexpLike) and node.this == date and node.expression == _DATE):
        return node
    said = date.sql(dialect="spark")
    by_dashes = (
        f"OCTET_LENGTH({said}) = 10 AND LOCATE('-', {said}) = 5 AND LOCATE('-', {said}, 6) = 8 "
        f"AND SUBSTRING(CAST({said} AS BINARY), 10, 1) BETWEEN X'30' AND X'39'"
    )
    return exp.paren(sqlglot.parse_one(by_dashes, dialect="spark"))


def _is_length(node: exp.Expr) -> bool:
    return isinstance(node, exp.Anonymous) and node.name.upper() == "STRLEN"


_SHORT = 64
"""Bytes of a text whose length is looked up."""


def _spelt_length(node: exp.DPipe) -> tuple[str, exp.Expr, str] | None:
    """Of `'before' || CAST(STRLEN(text) AS VARCHAR) || 'after'`, its three parts."""
    first, after = node.this, node.expression
    if not (isinstance(first, exp.DPipe) and first.this.is_string and after.is_string):
        return None
    spelt = first.expression
    if not (isinstance(spelt, exp.Cast) and _is_length(spelt.this) and "\n" not in first.this.name + after.name):
        return None
    return first.this.name, spelt.this.expressions[0], after.name


def _looked_up(before: str, text: exp.Expr, after: str) -> exp.Expr:
    """What stands before a text with its length in it: to spell numbers and join texts would take Spark longer than
    all else of a record's hash. It splits the list once for a statement.
    """
    length = exp.Anonymous(this="OCTET_LENGTH", expressions=[text.copy()])
    listed = exp.Literal.string("\n".join(f"{before}{number}{after}" for number in range(_SHORT)))
    split = exp.Anonymous(this="SPLIT", expressions=[listed, exp.Literal.string("\n")])
    parts = (exp.Literal.string(before), exp.cast(length.copy(), exp.DType.TEXT), exp.Literal.string(after))
    spelt = exp.Anonymous(this="CONCAT", expressions=list(parts))
    return exp.func("COALESCE", exp.Bracket(this=split, expressions=[length]), spelt)
