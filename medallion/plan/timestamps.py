"""DateTimeFormatter patterns → a strict lexical pattern, and an expression that spells the text in ISO 8601.

Source of the letters: java.time.format.DateTimeFormatter. All fields have a fixed width, so that a value's parts are
found by position.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from medallion.contracts.temporal import SUPPORTED, NotSupported, check_pattern, tokens
from medallion.errors import InvalidContract
from medallion.plan.sql import literal

# Only where digits stand: whether they are a day and a time the cast says, but for what is in `_NEVER`. A choice within
# the pattern, such as of hours, takes Java as long as all the rest of it.
_FIELDS = {
    "yyyy": "[0-9]" * 4,
    "MM": "[0-1][0-9]",
    "dd": "[0-3][0-9]",
    "HH": "[0-2][0-9]",
    "mm": "[0-5][0-9]",
    "ss": "[0-5][0-9]",
}
_NEVER = {"yyyy": "0000", "HH": "24"}
"""What some engine's cast takes, and no calendar or clock shows."""
_ZONES = {
    "X": r"(?:Z|[+-](?:0[0-9]|1[0-4])(?:[0-5][0-9])?)",
    "XXX": r"(?:Z|[+-](?:0[0-9]|1[0-4]):[0-5][0-9])",
}


_ISO_DATE = ("yyyy", "-", "MM", "-", "dd")
_ISO_CLOCK = ("HH", ":", "mm", ":", "ss")


@dataclass(frozen=True)
class TemporalFormat:
    """One pattern, understood: `has_zone` says whether a value of it names an instant."""

    pattern: str
    has_zone: bool
    _regex: str
    _width: int
    """Characters before the zone."""
    _positions: dict[str, tuple[int, int]]
    _said: dict[int, str]
    """What the pattern says between its fields, character by character, by position."""
    _zone: str | None

    def fits(self, value: str) -> str:
        """A SQL condition: the text expression `value` has this form, if it is a date and a time at all."""
        never = [self._differs(value, field, text) for field, text in _NEVER.items() if field in self._positions]
        return " AND ".join([matches(value, self._regex), *never])

    def _differs(self, value: str, field: str, text: str) -> str:
        """A SQL condition: the field is not `text`. To look for it with what stands around it takes no copy."""
        begin, width = self._positions[field]
        if begin == 1 and not int(text):
            return f"{value} >= {literal(str(1).zfill(width))}"
        around = self._around(begin, width)
        if around and around not in [self._around(*place) for name, place in self._positions.items() if name != field]:
            return f"NOT CONTAINS({value}, {literal(around[0] + text + around[1])})"
        return f"{_substring(value, begin, width)} <> {literal(text)}"

    def _around(self, begin: int, width: int) -> str:
        """What the pattern says right before and right after a field, where it does, and says no digit anywhere."""
        around = self._said.get(begin - 1, "") + self._said.get(begin + width, "")
        return around if len(around) == len("..") and not any(map(str.isdigit, self._said.values())) else ""

    def iso_date(self, value: str) -> str:
        """A SQL expression: `yyyy-MM-dd` of the text expression `value`."""
        return self._joined(value, [*_ISO_DATE])

    def iso_timestamp(self, value: str) -> str:
        """A SQL expression: `yyyy-MM-dd HH:mm:ss[.SSSSSS][±HH:MM]` of the text expression `value`."""
        fraction = [".", "S"] if "S" in self._positions else []
        return self._joined(value, [*_ISO_DATE, " ", *_ISO_CLOCK, *fraction]) + self._offset(value)

    def _joined(self, value: str, pieces: list[str]) -> str:
        """The fields and the texts between them, one after the other. What stands so in the value is taken at once."""
        parts: list[str] = []
        begin = end = 0
        between = ""
        for piece in pieces:
            if piece not in _FIELDS and piece != "S":
                between += piece
                continue
            if piece not in self._positions:
                between += "00"
                continue
            start, width = self._positions[piece]
            stands = "".join(self._said.get(at, "") for at in range(end, start))
            # Between a date and a time, every engine's cast takes either.
            stands = " " if between == " " and stands == "T" else stands
            if not begin or stands != between or start != end + len(between):
                parts += [_substring(value, begin, end - begin)] * bool(begin) + [literal(between)] * bool(between)
                begin = start
            between, end = "", start + width
        last = value if begin == 1 and end > self._width and not self._zone else _substring(value, begin, end - begin)
        parts += [last] + [literal(between)] * bool(between)
        return " || ".join(parts)

    def _offset(self, value: str) -> str:
        if self._zone is None:
            return " || '+00:00'" if self.has_zone else ""
        start, _ = self._positions["X"]
        tail = f"SUBSTR({value}, {start})"
        if self._zone == "XXX":
            return f" || CASE WHEN {tail} = 'Z' THEN '+00:00' ELSE {tail} END"
        minutes = f"CASE WHEN LENGTH({tail}) = 5 THEN SUBSTR({value}, {start + 3}, 2) ELSE '00' END"
        return f" || CASE WHEN {tail} = 'Z' THEN '+00:00' ELSE SUBSTR({value}, {start}, 3) || ':' || {minutes} END"


def parse_format(pattern: str) -> TemporalFormat:
    """Understand a DateTimeFormatter pattern of the supported subset; InvalidContract says what is not supported."""
    try:
        has_zone = check_pattern(pattern, clock=True)
    except NotSupported as problem:
        raise InvalidContract(f"pattern {pattern!r}: {problem}; use {SUPPORTED}") from problem
    regex, position, zone = "", 1, None
    positions: dict[str, tuple[int, int]] = {}
    between: dict[int, str] = {}
    for text in tokens(pattern):
        width = len(text)
        if text in _FIELDS:
            regex, positions[text] = regex + _FIELDS[text], (position, width)
        elif text.startswith("S"):
            regex, positions["S"] = regex + "[0-9]" * width, (position, width)
        elif text in _ZONES:
            regex, positions["X"], zone = regex + _ZONES[text], (position, 0), text
        else:
            said = text[1:-1].replace("''", "'") or "'" if text.startswith("'") else text
            regex, width = regex + re.escape(said), len(said)
            between |= dict(enumerate(said, start=position))
        position += width
    return TemporalFormat(pattern, has_zone, regex, position - 1, positions, between, zone)


def _substring(value: str, begin: int, width: int) -> str:
    return f"SUBSTR({value}, {begin}, {width})"


def matches(value: str, regex: str) -> str:
    """A SQL condition: the whole of the text expression `value` matches `regex` (RE2 and Java alike)."""
    # Only a choice would reach beyond itself, and Java takes its time over a group.
    whole = literal(rf"\A(?:{regex})\z" if "|" in regex else rf"\A{regex}\z")
    return f"REGEXP_MATCHES({value}, {whole})"
