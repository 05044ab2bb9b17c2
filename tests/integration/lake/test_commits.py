"""Commits: once for each run and attempt, none lost among many writers, none published over another's work."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from pyiceberg.manifest import DataFile
from pyiceberg.table import Table

from medallion.engines.commits import Commit
from medallion.engines.duckdb.session import Session, open_session
from medallion.engines.iceberg import Lake
from medallion.engines.resources import Resources
from medallion.errors import EngineFailed, IncompatibleSchema, PublishConflict
from medallion.layout import TableLayout, branch
from medallion.plan.model import Field
from tests.integration.lake.conftest import FIELDS


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


def test_rows_stand_once_when_two_tries_of_one_step_commit_at_once(
    resources: Resources, lake: Lake, session: Session, table: TableLayout
) -> None:
    """Neither try sees the other before it commits: a retry on the newest state would add the rows once more."""
    same, both_are_ready = Commit("r", 1), Barrier(2)

    def attempt(_: int) -> int:
        with open_session(resources) as own:

            def files(found: Table) -> list[DataFile]:
                written = own.write("SELECT 1::BIGINT AS id, 'n' AS name", found, table, same)
                both_are_ready.wait(30)
                return written

            return lake.append(table, same, files, branch=branch("r"))

    with ThreadPoolExecutor(2) as pool:
        assert len(set(pool.map(attempt, range(2)))) == 1
    session.read("staged", lake.plan(table, snapshot_id=lake.head(table, branch("r"))))
    assert session.connection.execute("SELECT COUNT(*) FROM staged").fetchone() == (1,)


def test_no_commit_is_lost_when_many_write_at_once(
    resources: Resources, lake: Lake, session: Session, table: TableLayout
) -> None:
    def commit(number: int) -> None:
        with open_session(resources) as own:
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


def test_message_holds_no_record_when_the_engine_fails_on_one(resources: Resources) -> None:
    with pytest.raises(EngineFailed) as failed, open_session(resources) as session:
        session.connection.execute("SELECT CAST(secret AS BIGINT) FROM (VALUES ('4111-1111')) AS t(secret)")
    assert "4111" not in str(failed.value)
    assert failed.value.__cause__ is None
