"""What is wrong with a contract: every finding at once, each with its place and its remedy."""

from __future__ import annotations

from typing import NamedTuple

from medallion.errors import InvalidContract

STANDARD = "Open Data Contract Standard 3.1"
SEE_STANDARD = f"see the {STANDARD}"
"""The remedy where nothing better is known."""


class Finding(NamedTuple):
    """One fault: `path` is where in the document, as in schema[0].properties[3].name."""

    path: str
    problem: str
    remedy: str


class Findings:
    """Gathers the findings of one document. `where` is what people know it by: its file."""

    def __init__(self, where: str) -> None:
        self.where = where
        self._found: dict[Finding, None] = {}

    def __bool__(self) -> bool:
        return bool(self._found)

    def add(self, path: str, problem: str, remedy: str) -> None:
        """Note a fault; the same one twice is one."""
        self._found[Finding(path, problem, remedy)] = None

    def error(self) -> InvalidContract:
        """All findings as one error. A general one is left out where a particular one says what is amiss there."""
        particular = [one.path for one in self._found if one.remedy != SEE_STANDARD]
        lines = [
            f"{self.where}: {path or 'the document'}: {problem}; {remedy}"
            for path, problem, remedy in self._found
            if remedy != SEE_STANDARD or not any(other.startswith(path) for other in particular)
        ]
        count = "1 finding" if len(lines) == 1 else f"{len(lines)} findings"
        return InvalidContract("\n".join([f"{self.where} is not a valid contract: {count}", *lines]))
