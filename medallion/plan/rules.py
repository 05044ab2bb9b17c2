"""What each rule means: a SQL condition that is true for a record that fails it.

Null passes every rule but `required`.
"""

from __future__ import annotations

from dataclasses import dataclass

from medallion.contracts.model import (
    Check,
    Column,
    Contract,
    DateType,
    ErrorCode,
    Length,
    Pattern,
    Range,
    Reference,
    Rule,
    TimestampType,
    ValidValues,
)
from medallion.plan.model import PlanReference
from medallion.plan.sql import dividing_alike, literal, quoted
from medallion.plan.timestamps import matches
from medallion.plan.types import sql_type


@dataclass(frozen=True)
class Condition:
    """A rule's name, code and message, and the SQL condition under which a record fails it."""

    column: str | None
    rule: str
    code: str
    message: str
    fails: str


def text(name: str) -> str:
    """The column of the parser's text, as it stood in the object."""
    return quoted(f"{name}__text")


def value(name: str) -> str:
    """The column of the text with the source's null tokens turned into null."""
    return quoted(f"{name}__value")


def number(name: str) -> str:
    """The column of what an engine takes the text for, where a number is due: its form is not looked at yet."""
    return quoted(f"{name}__number")


def references(contract: Contract) -> tuple[PlanReference, ...]:
    """The published Silver columns that the contract's reference rules need, each once."""
    wanted = dict.fromkeys(
        (rule.source, rule.column)
        for column in contract.columns
        for rule in column.rules
        if isinstance(rule, Reference)
    )
    return tuple(
        PlanReference(relation=f"reference_{number}", source=source, column=column)
        for number, (source, column) in enumerate(wanted)
    )


def referenced(column: Column, rule: Reference) -> str:
    """The name under which a column's record meets the values that it refers to."""
    return quoted(f"{column.name}__in__{rule.source}__{rule.column}")


def conditions(contract: Contract) -> list[Condition]:
    """Every rule of the contract in its order: malformed, then each column's, then the record's, then the key's."""
    found = [
        Condition(
            None, "well_formed", ErrorCode.MALFORMED_RECORD, "the record is not well formed", "malformed IS NOT NULL"
        )
    ]
    for column in contract.columns:
        found += _of_column(contract, column)
    found += [_check(check) for check in contract.checks]
    if contract.key:
        # Found while records are resolved against each other and against Silver, never in a record alone.
        message = f"another record holds this key ({', '.join(contract.key)}) with other content"
        found.append(Condition(None, "unique_key", ErrorCode.DUPLICATE_KEY, message, "FALSE"))
    return found


def _of_column(contract: Contract, column: Column) -> list[Condition]:
    found = []
    if column.required or column.name in contract.key:
        found.append(
            Condition(
                column.name,
                "required",
                ErrorCode.NULL_VALUE_ERROR,
                "a value is required",
                f"{value(column.name)} IS NULL",
            )
        )
    if column.type.kind != "string":
        temporal = isinstance(column.type, DateType | TimestampType)
        found.append(
            Condition(
                column.name,
                "type",
                ErrorCode.TIMESTAMP_ERROR if temporal else ErrorCode.TYPE_ERROR,
                f"the text is not a {_described(column)}",
                f"{value(column.name)} IS NOT NULL AND {quoted(column.name)} IS NULL",
            )
        )
    return found + [_rule(column, rule) for rule in column.rules]


def _described(column: Column) -> str:
    match column.type:
        case DateType(formats=formats) | TimestampType(formats=formats):
            return f"{column.type.kind} of the form {' or '.join(formats)}"
        case kind:
            return sql_type(kind).lower() if kind.kind == "decimal" else kind.kind


def _rule(column: Column, rule: Rule) -> Condition:
    said = value(column.name)
    match rule:
        case ValidValues(values=values):
            listed = ", ".join(literal(one) for one in values)
            message, fails = "the value is not one of the valid values", f"{said} NOT IN ({listed})"
        case Pattern(regex=regex):
            message, fails = "the value does not match the pattern", f"NOT {matches(said, regex)}"
        case Length(minimum=minimum, maximum=maximum):
            bounds = [f"LENGTH({said}) < {minimum}"] * (minimum is not None)
            bounds += [f"LENGTH({said}) > {maximum}"] * (maximum is not None)
            message = (
                f"the length is not within {minimum or 0} to {maximum if maximum is not None else 'any'} characters"
            )
            fails = " OR ".join(bounds)
        case Reference(source=source, column=target):
            message = f"no {target} of that value in {source}"
            fails = f"{quoted(column.name)} IS NOT NULL AND {referenced(column, rule)}.value IS NULL"
        case _:
            message, fails = _range(column, rule)
    return Condition(column.name, rule.kind, rule.code, message, fails)


def _range(column: Column, rule: Range) -> tuple[str, str]:
    bounds = [
        (rule.minimum, "<", "at least"),
        (rule.exclusive_minimum, "<=", "more than"),
        (rule.maximum, ">", "at most"),
        (rule.exclusive_maximum, ">=", "less than"),
    ]
    kind, typed = sql_type(column.type), quoted(column.name)
    given = [(bound, operator, words) for bound, operator, words in bounds if bound is not None]
    fails = " OR ".join(f"{typed} {operator} CAST({literal(bound)} AS {kind})" for bound, operator, _ in given)
    return f"the value is not {' and '.join(f'{words} {bound}' for bound, _, words in given)}", fails


def _check(check: Check) -> Condition:
    return Condition(
        check.column, check.name, check.code, check.message, f"{dividing_alike(check.expression)} IS FALSE"
    )
