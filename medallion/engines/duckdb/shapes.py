"""What the texts of a column have in common: the formats of times, a pattern of codes, a short list of codes.

Texts are compared by their shapes, in which a digit is any digit and a run of letters any such run: what leaves the
engine is shapes, and of values only those of a list of codes.
"""

from __future__ import annotations

import re
from itertools import pairwise

from medallion.contracts.model import ColumnType, DateType, TimestampType
from medallion.contracts.regex import NotPortable, portable
from medallion.engines.duckdb.values import Values, X, whole
from medallion.plan.sql import literal
from medallion.plan.timestamps import matches

_SHAPE = re.compile(
    r"(?:9999(?P<ymd>[-/.])99(?P=ymd)99|99(?P<other>[-/.])99(?P=other)9999)"
    r"(?:(?P<between>[T ])99:99(?P<seconds>:99(?P<part>[.,]9{1,6})?)?(?P<zone>Z|[+-]99:99|[+-]9999|[+-]99)?)?"
)
_MOST_SHAPES = 8
_ZONES = (({"Z"}, "'Z'"), ({"Z", "99:99"}, "XXX"), ({"Z", "9999", "99"}, "X"))
"""Which forms of a zone a letter takes, the strictest first."""

_DIGITS, _UPPER, _LOWER = "[0-9]", "[A-Z]", "[a-z]"
_CLASSES = (_DIGITS, _UPPER, _LOWER, "[0-9a-f]", "[0-9A-F]", "[0-9A-Z]", "[0-9a-z]", "[0-9A-Za-z]")
_MOST_FORMS, _MOST_RUNS, _LONGEST_CODE = 3, 9, 64
_CODE = r"[0-9A-Za-z](?:[0-9A-Za-z_./+-]{0,30}[0-9A-Za-z+])?"
_MOST_CODES, _TIMES_EACH = 20, 5
_ENOUGH_TO_TELL = 10
"""So many different values say that what all of them begin with is no chance."""
_OF_PERSONS = re.compile(
    r"name|mail|phone|mobile|fax|street|address|birth|iban|passport|person|patient|author|employee|customer|client|user"
    r"|contact|owner|note|comment|remark|text|description",
    re.IGNORECASE,
)
"""Columns whose values are shown nowhere, however few they are."""


def temporal_types(values: Values) -> list[tuple[ColumnType, str]]:
    """The types of dates or timestamps that have the values' shapes, each with a word on its order of day and month.

    Which of them take the values is for the types' casts to say.
    """
    shapes = list(values.counts(f"regexp_replace({X}, '[0-9]', '9', 'g')", _MOST_SHAPES + 1))
    found = [_SHAPE.fullmatch(shape) for shape in shapes]
    known = [one for one in found if one]
    zones = {(one["zone"] or "").lstrip("+-") for one in known}
    letter = next((letter for forms, letter in _ZONES if zones <= forms), None) if zones != {""} else ""
    if not known or len(known) < len(found) or len(found) > _MOST_SHAPES or letter is None:
        return []
    clock = any(one["between"] for one in known)
    turned = any(one["other"] for one in known)
    types: list[tuple[ColumnType, str]] = []
    for order in ("dd", "MM") if turned else ("",):
        formats = tuple(dict.fromkeys(_format(one, order, letter) for one in known))
        types.append((TimestampType(formats=formats) if clock else DateType(formats=formats), order))
    return types


def _format(shape: re.Match[str], first: str, zone: str) -> str:
    if mark := shape["ymd"]:
        day = f"yyyy{mark}MM{mark}dd"
    else:
        mark, second = shape["other"], "MM" if first == "dd" else "dd"
        day = f"{first}{mark}{second}{mark}yyyy"
    if not shape["between"]:
        return day
    between = "'T'" if shape["between"] == "T" else " "
    part = shape["part"] or ""
    return f"{day}{between}HH:mm{':ss' if shape['seconds'] else ''}{part[:1]}{'S' * len(part[1:])}{zone}"


def codes(values: Values, header: str, distinct: int) -> dict[str, int]:
    """The few codes that all values are, with their number; none where they are many, no codes, or a person's."""
    few = 0 < distinct <= _MOST_CODES and values.values >= _TIMES_EACH * distinct
    if not few or _OF_PERSONS.search(header) or not values.all_match(_CODE):
        return {}
    found = values.counts(X, _MOST_CODES)
    return dict(sorted(found.items())) if min(found.values()) > 1 else {}


def code_pattern(values: Values) -> str | None:
    """A regular expression that all values match, if they look like codes of a few forms; else None."""
    if values.longest > _LONGEST_CODE or not values.all_match("[!-~]+"):
        return None
    fine = X
    for letters, letter in ((_DIGITS, "9"), (_UPPER, "A"), (_LOWER, "a")):
        fine = f"regexp_replace({fine}, '{letters}+', '{letter}', 'g')"
    coarse = f"regexp_replace({X}, '[0-9A-Za-z]+', 'w', 'g')"
    of_one_length = values.shortest == values.longest and values.all_match("[0-9A-Z]+")
    digits = values.ask(f"COUNT_IF({whole('.*[0-9].*')})")[0]
    tried = (
        (fine, 1 if of_one_length else _MOST_FORMS, digits == values.values),
        (coarse, _MOST_FORMS, digits * 2 >= values.values),
    )
    for form, most, fits in tried:
        forms = list(values.counts(form, most + 1))
        if len(forms) > most or not (fits or of_one_length):
            continue
        parts = [_form(values, form, one) for one in forms]
        if all(parts):
            return _checked(values, "|".join(part or "" for part in parts))
    return None


def _form(values: Values, form: str, shape: str) -> str | None:
    """The expression for the values of one form: its runs of letters and digits, as long as they were seen."""
    runs = [at for at, letter in enumerate(shape) if letter.isalnum()]
    if not runs or len(runs) > _MOST_RUNS:
        return None
    inner = {"9": _DIGITS, "A": _UPPER, "a": _LOWER, "w": "[0-9A-Za-z]"}
    regex = "".join(f"({inner[one]}+)" if one.isalnum() else re.escape(one) for one in shape)
    written: list[str] = []
    for number, (before, at) in enumerate(pairwise([-1, *runs]), start=1):
        group = f"regexp_extract({X}, {literal(regex)}, {number})"
        tests = (f"COUNT_IF(NOT {whole(f'{one}+', group)})" for one in _CLASSES)
        distinct, least, most, first, last, *others = values.ask(
            f"COUNT(DISTINCT {X})",
            f"MIN(LENGTH({group}))",
            f"MAX(LENGTH({group}))",
            f"MIN({group})",
            f"MAX({group})",
            *tests,
            where=f"{form} = {literal(shape)}",
        )
        written.append(re.escape(shape[before + 1 : at]))
        if first == last and distinct >= _ENOUGH_TO_TELL and not first.isdigit():
            written.append(first)
            continue
        kind = _CLASSES[others.index(0)]
        written.append(kind + (f"{{{least}}}" if least == most else f"{{{least},{most}}}"))
    written.append(re.escape(shape[runs[-1] + 1 :]))
    return "".join(written).replace("{1}", "")


def _checked(values: Values, pattern: str) -> str | None:
    """The pattern, if the plan's own test finds that every value matches it."""
    try:
        regex = portable(pattern)
    except NotPortable:
        return None
    return pattern if values.ask(f"COUNT_IF({matches(X, regex)})") == (values.values,) else None
