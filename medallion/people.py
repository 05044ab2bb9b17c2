"""Who does something to a tenant's data, and why."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Person:
    """Who says something, why, and when (UTC)."""

    by: str
    reason: str
    at: datetime
