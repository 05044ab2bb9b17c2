"""Who does something to a tenant's data, and why."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Person:
    """Who says something, why, and when (UTC). `by` is what is recorded; `holder` whose key or credentials it was."""

    by: str
    reason: str
    at: datetime
    holder: str = ""


def same_person(some: Iterable[str], others: Iterable[str]) -> bool:
    """Whether the names of two, as they are recorded, have one in common: case and outer spaces say nothing."""
    return not _plain(some).isdisjoint(_plain(others))


def _plain(names: Iterable[str]) -> set[str]:
    return {name.strip().casefold() for name in names if name}
