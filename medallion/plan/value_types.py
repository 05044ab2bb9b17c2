"""The types of a query's values as DuckDB gives them, where sqlglot alone would take a double for a decimal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sqlglot import exp
from sqlglot.dialects.duckdb import DuckDB
from sqlglot.optimizer.annotate_types import annotate_types
from sqlglot.optimizer.qualify import qualify

from medallion.plan.sql import WRITTEN_IN

_DOUBLE = exp.DataType.build("double")
_DOUBLES = (exp.DType.DOUBLE, exp.DType.FLOAT)


def annotate(tree: exp.Expr, columns: Mapping[str, Mapping[str, str]]) -> exp.Expr:
    """The query with each column's table and each value's type. `columns` are those of each table, with their types.

    sqlglot.errors.OptimizeError where a column cannot be told.
    """
    for literal in list(tree.find_all(exp.Literal)):
        _write_decimal(literal)
    schema: dict[str, object] = {table: dict(named) for table, named in columns.items()}
    qualified = qualify(tree, schema=schema, dialect=WRITTEN_IN, quote_identifiers=True)
    return annotate_types(qualified, schema=schema, expression_metadata=_RULES, dialect=WRITTEN_IN)


def scale(value: exp.Expr) -> int:
    """How many digits a decimal has after its point."""
    of = value.type.expressions if isinstance(value.type, exp.DataType) else []
    return int(of[1].name) if len(of) > 1 else 0


def _write_decimal(literal: exp.Literal) -> None:
    """1.5 is a decimal, 15e-1 a double."""
    before, point, after = literal.name.partition(".")
    if not literal.is_string and point and (before + after).isdigit():
        exact = exp.DataType.build(f"decimal({len(before + after)}, {len(after)})")
        literal.replace(exp.Cast(this=literal.copy(), to=exact))


def _common(values: Iterable[exp.Expr], digits: int | None = None) -> exp.DataType | None:
    """The type of numbers that one type must hold, with so many `digits` if they are decimals; None for others."""
    found = list(values)
    if any(one.is_type(*_DOUBLES) for one in found):
        return _DOUBLE.copy()
    exact = [scale(one) for one in found if one.is_type(exp.DType.DECIMAL)]
    return _decimal(max(exact) if digits is None else digits) if exact else None


def _decimal(digits: int) -> exp.DataType:
    return exp.DataType.build(f"decimal(38, {digits})")


def _reckoned(annotator: Any, node: exp.Binary) -> exp.Expr:
    """A sum, a difference, a product, a remainder."""
    digits = scale(node.left) + scale(node.right) if isinstance(node, exp.Mul) else None
    found = _common((node.left, node.right), digits)
    if found is None:
        usual: exp.Expr = DuckDB.EXPRESSION_METADATA[type(node)]["annotator"](annotator, node)
        return usual
    return _typed(annotator, node, found)


def _chosen(annotator: Any, node: exp.Expr) -> exp.Expr:
    """One of several values."""
    if isinstance(node, exp.Case):
        values = [*(one.args["true"] for one in node.args["ifs"]), node.args.get("default")]
    else:
        values = [node.this, *node.expressions]
    found = _common(one for one in values if one is not None)
    if found is None:
        usual: exp.Expr = DuckDB.EXPRESSION_METADATA[type(node)]["annotator"](annotator, node)
        return usual
    return _typed(annotator, node, found)


def _rounded(annotator: Any, node: exp.Round) -> exp.Expr:
    exact = node.this.is_type(exp.DType.DECIMAL)
    digits = node.args.get("decimals")
    kept = int(digits.name) if isinstance(digits, exp.Literal) and digits.name.isdigit() else 0
    return _typed(annotator, node, _decimal(min(kept, scale(node.this))) if exact else node.this.type)


def _cut(annotator: Any, node: exp.Expr) -> exp.Expr:
    return _typed(annotator, node, _decimal(0) if node.this.is_type(exp.DType.DECIMAL) else _DOUBLE.copy())


def _first(annotator: Any, node: exp.Expr) -> exp.Expr:
    return _typed(annotator, node, node.this.type)


def _typed(annotator: Any, node: exp.Expr, kind: Any) -> exp.Expr:
    typed: exp.Expr = annotator._set_type(node, kind)  # noqa: SLF001  # what sqlglot hands its own rules
    return typed


_RULES: dict[type[exp.Expr], Any] = {
    **DuckDB.EXPRESSION_METADATA,
    exp.Div: {"returns": exp.DType.DOUBLE},
    exp.Avg: {"returns": exp.DType.DOUBLE},
    **{kind: {"annotator": _reckoned} for kind in (exp.Add, exp.Sub, exp.Mul, exp.Mod)},
    **{kind: {"annotator": _chosen} for kind in (exp.Case, exp.Coalesce, exp.Greatest, exp.Least)},
    exp.Floor: {"annotator": _cut},
    exp.Ceil: {"annotator": _cut},
    exp.Nullif: {"annotator": _first},
    exp.Round: {"annotator": _rounded},
}
