"""Paths into JSON: singular queries of JSONPath (RFC 9535), in one spelling each.

    path = first *( "." name / "[" index "]" / "['" text "']" )

`name` is one or more characters other than `. [ ] ' " \\`; `index` counts from 0, without leading zeros; in `text` a
backslash stands before each `'` and each backslash. A column's path starts at the record: `first` is a name (not `$`)
or `['text']`. The path of a document's records starts at the document: `first` is `$`. A member whose name is a `name`
is spelled so and not in brackets, so that two paths are one exactly where their spellings are.
"""

from __future__ import annotations

import re

Step = str | int
"""Into an object by a member's name, or into a list by an index from 0."""

ROOT = "$"
_NAME = r"[^.\[\]'\"\\]+"
_PLAIN = re.compile(_NAME)
_STEP = re.compile(
    rf"(?P<dot>\.)?(?P<name>{_NAME})|\[(?P<index>0|[1-9][0-9]{{0,8}})\]|\['(?P<text>(?:[^'\\]|\\['\\])*)'\]"
)


class InvalidPath(ValueError):
    """The text is no path, or not its one spelling."""


def record_path(text: str) -> tuple[Step, ...]:
    """The steps from a record to a column's value, the first of them a member's name."""
    steps = _steps(text, "")
    if isinstance(steps[0], int):
        raise InvalidPath(f"{text!r} begins with an index, and a record has members")
    if spelled(steps) != text:
        raise InvalidPath(f"{text!r} is spelled {spelled(steps)} here")
    return steps


def document_path(text: str) -> tuple[Step, ...]:
    """The steps from a document to the list of its records; none where the document is that list."""
    if text == ROOT:
        return ()
    if not text.startswith((f"{ROOT}.", f"{ROOT}[")):
        raise InvalidPath(f"{text!r} does not begin at the document, which is $")
    return _steps(text.removeprefix(ROOT), ROOT)


def member(name: str) -> str:
    """The path to a record's member of that name."""
    return name if _PLAIN.fullmatch(name) and name != ROOT else _in_brackets(name)


def spelled(steps: tuple[Step, ...]) -> str:
    """A record's path, in its one spelling."""
    first, *rest = steps
    written = [member(str(first))]
    for step in rest:
        if isinstance(step, int):
            written.append(f"[{step}]")
        else:
            written.append(f".{step}" if _PLAIN.fullmatch(step) else _in_brackets(step))
    return "".join(written)


def _in_brackets(name: str) -> str:
    escaped = re.sub(r"(['\\])", r"\\\1", name)
    return f"['{escaped}']"


def _steps(text: str, before: str) -> tuple[Step, ...]:
    steps: list[Step] = []
    at = 0
    while at < len(text):
        found = _STEP.match(text, at)
        # A name that goes on from another step follows a point, and one that begins the path does not.
        goes_on = bool(at or before)
        if found is None or (found["name"] is not None and bool(found["dot"]) != goes_on):
            raise InvalidPath(f"{before + text!r} is no path from character {len(before) + at + 1} on")
        if found["index"] is not None:
            steps.append(int(found["index"]))
        elif found["name"] is not None:
            steps.append(found["name"])
        else:
            steps.append(re.sub(r"\\(.)", r"\1", found["text"]))
        at = found.end()
    if not steps:
        raise InvalidPath("the path is empty")
    return tuple(steps)
