"""The text of one JSON value → its members, numbers exactly as they are written.

Python's own decoder reads it; what it lets pass that JSON (RFC 8259) or a record does not is found here. Of the faults
of one record the first in this list is told: bytes that cannot be decoded, too deep, not JSON, `NaN` or an infinity or
two members of one name in an object, half a surrogate pair, no object, too many members, a value that is too long.
"""

from __future__ import annotations

import json
import re
from typing import Any, NamedTuple

from medallion.contracts.paths import Step
from medallion.records.limits import Limits

MISSING = object()
"""What a path leads to where there is nothing; null is a value."""

_quoted = json.JSONEncoder(ensure_ascii=False).encode
_BRACKETS = re.compile(r'"(?:[^"\\]++|\\.)*+(?:"|\Z)|(?P<open>[\[{])|(?P<close>[\]}])', re.DOTALL)
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


class Number(str):
    """A number exactly as it is written."""

    __slots__ = ()


class Entry(NamedTuple):
    """One record: its bytes as they stand in the object, and its members, or the fault that makes it malformed."""

    raw: bytes
    members: dict[str, Any]
    fault: str | None


class Nesting(NamedTuple):
    """How deep a value's lists and objects stand in each other, and where it ends; None if the text ends first."""

    levels: int
    end: int | None


def nesting(text: str, begin: int = 0) -> Nesting:
    """The nesting of the list or object that begins at `begin`, valid or not: brackets outside of strings count."""
    level = deepest = 0
    for found in _BRACKETS.finditer(text, begin):
        if found["open"]:
            level += 1
            deepest = max(deepest, level)
        elif found["close"]:
            level -= 1
            if level <= 0:
                return Nesting(deepest, found.end())
    return Nesting(deepest, None)


class JsonText:
    """Decodes values, one at a time."""

    def __init__(self, encoding: str, limits: Limits) -> None:
        self._limits = limits
        self.undecodable = f"bytes that are not {encoding}"
        self.too_deep = f"nested deeper than {limits.depth} levels"
        self._faults: list[str] = []
        self._decoder = json.JSONDecoder(
            object_pairs_hook=self._object, parse_float=Number, parse_int=Number, parse_constant=self._constant
        )

    def decode(self, text: str) -> tuple[Any, str | None]:
        """The value that `text` is, and what is wrong with it."""
        if self._is_too_deep(text):
            return None, self.too_deep
        self._faults.clear()
        try:
            value = self._decoder.decode(text)
        except json.JSONDecodeError as error:
            return None, f"not valid JSON at character {error.pos + 1}"
        return value, self._first_fault or self._record_fault(value, text)

    def decode_from(self, text: str, begin: int) -> tuple[Any, int, str | None]:
        """The value that begins at `begin`, where it ends, and what JSON has against it.

        JSONDecodeError if it is not JSON, or not all there; RecursionError if it is far too deep.
        """
        self._faults.clear()
        value, end = self._decoder.raw_decode(text, begin)
        return value, end, self._first_fault

    def fault_of(self, value: Any, text: str) -> str | None:
        """What is wrong with a record that was decoded from `text`, its syntax apart."""
        return self.too_deep if self._is_too_deep(text) else self._record_fault(value, text)

    def _is_too_deep(self, text: str) -> bool:
        limit = self._limits.depth
        return text.count("{") + text.count("[") > limit and nesting(text).levels > limit

    def _record_fault(self, value: Any, text: str) -> str | None:
        if _SURROGATE.search(text) and _has_lone_surrogate(value):
            return "half a surrogate pair, which is no character"
        if not isinstance(value, dict):
            return "the record is no object"
        if len(value) > self._limits.columns:
            return f"more than {self._limits.columns} members"
        limit = self._limits.cell_bytes
        if len(text) * 4 > limit and any(len(text_of(one) or "") * 4 > limit for one in value.values()):
            longest = max(len((text_of(one) or "").encode()) for one in value.values())
            return f"a value longer than {limit} bytes" if longest > limit else None
        return None

    @property
    def _first_fault(self) -> str | None:
        return self._faults[0] if self._faults else None

    def _object(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        members = dict(pairs)
        if len(members) != len(pairs):
            self._faults.append("two members of one name in an object")
        return members

    def _constant(self, _: str) -> None:
        self._faults.append("NaN or an infinity, which JSON does not have")


def text_of(value: Any) -> str | None:
    """A value as text: strings and numbers as they are, lists and objects as JSON without blanks; null is None."""
    if value is None or isinstance(value, str):
        return value
    return compact(value)


def compact(value: Any) -> str:
    """The value as JSON without blanks, members in their order, numbers as they were written."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case Number():
            return str(value)
        case str():
            return _quoted(value)
        case list():
            return f"[{','.join(map(compact, value))}]"
        case _:
            return f"{{{','.join(f'{_quoted(name)}:{compact(one)}' for name, one in value.items())}}}"


def value_at(value: Any, steps: tuple[Step, ...]) -> Any:
    """What the path leads to from `value`; MISSING where it leads nowhere."""
    for step in steps:
        if isinstance(step, int):
            if not isinstance(value, list) or step >= len(value):
                return MISSING
            value = value[step]
        else:
            if not isinstance(value, dict) or step not in value:
                return MISSING
            value = value[step]
    return value


def text_at(text: str, steps: tuple[Step, ...]) -> str | None:
    """What the path leads to from a list or object that `text_of` made a text of; None where it leads nowhere."""
    if not text.startswith(("{", "[")):
        return None
    try:
        value = json.loads(text, parse_float=Number, parse_int=Number)
    except json.JSONDecodeError:
        return None
    found = value_at(value, steps)
    return None if found is MISSING else text_of(found)


def _has_lone_surrogate(value: Any) -> bool:
    try:
        compact(value).encode()
    except UnicodeEncodeError:
        return True
    return False
