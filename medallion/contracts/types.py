"""A property's logical type and its options → our type and the rules that the options state."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

from open_data_contract_standard.model import SchemaProperty
from pydantic import ValidationError

from medallion.contracts.findings import Findings
from medallion.contracts.model import (
    BooleanType,
    ColumnType,
    DateType,
    DecimalType,
    DoubleType,
    IntegerType,
    Length,
    Pattern,
    Range,
    Rule,
    StringType,
    TimestampType,
)
from medallion.contracts.regex import NotPortable, portable
from medallion.contracts.temporal import SUPPORTED, NotSupported, check_pattern, date_bound, timestamp_bound

_DECIMAL = re.compile(r"(?:decimal|numeric|number)\s*\(\s*(\d+)\s*(?:,\s*(\d+)\s*)?\)", re.IGNORECASE)
_BOUNDS = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum")
_OPTIONS = {
    "string": ("minLength", "maxLength", "pattern"),
    "integer": (*_BOUNDS, "format"),
    "number": (*_BOUNDS, "format"),
    "date": (*_BOUNDS, "format"),
    "timestamp": (*_BOUNDS, "format"),
    "boolean": (),
}
_NUMBER_FORMATS = {"integer": "i64", "number": "f64"}


class TypeReader:
    """Reads the type of one property; `path` is the property's place in the document."""

    def __init__(self, findings: Findings, path: str, given: SchemaProperty, more_formats: Sequence[str]) -> None:
        self._findings = findings
        self._path = path
        self._options_path = f"{path}.logicalTypeOptions"
        self._given = given
        self._options: dict[str, Any] = given.logicalTypeOptions or {}
        self._more_formats = more_formats

    def type(self) -> ColumnType | None:
        """The type; None where it cannot be told."""
        logical = self._given.logicalType
        if logical not in _OPTIONS:
            self._findings.add(
                f"{self._path}.logicalType",
                f"{logical or 'no type'} is not a type that a column may have",
                f"use one of {', '.join(_OPTIONS)}",
            )
            return None
        self._refuse_options(logical)
        match logical:
            case "string":
                return StringType()
            case "integer":
                return IntegerType()
            case "number":
                return self._number()
            case "boolean":
                return BooleanType()
            case "date":
                return DateType(formats=self._formats(clock=False)) if self._has_formats else DateType()
            case _:
                return TimestampType(formats=self._formats(clock=True)) if self._has_formats else TimestampType()

    def rules(self, kind: ColumnType) -> list[Rule]:
        """The rules that the options state."""
        return [rule for rule in (self._range(kind), self._length(), self._pattern()) if rule]

    # --- types

    def _refuse_options(self, logical: str) -> None:
        allowed = _OPTIONS[logical]
        for name in self._options:
            if name not in allowed:
                remedy = f"use one of {', '.join(allowed)}, or a custom rule" if allowed else "remove it"
                self._findings.add(
                    f"{self._options_path}.{name}", f"is not checked for type {logical} by this platform", remedy
                )
        wanted, found = _NUMBER_FORMATS.get(logical), self._options.get("format")
        if wanted and found not in (None, wanted):
            self._findings.add(
                f"{self._options_path}.format", f"{found} is not supported", f"use {wanted}, and minimum and maximum"
            )
        if self._more_formats and logical not in ("date", "timestamp"):
            self._findings.add(self._path, f"formats are given for type {logical}", "remove them, or use timestamp")

    def _number(self) -> ColumnType:
        found = _DECIMAL.fullmatch((self._given.physicalType or "").strip())
        if not found:
            return DoubleType()
        precision, scale = int(found[1]), int(found[2] or 0)
        try:
            if scale <= precision:
                return DecimalType(precision=precision, scale=scale)
        except ValidationError:
            pass
        self._findings.add(
            f"{self._path}.physicalType",
            f"{self._given.physicalType} is not possible",
            "use a precision of 1 to 38 digits, and a scale up to the precision",
        )
        return DoubleType()

    @property
    def _has_formats(self) -> bool:
        return bool(self._options.get("format") or self._more_formats)

    def _formats(self, *, clock: bool) -> tuple[str, ...]:
        given = [(f"{self._options_path}.format", self._options.get("format"))]
        given += [(f"{self._path}: formats", pattern) for pattern in self._more_formats]
        zones = set()
        patterns = [(path, pattern) for path, pattern in given if pattern]
        for path, pattern in patterns:
            try:
                zones.add(check_pattern(pattern, clock=clock))
            except NotSupported as error:
                self._findings.add(path, f"{pattern!r}: {error}", f"use {SUPPORTED}")
        if len(zones) > 1:
            self._findings.add(
                self._path,
                "some of its formats have a zone and some have none",
                "make the column either an instant or a local time",
            )
        return tuple(dict.fromkeys(pattern for _, pattern in patterns))

    # --- rules

    def _range(self, kind: ColumnType) -> Range | None:
        given = {name: self._bound(kind, name) for name in _BOUNDS}
        least, most = given["minimum"], given["maximum"]
        more_than, less_than = given["exclusiveMinimum"], given["exclusiveMaximum"]
        lowest = [_order(kind, bound) for bound in (least, more_than) if bound is not None]
        highest = [_order(kind, bound) for bound in (most, less_than) if bound is not None]
        if lowest and highest and max(lowest) > min(highest):
            self._findings.add(self._options_path, "no value lies between its bounds", "correct minimum or maximum")
        if not lowest and not highest:
            return None
        return Range(minimum=least, maximum=most, exclusive_minimum=more_than, exclusive_maximum=less_than)

    def _bound(self, kind: ColumnType, name: str) -> str | None:
        """The bound as a literal of the type; None where there is none, or, with a finding, where it cannot be one."""
        value = self._options.get(name)
        if value is None or name not in _OPTIONS[self._given.logicalType or ""]:
            return None
        try:
            return _literal(kind, value)
        except (TypeError, ValueError, ArithmeticError) as error:
            self._findings.add(
                f"{self._options_path}.{name}",
                f"{value!r} is no bound for type {kind.kind}: {error}",
                "write a number, or an ISO 8601 date or time in quotes",
            )
            return None

    def _length(self) -> Length | None:
        least, most = self._options.get("minLength"), self._options.get("maxLength")
        if least is None and most is None:
            return None
        if least is not None and most is not None and least > most:
            self._findings.add(self._options_path, "minLength is more than maxLength", "correct one of them")
        return Length(minimum=least, maximum=most)

    def _pattern(self) -> Pattern | None:
        pattern = self._options.get("pattern")
        return read_pattern(pattern, f"{self._options_path}.pattern", self._findings) if pattern is not None else None


