"""A type's lexical form, its cast and its Iceberg name.

A value has a type only if it has the form: no engine's taste.
"""

from __future__ import annotations

from functools import singledispatch

from medallion.contracts.model import (
    BooleanType,
    ColumnType,
    DateType,
    DecimalType,
    DoubleType,
    IntegerType,
    StringType,
    TimestampType,
)
from medallion.errors import InvalidContract
from medallion.plan.timestamps import matches, parse_format

_NUMBERS = ("integer", "decimal", "double")
_LARGEST_DOUBLE = "CAST('1.7976931348623157E308' AS DOUBLE)"
_PLAIN_DIGITS = 6
"""Spark writes a decimal as Java does: with an exponent where it is less than a millionth
(https://docs.oracle.com/en/java/javase/17/docs/api/java.base/java/math/BigDecimal.html#toString()).
"""


def engine_cast(column_type: ColumnType, value: str) -> str | None:
    """The SQL expression by which an engine reads the text expression `value` as a number; None for other types.

    It takes more than the type's form does.
    """
    return f"TRY_CAST({value} AS {sql_type(column_type)})" if column_type.kind in _NUMBERS else None


def cast_expression(column_type: ColumnType, value: str, number: str | None = None) -> str:
    """The SQL expression that turns the text expression `value` into the type,
    or into null where it has not its form. `number` is where its `engine_cast` stands already, if it does.
    """
    return _cast(column_type, value, number or engine_cast(column_type, value) or "")


def iceberg_type(column_type: ColumnType) -> str:
    """The type's name in Iceberg's schema (https://iceberg.apache.org/spec/#primitive-types)."""
    match column_type:
        case StringType():
            return "string"
        case IntegerType():
            return "long"
        case DecimalType(precision=precision, scale=scale):
            return f"decimal({precision}, {scale})"
        case DoubleType():
            return "double"
        case BooleanType():
            return "boolean"
        case DateType():
            return "date"
        case TimestampType():
            return "timestamptz" if _is_instant(column_type) else "timestamp"


def sql_type(column_type: ColumnType) -> str:
    """The type's name in the dialect that plans are written in."""
    names = {"string": "VARCHAR", "long": "BIGINT", "timestamptz": "TIMESTAMPTZ"}
    name = iceberg_type(column_type)
    return names.get(name, name.upper())


@singledispatch
def _cast(column_type: ColumnType, value: str, _: str) -> str:
    raise InvalidContract(f"type {type(column_type).__name__} has no lexical form")


@_cast.register
def _(column_type: StringType, value: str, _: str) -> str:
    return value


@_cast.register
def _(column_type: IntegerType, value: str, number: str) -> str:
    return _exactly(value, r"[+-]?[0-9]{1,19}", number)


@_cast.register
def _(column_type: DecimalType, value: str, number: str) -> str:
    """No silent rounding: more digits after the point than the scale is not the type's form."""
    whole, scale = column_type.precision - column_type.scale, column_type.scale
    if scale == 0:
        form = rf"[+-]?[0-9]{{1,{whole}}}"
    elif whole == 0:
        form = rf"[+-]?0?\.[0-9]{{1,{scale}}}"
    else:
        form = rf"[+-]?(?:[0-9]{{1,{whole}}}(?:\.[0-9]{{0,{scale}}})?|\.[0-9]{{1,{scale}}})"
    return _exactly(value, form, number) if scale <= _PLAIN_DIGITS else _guarded(value, form, number)


@_cast.register
def _(column_type: DoubleType, value: str, number: str) -> str:
    form = r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,4})?"
    return _guarded(value, form, f"CASE WHEN ABS({number}) <= {_LARGEST_DOUBLE} THEN {number} END")


@_cast.register
def _(column_type: BooleanType, value: str, _: str) -> str:
    lowered = f"LOWER({value})"
    return f"CASE WHEN {lowered} IN ('true', 't', '1') THEN TRUE WHEN {lowered} IN ('false', 'f', '0') THEN FALSE END"


@_cast.register
def _(column_type: DateType, value: str, _: str) -> str:
    formats = [parse_format(pattern) for pattern in column_type.formats]
    return _first([(form.fits(value), f"TRY_CAST({form.iso_date(value)} AS DATE)") for form in formats])


@_cast.register
def _(column_type: TimestampType, value: str, _: str) -> str:
    kind = sql_type(column_type)
    formats = [parse_format(pattern) for pattern in column_type.formats]
    return _first([(form.fits(value), f"TRY_CAST({form.iso_timestamp(value)} AS {kind})") for form in formats])


def _is_instant(column_type: TimestampType) -> bool:
    zoned = {parse_format(pattern).has_zone for pattern in column_type.formats}
    if len(zoned) > 1:
        raise InvalidContract(
            f"timestamp formats {', '.join(column_type.formats)}: some have a zone and some have none; "
            "a column is either an instant or a local time"
        )
    return zoned.pop()


def _exactly(value: str, form: str, cast: str) -> str:
    """A number that stands there as the engine itself writes it has its form: most do, and a pattern takes longer."""
    return _first([(f"CAST({cast} AS VARCHAR) = {value} OR {matches(value, form)}", cast)])


def _guarded(value: str, form: str, cast: str) -> str:
    return _first([(matches(value, form), cast)])


def _first(forms: list[tuple[str, str]]) -> str:
    cases = " ".join(f"WHEN {fits} THEN {cast}" for fits, cast in forms)
    return f"CASE {cases} END"
