"""A column's extremes as a contract writes bounds, each so that it takes the extreme itself."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import datetime
from decimal import ROUND_CEILING, ROUND_FLOOR, Context, Decimal

from medallion.contracts.model import DateType, DecimalType, DoubleType, IntegerType, TimestampType
from medallion.contracts.profile import ColumnProfile
from medallion.contracts.temporal import check_pattern

_MOST_DIGITS = 38
_EXACT_DIGITS = 15
"""So many digits of a decimal a YAML reader's binary number keeps."""


def bounds(column: ColumnProfile) -> Iterator[tuple[str, str]]:
    """The column's bounds as YAML, each with its reason; those that there are. Times have no latest: tomorrow's are
    later.
    """
    least, most = _bound(column, column.minimum, ROUND_FLOOR), _bound(column, column.maximum, ROUND_CEILING)
    if least is not None:
        yield f"minimum: {least}", _why("least", least, column, column.minimum)
    if most is not None and not isinstance(column.type, DateType | TimestampType):
        yield f"maximum: {most}", _why("greatest", most, column, column.maximum)


def plain(column: ColumnProfile, value: str) -> str:
    """An extreme as people write it: of a decimal, without the zeros that its type adds."""
    if not isinstance(column.type, DecimalType):
        return value
    return f"{_shortened(Decimal(value)):f}"


def _why(extreme: str, bound: str, column: ColumnProfile, value: str | None) -> str:
    if isinstance(column.type, DecimalType) and value is not None and Decimal(value) != Decimal(bound):
        return f"beyond the {extreme} that was seen, whose digits are more than a YAML reader keeps"
    return f"the {extreme} that was seen"


def _bound(column: ColumnProfile, value: str | None, outward: str) -> str | None:
    if value is None:
        return None
    match column.type:
        case IntegerType():
            return str(int(value))
        case DecimalType(precision=precision, scale=scale):
            return _decimal(Decimal(value), precision - scale, outward)
        case DoubleType():
            return _double(float(value))
        case DateType():
            return f'"{value}"'
        case TimestampType(formats=formats):
            return f'"{_moment(value, zoned=check_pattern(formats[0], clock=True))}"'
        case _:
            return None


def _decimal(value: Decimal, whole_digits: int, outward: str) -> str | None:
    """The value itself; the next whole number outward where a reader would not keep its digits."""
    value = _shortened(value)
    if len(value.as_tuple().digits) <= _EXACT_DIGITS:
        return f"{value:f}"
    whole = value.to_integral_value(rounding=outward)
    return f"{whole:f}" if len(whole.as_tuple().digits) <= whole_digits else None


def _shortened(value: Decimal) -> Decimal:
    """Without zeros at the end of what stands behind the point."""
    shortened = value.normalize(Context(prec=_MOST_DIGITS))
    return (
        shortened.quantize(Decimal(1), context=Context(prec=_MOST_DIGITS))
        if shortened == value.to_integral_value()
        else shortened
    )


def _double(value: float) -> str | None:
    """YAML knows a number with an exponent by its point."""
    if not math.isfinite(value):
        return None
    mantissa, exponent, power = repr(value).partition("e")
    if not exponent:
        return mantissa
    return f"{mantissa if '.' in mantissa else f'{mantissa}.0'}e{power if power[0] in '+-' else f'+{power}'}"


def _moment(value: str, *, zoned: bool) -> str:
    at = datetime.fromisoformat(value)
    return at.replace(tzinfo=None).isoformat() + ("Z" if zoned else "")
