"""Commits: once for each run and attempt, none lost among many writers, none published over another's work."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest

from medallion.engines.commits import Commit
from medallion.engines.duckdb.session import Resources, Session, open_session
from medallion.engines.iceberg import Lake, glue_catalog
from medallion.errors import EngineFailed, IncompatibleSchema, PublishConflict
from medallion.layout import TableLayout, branch
from medallion.plan.model import Field
from tests.integration.pipeline.deployed import Deployed

FIELDS = (Field(name="id", type="long"), Field(name="name", type="string"))


@pytest.fixture
def lake(trial: Deployed) -> Lake:
    return Lake(glue_catalog(trial.layout.region))


@pytest.fixture
def table(trial: Deployed, lake: Lake) -> TableLayout:
    layout = trial.layout.gold(f"t{uuid4().hex[:12]}")
    lake.ensure(layout, FIELDS)
    return layout


@pytest.fixture
def session(trial: Deployed) -> Iterator[Session]:
    with open_session(Resources(region=trial.layout.region)) as opened:
        yield opened


def write(lake: Lake, session: Session, table: TableLayout, commit: Commit, ids: range, on: str = "main") -> int:
    rows = f"SELECT id, 'n' AS name FROM range({ids.start}, {ids.stop}) AS r(id)"
    return lake.append(table, commit, lambda found: session.write(rows, found, table, commit), branch=on)


def rows(lake: Lake, session: Session, table: TableLayout) -> list[int]:
    session.read("found", lake.plan(table))
    return [row[0] for row in session.connection.execute("SELECT id FROM found ORDER BY id").fetchall()]


def test_rows_stand_once_when_a_step_is_done_again(lake: Lake, session: Session, table: TableLayout) -> None:
    first = write(lake, session, table, Commit("r", 1), range(3))
    assert write(lake, session, table, Commit("r", 1), range(3)) == first
    assert rows(lake, session, table) == [0, 1, 2]


def test_no_commit_is_lost_when_many_write_at_once(
    trial: Deployed, lake: Lake, session: Session, table: TableLayout
) -> None:
    def commit(number: int) -> None:
        with open_session(Resources(region=trial.layout.region)) as own:
            write(lake, own, table, Commit(f"r{number}", 1), range(number * 10, number * 10 + 10))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(commit, range(4)))
    assert rows(lake, session, table) == list(range(40))


def test_main_changes_only_at_publication_when_a_run_writes_to_its_branch(
    lake: Lake, session: Session, table: TableLayout
) -> None:
    run, base = Commit("r", 1), lake.plan(table).snapshot_id
    snapshot = write(lake, session, table, run, range(2), on=branch("r"))
    assert rows(lake, session, table) == []
    assert lake.publish(table, run, branch=branch("r"), base=base) == snapshot
    assert lake.publish(table, run, branch=branch("r"), base=base) == snapshot, "publishing again changes nothing"
    assert rows(lake, session, table) == [0, 1]


def test_publication_is_refused_when_main_has_moved(lake: Lake, session: Session, table: TableLayout) -> None:
    base = lake.plan(table).snapshot_id
    write(lake, session, table, Commit("slow", 1), range(2), on=branch("slow"))
    write(lake, session, table, Commit("other", 1), range(10, 12))
    with pytest.raises(PublishConflict, match="main moved"):
        lake.publish(table, Commit("slow", 1), branch=branch("slow"), base=base)
    assert rows(lake, session, table) == [10, 11]


def test_publication_is_refused_when_the_branch_is_not_the_attempts_own(
    lake: Lake, session: Session, table: TableLayout
) -> None:
    base = lake.plan(table).snapshot_id
    write(lake, session, table, Commit("r", 1), range(2), on=branch("r"))
    with pytest.raises(PublishConflict, match="does not hold one snapshot"):
        lake.publish(table, Commit("r", 2), branch=branch("r"), base=base)


def test_columns_are_added_and_never_changed_when_a_table_evolves(
    lake: Lake, session: Session, table: TableLayout
) -> None:
    write(lake, session, table, Commit("before", 1), range(1))
    lake.evolve(table, (*FIELDS, Field(name="more", type="decimal(9, 2)")))
    write(lake, session, table, Commit("after", 1), range(1, 2))
    assert rows(lake, session, table) == [0, 1]
    with pytest.raises(IncompatibleSchema, match="name is string, not long"):
        lake.evolve(table, (Field(name="name", type="long"),))


def test_rows_of_another_shape_are_refused_before_anything_is_committed(
    lake: Lake, session: Session, table: TableLayout
) -> None:
    commit = Commit("r", 1)
    with pytest.raises(IncompatibleSchema, match="has no column colour"):
        lake.append(table, commit, lambda found: session.write("SELECT 1 AS id, 2 AS colour", found, table, commit))
    assert rows(lake, session, table) == []


def test_message_holds_no_record_when_the_engine_fails_on_one(trial: Deployed) -> None:
    with (
        pytest.raises(EngineFailed) as failed,
        open_session(Resources(region=trial.layout.region)) as session,
    ):
        session.connection.execute("SELECT CAST(secret AS BIGINT) FROM (VALUES ('4111-1111')) AS t(secret)")
    assert "4111" not in str(failed.value)
    assert failed.value.__cause__ is None
