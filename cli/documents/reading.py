"""Receipts of the ledger; usage, and what it costs."""

from __future__ import annotations

from datetime import date, datetime

from cli.documents import Document


class Receipt(Document):
    """A receipt in short, with its chain. Nothing but its place is told of one that is gone."""

    chain: str
    sequence: int
    hash: str
    previous: str | None
    run_id: str | None
    attempt: int | None
    kind: str | None
    status: str | None
    at: datetime | None
    object_count: int


class RunsUsed(Document):
    """Runs of one lane and outcome that ended on a day."""

    lane: str
    outcome: str
    count: int
    records: int
    bytes: int
    mb_seconds: int


class QueriesUsed(Document):
    """Queries that ended so on a day."""

    outcome: str
    count: int
    scanned_bytes: int


class DayUsed(Document):
    """What was used on a day (UTC)."""

    day: date
    runs: list[RunsUsed]
    queries: list[QueriesUsed]
    requests: int


class Used(Document):
    """What was used, by day. A day on which nothing was used is left out."""

    first: date
    last: date
    days: list[DayUsed]


class CostLine(Document):
    """A part of the estimate, in US dollars, and what it assumes."""

    service: str
    what: str
    dollars: float
    assumed: str


class Cost(Document):
    """An estimate by list prices, in US dollars: no bill."""

    month: str
    until: date
    total: float
    lines: list[CostLine]
    not_included: list[str]
