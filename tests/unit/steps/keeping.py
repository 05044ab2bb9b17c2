"""A platform in memory whose tables and schedules are noted as they are made, and a contract to write them by."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from types import SimpleNamespace
from typing import Any

import boto3

from medallion.control.items import Tenant
from medallion.engines.resources import Resources
from medallion.layout import TableLayout
from medallion.people import Person
from tests.unit.control.waiting import LAYOUT, NOW, InMemory


class Taken(Exception):
    """A schedule of that name is there."""


class Missing(Exception):
    """There is no schedule of that name."""


@dataclass
class Scheduler:
    """EventBridge Scheduler's entries by name."""

    entries: dict[str, dict[str, Any]] = field(default_factory=dict)
    exceptions: Any = field(
        default_factory=lambda: SimpleNamespace(ConflictException=Taken, ResourceNotFoundException=Missing)
    )

    def create_schedule(self, **entry: Any) -> None:
        if entry["Name"] in self.entries:
            raise Taken(entry["Name"])
        self.entries[entry["Name"]] = entry

    def update_schedule(self, **entry: Any) -> None:
        if entry["Name"] not in self.entries:
            raise Missing(entry["Name"])
        self.entries[entry["Name"]] = entry


@dataclass
class Tables:
    """The columns of each table that was asked for. `broken` is raised instead, once it is set."""

    columns: dict[str, set[str]] = field(default_factory=dict)
    broken: Exception | None = None

    def ensure(self, layout: TableLayout, fields: Any) -> None:
        if self.broken is not None:
            raise self.broken
        self.columns.setdefault(layout.qualified, set())

    def evolve(self, layout: TableLayout, fields: Any) -> None:
        self.columns[layout.qualified] |= {one.name for one in fields}

    def ensure_current(self, layout: TableLayout) -> None:
        """Nothing is published here."""


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now

    def pass_by(self, time: timedelta) -> datetime:
        self.now += time
        return self.now


@dataclass(frozen=True)
class Keeping(InMemory):
    """A tenant of an environment where nothing is deployed."""

    tables: Tables = field(default_factory=Tables)
    entries: Scheduler = field(default_factory=Scheduler)

    @cached_property
    def lake(self) -> Any:
        return self.tables

    @cached_property
    def scheduler(self) -> Any:
        return self.entries

    @classmethod
    def new(cls, *, approvals_by_another: bool = False) -> Keeping:
        clock = Clock()
        made = cls(LAYOUT, boto3.Session(region_name=LAYOUT.region), Resources(region=LAYOUT.region), clock)
        tenant = Tenant(id="trial", name="Trial", approvals_by_another=approvals_by_another)
        made.control.save_tenant(tenant)
        return made

    def person(self, by: str = "Ada") -> Person:
        return Person(by, "it is needed", self.clock())


def contract(source: str = "orders", version: str = "1.0.0", columns: str = "", **properties: str) -> str:
    """A contract with an `id`, and what `columns` adds, each `name: type` or `name: type!` where the header must have
    it, parted by commas.
    """
    told = "".join(f"\n  - {{property: {name}, value: {value}}}" for name, value in properties.items())
    more = ""
    for column in filter(None, columns.split(", ")):
        name, _, kind = column.partition(": ")
        more += f"\n      - name: {name}\n        logicalType: {kind.rstrip('!')}"
        if not kind.endswith("!"):
            more += "\n        customProperties:\n          - {property: optionalInHeader, value: true}"
    return f"""apiVersion: v3.1.0
kind: DataContract
id: trial-{source}
version: "{version}"
status: active
description:
  purpose: What the tests ask of.
team:
  name: Harbour office
customProperties:
  - {{property: maxAttempts, value: 3}}{told}
schema:
  - name: {source}
    properties:
      - name: id
        logicalType: integer
        required: true
        primaryKey: true{more}
"""
