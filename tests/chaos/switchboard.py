"""Setting and clearing the embedded AWS's faults, from a test's process."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote
from urllib.request import Request, urlopen

from local.faults import Plan, Rule
from local.front_door import PATH
from local.settings import Settings


@dataclass(frozen=True)
class Switchboard:
    """The faults of one embedded AWS that was started with `faults=True`."""

    settings: Settings

    def set(self, *rules: Rule, clocks: dict[str, float] | None = None) -> None:
        """Add rules, and put Lambdas' clocks off by seconds; those named already stay."""
        self._ask("POST", Plan(rules=rules, clocks=clocks or {}).model_dump_json())

    def clear(self, name: str = "*") -> None:
        """Forget the rules and clocks whose names match the pattern."""
        self._ask("DELETE", query=f"?name={quote(name)}")

    def fired(self) -> dict[str, int]:
        """How many calls met each rule's fault."""
        return {one["name"]: one["fired"] for one in self._ask("GET")}

    @contextmanager
    def during(self, *rules: Rule) -> Iterator[None]:
        """The rules hold inside the block only."""
        self.set(*rules)
        try:
            yield
        finally:
            for rule in rules:
                self.clear(rule.name)

    def _ask(self, method: str, body: str = "", query: str = "") -> Any:
        request = Request(f"{self.settings.endpoint}{PATH}{query}", data=body.encode() or None, method=method)  # noqa: S310  # our own server on loopback
        with urlopen(request, timeout=10) as answer:  # noqa: S310  # as above
            return json.load(answer)
