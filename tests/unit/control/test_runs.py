"""Lists of runs: newest first, page by page, of one source without those of others."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from medallion.control.items import Run, RunKind, RunStatus
from medallion.control.plane import EXAMINED, ControlPlane
from medallion.control.table import ItemT
from medallion.layout import Environment, EnvironmentLayout
from tests.unit.control.memory import MemoryTable

NOW = datetime(2026, 1, 1, tzinfo=UTC)


class CountingTable(MemoryTable):
    """Counts the items that are read."""

    def __init__(self) -> None:
        super().__init__()
        self.read = 0

    def query(self, kind: type[ItemT], pk: str, prefix: str, **how: Any) -> list[ItemT]:
        found = super().query(kind, pk, prefix, **how)
        self.read += len(found)
        return found


@pytest.fixture
def table() -> CountingTable:
    return CountingTable()


@pytest.fixture
def plane(table: CountingTable) -> ControlPlane:
    return ControlPlane(table, EnvironmentLayout(Environment.DEV, "000000000000", "eu-west-1").tenant("acme"))


def make(plane: ControlPlane, runs: int, *, subjects: tuple[str, ...] = ("orders", "customers")) -> None:
    """Runs of the subjects in turn, every tenth failed."""
    for number in range(runs):
        status = RunStatus.FAILED if number % 10 == 0 else RunStatus.PROMOTED
        subject = subjects[number % len(subjects)]
        run = Run(run_id=f"{number:06}", kind=RunKind.INGEST, subject=subject, status=status, created_at=NOW)
        assert plane.create_run(run)


def pages(plane: ControlPlane, limit: int, **filters: Any) -> list[list[str]]:
    found, before = [], ""
    while True:
        runs, before = plane.page_of_runs(limit, before=before, **filters)
        found.append([run.run_id for run in runs])
        if not before:
            return found


@pytest.mark.parametrize("subject", [None, "orders"])
@pytest.mark.parametrize("status", [None, RunStatus.FAILED])
@pytest.mark.parametrize("limit", [1, 7, 20, 100])
def test_pages_are_all_runs_once_and_newest_first(
    plane: ControlPlane, subject: str | None, status: RunStatus | None, limit: int
) -> None:
    make(plane, 140)
    wanted = [run.run_id for run in plane.runs() if subject in (None, run.subject) and status in (None, run.status)]
    found = pages(plane, limit, subject=subject, status=status)
    assert [one for page in found for one in page] == wanted
    assert all(len(page) == limit for page in found[:-1])
    assert found[-1]


def test_nothing_is_found_when_there_is_none(plane: ControlPlane) -> None:
    assert plane.page_of_runs(20, subject="orders") == ([], "")


@pytest.mark.parametrize("others", [0, 900])
def test_a_sources_page_costs_the_same_however_many_runs_others_have(
    plane: ControlPlane, table: CountingTable, others: int
) -> None:
    make(plane, 30, subjects=("orders",))
    for number in range(others):
        run = Run(run_id=f"9{number:05}", kind=RunKind.INGEST, subject="busy", created_at=NOW)
        plane.create_run(run)
    runs, before = plane.page_of_runs(20, subject="orders")
    # One more is looked for, to know whether there is a next page.
    assert (len(runs), before, table.read) == (20, "000010", 21)


def test_a_page_reads_so_many_runs_and_says_where_to_go_on_when_a_status_is_rare(
    plane: ControlPlane, table: CountingTable
) -> None:
    make(plane, EXAMINED + 50)
    runs, before = plane.page_of_runs(20, status=RunStatus.HELD)
    assert (runs, before, table.read) == ([], f"{50:06}", EXAMINED)
    assert plane.page_of_runs(20, status=RunStatus.HELD, before=before) == ([], "")
