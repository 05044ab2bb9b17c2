"""Quality rules of the standard → our rules and checks. What would not be checked is refused, never passed over."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from open_data_contract_standard.model import DataQuality

from medallion.contracts.expressions import NotAllowed, check_expression, check_rounding
from medallion.contracts.findings import Findings
from medallion.contracts.model import Check, ErrorCode, Rule, ValidValues
from medallion.contracts.settings import CustomProperties, QualitySettings
from medallion.contracts.types import read_pattern

ENGINE = "medallion"
_INSTEAD = f"write it as type: custom, engine: {ENGINE}, with a SQL condition as its implementation"
_OUTCOMES = (
    ErrorCode.MALFORMED_RECORD,
    ErrorCode.SCHEMA_ERROR,
    ErrorCode.DUPLICATE_KEY,
    ErrorCode.DUPLICATE_FAILURE,
    ErrorCode.MAX_ATTEMPTS,
    ErrorCode.UNREADABLE_OBJECT,
)
"""Codes that only the platform gives."""


class QualityReader:
    """Reads lists of quality rules, and gathers what they come to."""

    def __init__(self, findings: Findings, columns: Collection[str]) -> None:
        self._findings = findings
        self._columns = columns
        self.checks: list[Check] = []

    def check_rounding(self, doubles: Collection[str]) -> None:
        """Refuse what rounds a double, once every column's type is known."""
        for check in self.checks:
            try:
                check_rounding(check.expression, doubles)
            except NotAllowed as error:
                self._findings.add(f"rule {check.name}", str(error), "every engine must judge a record alike")

    def read(self, items: Sequence[DataQuality] | None, path: str, column: str | None) -> tuple[list[Rule], bool]:
        """The rules for `column` (None: for the record) and whether they require it; checks are kept in `checks`."""
        rules: list[Rule] = []
        required = False
        for index, item in enumerate(items or ()):
            place = f"{path}.quality[{index}]"
            code = self._code(item, place)
            kind = item.type or "library"
            if kind == "custom":
                self._read_check(item, place, column, code)
            elif kind == "library" and column is not None and item.metric == "invalidValues":
                rules += self._read_valid_values(item, place, code)
            elif kind == "library" and column is not None and item.metric == "nullValues":
                required |= self._must_be_none(item, place)
                self._refuse_code(code, place)
            elif kind != "text":  # text is for people only, as the standard says
                what = f"metric {item.metric}" if kind == "library" else f"type {kind}"
                on = "a property" if column is not None else "the schema"
                self._findings.add(place, f"{what} on {on} is not checked by this platform", _INSTEAD)
        return rules, required

    def _code(self, item: DataQuality, place: str) -> str | None:
        settings = CustomProperties(self._findings).read(QualitySettings, (f"{place}.", item.customProperties))
        if settings.error_code in _OUTCOMES:
            self._findings.add(place, f"errorCode {settings.error_code} is the platform's own", "choose another")
        return settings.error_code

    def _refuse_code(self, code: str | None, place: str) -> None:
        if code is not None:
            self._findings.add(
                place, "a missing value always gets NULL_VALUE_ERROR", f"remove errorCode, or {_INSTEAD}"
            )

    def _must_be_none(self, item: DataQuality, place: str) -> bool:
        others = (
            item.mustNotBe, item.mustBeGreaterThan, item.mustBeGreaterOrEqualTo, item.mustBeLessThan,
            item.mustBeLessOrEqualTo, item.mustBeBetween, item.mustNotBeBetween,
        )  # fmt: skip
        if isinstance(item.mustBe, int | float) and item.mustBe == 0 and not any(one is not None for one in others):
            return True
        self._findings.add(place, f"{item.metric} is judged for each record", "write mustBe: 0, and no other bound")
        return False

    def _read_valid_values(self, item: DataQuality, place: str, code: str | None) -> list[Rule]:
        self._must_be_none(item, place)
        arguments = dict(item.arguments or {})
        rules: list[Rule] = []
        if "validValues" in arguments:
            values = self._texts(arguments.pop("validValues"), f"{place}.arguments.validValues")
            if values:
                rules.append(ValidValues(values=values, code=code or ErrorCode.DOMAIN_ERROR))
        if "pattern" in arguments:
            rule = read_pattern(str(arguments.pop("pattern")), f"{place}.arguments.pattern", self._findings)
            if rule:
                rules.append(rule.model_copy(update={"code": code or ErrorCode.PATTERN_ERROR}))
        elif not item.arguments:
            self._findings.add(place, "invalidValues has no arguments", "add arguments: validValues or pattern")
        for name in arguments:
            self._findings.add(f"{place}.arguments.{name}", "is not an argument", "use validValues or pattern")
        return rules

    def _texts(self, values: Any, path: str) -> tuple[str, ...]:
        """Valid values as text. What YAML reads as something else, such as NO and 1.10, has lost the text it had."""
        if not isinstance(values, list) or not values:
            self._findings.add(path, "is not a list of values", "list the values")
            return ()
        for index, value in enumerate(values):
            if not isinstance(value, str) and (isinstance(value, bool) or not isinstance(value, int)):
                self._findings.add(f"{path}[{index}]", f"{value!r} is not text to YAML", "put it in quotes")
        return tuple(dict.fromkeys(str(value) for value in values))

    def _read_check(self, item: DataQuality, place: str, column: str | None, code: str | None) -> None:
        if item.engine != ENGINE:
            self._findings.add(f"{place}.engine", f"{item.engine} is not run by this platform", _INSTEAD)
            return
        name = item.name or ""
        if not name:
            self._findings.add(place, "a custom rule has no name", "add name; quarantined records show it")
        elif name in [check.name for check in self.checks]:
            self._findings.add(f"{place}.name", f"{name} is the name of another rule", "choose another")
        if not isinstance(item.implementation, str):
            self._findings.add(f"{place}.implementation", "is not a SQL condition", "write it as text")
            return
        try:
            expression = check_expression(item.implementation, self._columns)
        except NotAllowed as error:
            self._findings.add(
                f"{place}.implementation", str(error), "write one SQL condition over this contract's columns"
            )
            return
        self.checks.append(
            Check(
                name=name,
                expression=expression,
                message=item.description or f"the record does not satisfy {name}",
                code=code or ErrorCode.RULE_ERROR,
                column=column,
            )
        )
