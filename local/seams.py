"""The emulator's private parts that this package replaces or calls: the one way to reach them.

The emulator is pinned. Whatever is taken from it here by name is listed by `SEAMS`, and a contract test checks each:
its
presence, its parameters. A part that moved raises EmulatorMoved at start, before anything can go silently wrong.
"""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from local.errors import EmulatorMoved

PINNED = "1.5.33"


@dataclass(frozen=True)
class Seam:
    """A module's attribute; for a function its parameter names, in order, as far as they are relied on."""

    module: str
    name: str
    parameters: tuple[str, ...] | None = None

    def get(self) -> Any:
        """The attribute as it stands, or EmulatorMoved naming the seam."""
        try:
            found = getattr(importlib.import_module(f"ministack.{self.module}"), self.name)
        except (ImportError, AttributeError) as error:
            raise EmulatorMoved(f"{self}: not found in the installed emulator; install ministack=={PINNED}") from error
        if self.parameters is not None:
            actual = tuple(inspect.signature(found).parameters)[: len(self.parameters)]
            if actual != self.parameters:
                raise EmulatorMoved(f"{self}: takes {actual}, expected {self.parameters}; install ministack=={PINNED}")
        return found

    def replace(self, wrap: Callable[[Any], Any]) -> None:
        """Put `wrap(original)` in the attribute's place. Done once: a second start in one process keeps the first."""
        module = importlib.import_module(f"ministack.{self.module}")
        original = self.get()
        if getattr(original, "__embedded__", False):
            return
        replacement = wrap(original)
        replacement.__embedded__ = True
        setattr(module, self.name, replacement)

    def put(self, value: Any) -> None:
        """Set the attribute."""
        setattr(importlib.import_module(f"ministack.{self.module}"), self.name, value)

    def __str__(self) -> str:
        return f"ministack.{self.module}.{self.name}"


SEAMS: list[Seam] = []


def seam(module: str, name: str, *parameters: str) -> Seam:
    """Declare a seam; the contract test covers every declared one."""
    declared = Seam(module, name, parameters or None)
    SEAMS.append(declared)
    return declared
