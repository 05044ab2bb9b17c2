"""Lists of runs: newest first, page by page, of one source without those of others."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from medallion.control.items import Key, Run, RunKind, RunStatus
from medallion.control.plane import ControlPlane
from medallion.control.rollbacks import TakenBack
from medallion.control.run_lists import EXAMINED, RunLists
from medallion.control.table import ItemT
from medallion.layout import Environment, EnvironmentLayout, TenantLayout
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

    def get_many(self, kind: type[ItemT], keys: Sequence[Key]) -> list[ItemT]:
        found = super().get_many(kind, keys)
        self.read += len(found)
        return found


@pytest.fixture
def table() -> CountingTable:
    return CountingTable()


@pytest.fixture
def plane(table: CountingTable) -> ControlPlane:
    return ControlPlane(table, TenantLayout.of(EnvironmentLayout(Environment.DEV, "000000000000", "eu-west-1"), "acme"))


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
        runs, before = plane.run_lists.page(limit, before=before, **filters)
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
    assert plane.run_lists.page(20, subject="orders") == ([], "")


@pytest.mark.parametrize("others", [0, 900])
def test_a_sources_page_costs_the_same_however_many_runs_others_have(
    plane: ControlPlane, table: CountingTable, others: int
) -> None:
    make(plane, 30, subjects=("orders",))
    for number in range(others):
        run = Run(run_id=f"9{number:05}", kind=RunKind.INGEST, subject="busy", created_at=NOW)
        plane.create_run(run)
    runs, before = plane.run_lists.page(20, subject="orders")
    # One more is looked for, to know whether there is a next page.
    assert (len(runs), before, table.read) == (20, "000010", 21 + 20)


@pytest.mark.parametrize("others", [0, 900])
@pytest.mark.parametrize("subject", [None, "orders"])
def test_a_page_of_a_rare_status_costs_what_it_shows(
    plane: ControlPlane, table: CountingTable, subject: str | None, others: int
) -> None:
    for number in range(others + 5):
        status = RunStatus.REJECTED if number < 5 else RunStatus.PROMOTED
        plane.create_run(
            Run(run_id=f"{number:06}", kind=RunKind.INGEST, subject="orders", status=status, created_at=NOW)
        )
    table.read = 0
    runs, place = plane.run_lists.page(3, subject=subject, status=RunStatus.REJECTED)
    assert ([run.run_id for run in runs], place, table.read) == (["000004", "000003", "000002"], "000002", 4 + 3)
    runs, place = plane.run_lists.page(3, subject=subject, status=RunStatus.REJECTED, before=place)
    assert ([run.run_id for run in runs], place) == (["000001", "000000"], "")


@pytest.mark.parametrize("status", [RunStatus.PENDING, RunStatus.HELD])
def test_a_page_looks_at_so_many_open_runs_and_says_where_to_go_on(
    plane: ControlPlane, table: CountingTable, status: RunStatus
) -> None:
    for number in range(EXAMINED + 50):
        at = RunStatus.RUNNING if number else status
        plane.create_run(Run(run_id=f"{number:06}", kind=RunKind.INGEST, subject="orders", status=at, created_at=NOW))
    table.read = 0
    runs, place = plane.run_lists.page(20, status=status)
    assert (runs, place) == ([], f"{50:06}")
    # To know whether there is more, each time of the ten looks at one more.
    assert table.read == 2 * EXAMINED + 10
    runs, place = plane.run_lists.page(20, status=status, before=place)
    assert ([run.run_id for run in runs], place) == (["000000"], "")


def test_an_ended_run_is_read_once_when_no_open_one_is_asked_for(plane: ControlPlane, table: CountingTable) -> None:
    make(plane, 300)
    table.read = 0
    assert plane.run_lists.page(20, status=RunStatus.RUNNING) == ([], "")
    assert table.read == 0


def found(plane: ControlPlane) -> dict[RunStatus, list[str]]:
    """Which runs are listed of each status, the same of all and of their source."""
    listed = {status: [run.run_id for run in plane.run_lists.page(9, status=status).runs] for status in RunStatus}
    for status, ids in listed.items():
        assert [run.run_id for run in plane.run_lists.page(9, subject="orders", status=status).runs] == ids
        assert not plane.run_lists.page(9, subject="customers", status=status).runs
    return {status: ids for status, ids in listed.items() if ids}


def test_a_run_is_listed_where_it_stands_through_its_whole_life(plane: ControlPlane, table: CountingTable) -> None:
    def listing() -> set[str]:
        return {key.pk.removeprefix("TENANT#acme#") + " " + key.sk for key in table.items if "#USAGE" not in key.pk}

    always = {"RUNS RUN#one", "RUNS#orders RUN#one"}
    plane.create_run(Run(run_id="one", kind=RunKind.INGEST, subject="orders", created_at=NOW))
    assert found(plane) == {RunStatus.PENDING: ["one"]}
    plane.begin("one")
    assert found(plane) == {RunStatus.RUNNING: ["one"]}
    plane.note("one", status=RunStatus.HELD, approval=None)
    assert found(plane) == {RunStatus.HELD: ["one"]}
    assert listing() == {*always, "OPEN RUN#one"}
    plane.end("one", RunStatus.FAILED, NOW)
    plane.end("one", RunStatus.PROMOTED, NOW)
    assert found(plane) == {RunStatus.FAILED: ["one"]}
    assert listing() == {*always, "ENDED STATUS#failed#one", "ENDED#orders STATUS#failed#one"}
    as_it_ended = plane.run("one")
    assert plane.reopen(as_it_ended)
    assert not plane.reopen(as_it_ended)
    assert found(plane) == {RunStatus.PENDING: ["one"]}
    assert listing() == {*always, "OPEN RUN#one"}
    plane.end("one", RunStatus.PROMOTED, NOW)
    assert plane.rollbacks.take_back(TakenBack(run_id="one", attempt=2), NOW, "a wrong file")
    assert not plane.rollbacks.take_back(TakenBack(run_id="one", attempt=2), NOW, "a wrong file")
    assert found(plane) == {RunStatus.ROLLED_BACK: ["one"]}
    assert listing() == {*always, "ENDED STATUS#rolled_back#one", "ENDED#orders STATUS#rolled_back#one"}


def test_a_run_is_taken_back_though_it_ends_meanwhile(plane: ControlPlane, table: CountingTable) -> None:
    plane.create_run(Run(run_id="one", kind=RunKind.INGEST, subject="orders", status=RunStatus.RUNNING, created_at=NOW))
    looks = 0

    def ends_after_the_first_look() -> None:
        nonlocal looks
        looks += 1
        if looks == 2:
            plane.end("one", RunStatus.PROMOTED, NOW)

    table.before = ends_after_the_first_look
    assert plane.rollbacks.take_back(TakenBack(run_id="one", attempt=1), NOW, "a wrong file")
    assert found(plane) == {RunStatus.ROLLED_BACK: ["one"]}
    assert not plane.open_runs()


def test_a_run_is_not_taken_back_when_it_is_done_again(plane: ControlPlane) -> None:
    plane.create_run(
        Run(run_id="one", kind=RunKind.INGEST, subject="orders", attempt=2, status=RunStatus.PROMOTED, created_at=NOW)
    )
    assert not plane.rollbacks.take_back(TakenBack(run_id="one", attempt=1), NOW, "a wrong file")
    assert found(plane) == {RunStatus.PROMOTED: ["one"]}


def test_a_run_is_left_out_when_it_is_done_again_while_the_page_is_read(
    plane: ControlPlane, table: CountingTable
) -> None:
    plane.create_run(Run(run_id="one", kind=RunKind.INGEST, subject="orders", status=RunStatus.FAILED, created_at=NOW))
    looks = 0

    def reopens_after_the_list() -> None:
        nonlocal looks
        looks += 1
        if looks == 2:
            plane.reopen(Run.model_validate(table.items[Run.key_of("acme", "one")]))

    table.before = reopens_after_the_list
    assert RunLists(table, "acme").page(20, status=RunStatus.FAILED) == ([], "")
