"""The DateTimeFormatter patterns that a contract may use, and the ISO 8601 texts that bound dates and timestamps."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime

SUPPORTED = "yyyy MM dd HH mm ss, S to SSSSSS, X or XXX at the end, punctuation and 'quoted text'"

_TOKEN = re.compile(r"'(?:[^']|'')*'|yyyy|MM|dd|HH|mm|ss|S{1,6}(?!S)|XXX(?!X)|X(?!X)|[^A-Za-z'\[\]{}#]")
_DATE_FIELDS = ("yyyy", "MM", "dd")
_CLOCK = ("HH", "mm", "ss", "S")


class NotSupported(ValueError):
    """The pattern is outside the supported subset; the message says why."""


def tokens(pattern: str) -> list[str]:
    """The pattern's fields, quoted texts and punctuation, as they are spelled; NotSupported if one is none of these."""
    found: list[str] = []
    at = 0
    while at < len(pattern):
        token = _TOKEN.match(pattern, at)
        if token is None:
            raise NotSupported(f"{pattern[at:]!r} is not supported")
        found.append(token.group())
        at = token.end()
    return found


def check_pattern(pattern: str, *, clock: bool) -> bool:
    """Raise NotSupported for a pattern outside the subset. True if it names a zone, which makes its values instants.

    `clock` allows fields smaller than a day. A quoted 'Z' at the end means UTC.
    """
    found = tokens(pattern)
    zones = [at for at, text in enumerate(found) if text[0] == "X" or text == "'Z'"]
    if zones and zones != [len(found) - 1]:
        raise NotSupported("the zone does not stand at the end, once")
    fields = [text[0] if text[0] in "SX" else text for text in found if text[0] in "yMdHmsSX"]
    _check_fields(fields, clock=clock, zoned=bool(zones))
    return bool(zones)


def _check_fields(fields: list[str], *, clock: bool, zoned: bool) -> None:
    if len(set(fields)) < len(fields):
        raise NotSupported("a field stands twice")
    if not set(_DATE_FIELDS) <= set(fields):
        raise NotSupported("year, month and day are needed")
    if not clock and (zoned or set(fields) & set(_CLOCK)):
        raise NotSupported("a date has no time of day and no zone")
    given = [field in fields for field in _CLOCK]
    if given != sorted(given, reverse=True):
        raise NotSupported("a smaller field stands without the larger one, such as mm without HH")
    if zoned and not given[0]:
        raise NotSupported("a zone needs a time of day")


def date_bound(text: str) -> str:
    """An ISO 8601 date as yyyy-MM-dd; ValueError if it is none."""
    return date.fromisoformat(text).isoformat()


def timestamp_bound(text: str, *, zoned: bool) -> str:
    """An ISO 8601 timestamp as yyyy-MM-dd HH:mm:ss[.SSSSSS], in UTC with +00:00 if `zoned`.

    ValueError if it is none, or if it has a zone where the column has none, or the other way round.
    """
    moment = datetime.fromisoformat(text)
    if (moment.tzinfo is not None) != zoned:
        raise ValueError("give it a zone exactly if the column's format has one")
    return (moment.astimezone(UTC) if zoned else moment).isoformat(sep=" ")