def read_pattern(pattern: str, path: str, findings: Findings) -> Pattern | None:
    """The rule that a regular expression states; None, and a finding, where engines would not agree on it."""
    try:
        return Pattern(regex=portable(pattern))
    except NotPortable as error:
        findings.add(path, f"{pattern!r}: {error}", "use what RE2 and Java share, as docs/contracts.md lists it")
        return None


def _literal(kind: ColumnType, value: Any) -> str:
    match kind:
        case DateType():
            return date_bound(value)
        case TimestampType(formats=formats):
            return timestamp_bound(value, zoned=check_pattern(formats[0], clock=True))
        case IntegerType() if value != int(value):
            raise ValueError("it is not whole")
        case IntegerType():
            return str(int(value))
        case _ if not math.isfinite(value):
            raise ValueError("it is not finite")
        case DecimalType(scale=scale) if (Fraction(str(value)) * 10**scale).denominator != 1:
            raise ValueError(f"it has more than {scale} digits after the point")
        case _:
            return f"{Decimal(str(value)):f}"


def _order(kind: ColumnType, bound: str) -> Decimal:
    """What a bound is compared by."""
    if isinstance(kind, DateType | TimestampType):
        return Decimal(f"{datetime.fromisoformat(bound):%Y%m%d%H%M%S%f}")
    return Decimal(bound)
