"""What verification found: problems, each named as exactly as can be; remarks; and how much was looked at."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import Any

NAMED = 20
"""How many rows of one finding are named; the rest are counted."""


@dataclass(frozen=True)
class Problem:
    """Something that is not as a receipt says. Empty where it does not apply; never a record's content."""

    kind: str
    message: str
    chain: str = ""
    sequence: int | None = None
    run_id: str = ""
    table: str = ""
    source_file_id: str = ""
    source_row: int | None = None
    expected: str = ""
    found: str = ""


@dataclass
class Report:
    """Filled while verification goes on. `remarks` say what could not be checked, and by what it was instead."""

    problems: list[Problem] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    checked: Counter[str] = field(default_factory=Counter)

    def problem(self, kind: str, message: str, **where: Any) -> None:
        self.problems.append(Problem(kind, message, **where))

    def remark(self, text: str) -> None:
        if text not in self.remarks:
            self.remarks.append(text)

    @property
    def clean(self) -> bool:
        return not self.problems

    def document(self) -> dict[str, Any]:
        """The report as JSON values."""
        problems = [
            {name: value for name, value in asdict(one).items() if value not in ("", None)} for one in self.problems
        ]
        return {"clean": self.clean, "problems": problems, "remarks": self.remarks, "checked": dict(self.checked)}
