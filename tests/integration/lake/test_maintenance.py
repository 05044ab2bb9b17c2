"""Maintenance of a table: its files become few, its old snapshots and its litter go, and every row stays."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from pyiceberg.table.refs import MAIN_BRANCH

from medallion.engines.commits import FORGOTTEN, Commit, head
from medallion.engines.duckdb.session import Session
from medallion.engines.expiry import expire, litter, remove
from medallion.engines.iceberg import Lake
from medallion.engines.maintenance import COMPACT, Limits, compact
from medallion.engines.resources import Resources
from medallion.errors import PublishConflict, RowsChanged
from medallion.layout import CURRENT, TableLayout, branch

SMALL = Limits(enough=2)


def write(lake: Lake, session: Session, table: TableLayout, run: str, ids: range, on: str = MAIN_BRANCH) -> int:
    commit = Commit(run, 1)
    rows = f"SELECT id, '{run}' AS name FROM range({ids.start}, {ids.stop}) AS r(id)"
    return lake.append(table, commit, lambda found: session.write(rows, found, table, commit), branch=on)


def rows(lake: Lake, session: Session, table: TableLayout) -> list[tuple[Any, ...]]:
    session.read("found", lake.plan(table))
    return session.connection.execute("SELECT * FROM found ORDER BY ALL").fetchall()


def whole(lake: Lake, table: TableLayout) -> int:
    """How many rows the snapshots of the table give, all their files being there."""
    found = lake.load(table)
    return sum(found.scan(snapshot_id=one.snapshot_id).to_arrow().num_rows for one in found.snapshots())


def soon() -> datetime:
    """A moment after everything that has been written."""
    return datetime.now(UTC) + timedelta(minutes=1)


# --- compaction


def test_every_row_stays_when_small_files_are_compacted(
    resources: Resources, lake: Lake, session: Session, table: TableLayout
) -> None:
    for number in range(5):
        write(lake, session, table, f"r{number}", range(number * 10, number * 10 + 10))
    lake.ensure_current(table)
    before = rows(lake, session, table)
    done = compact(lake, table, Commit("h", 1, COMPACT), resources, SMALL)
    assert done
    assert (done.before, done.after, done.rows) == (5, 1, 50)
    assert rows(lake, session, table) == before
    found = lake.load(table)
    heads = [head(found, name) for name in (MAIN_BRANCH, CURRENT)]
    assert [one and one.snapshot_id for one in heads] == [lake.head(table)] * 2
    [task] = found.scan(row_filter="id > 30").plan_files()
    assert task.file.lower_bounds, "statistics are kept, so that reads skip files"
    assert compact(lake, table, Commit("h2", 1, COMPACT), resources, SMALL) is None
    assert lake.made(table, Commit("r3", 1)), "a run finds what it committed before"


def test_nothing_is_lost_when_others_append_while_a_log_is_compacted(
    resources: Resources, lake: Lake, session: Session, table: TableLayout
) -> None:
    for number in range(3):
        write(lake, session, table, f"r{number}", range(number * 10, number * 10 + 10))

    def append_first() -> None:
        write(lake, session, table, "racing", range(100, 110))

    done = compact(lake, table, Commit("h", 1, COMPACT), resources, SMALL, confirm=append_first)
    assert done
    assert [row[0] for row in rows(lake, session, table)] == [*range(30), *range(100, 110)]


def test_no_row_is_doubled_when_two_compact_at_once(
    resources: Resources, lake: Lake, session: Session, table: TableLayout
) -> None:
    for number in range(4):
        write(lake, session, table, f"r{number}", range(number * 10, number * 10 + 10))
    before = rows(lake, session, table)

    def other() -> None:
        compact(lake, table, Commit("other", 1, COMPACT), resources, SMALL)

    with pytest.raises(PublishConflict, match="replaced meanwhile"):
        compact(lake, table, Commit("h", 1, COMPACT), resources, SMALL, confirm=other)
    assert rows(lake, session, table) == before


def test_nothing_is_committed_when_the_new_files_hold_other_rows(
    resources: Resources, lake: Lake, session: Session, table: TableLayout, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):
        write(lake, session, table, f"r{number}", range(number * 10, number * 10 + 10))
    before, whole = lake.head(table), Session.write
    for fault in ("SELECT * FROM old LIMIT 29", "SELECT * REPLACE (id + (id = 7)::INT AS id) FROM old"):

        def wrong(self: Session, select: str, *rest: Any, fault: str = fault) -> Any:
            return whole(self, fault, *rest)

        with monkeypatch.context() as patch:
            patch.setattr(Session, "write", wrong)
            with pytest.raises(RowsChanged, match="nothing was changed"):
                compact(lake, table, Commit("h", 1, COMPACT), resources, SMALL)
        assert lake.head(table) == before


# --- expiry and files


def test_windows_decide_when_snapshots_expire(lake: Lake, session: Session, table: TableLayout) -> None:
    snapshots = [write(lake, session, table, f"r{number}", range(number, number + 1)) for number in range(6)]
    held = write(lake, session, table, "held", range(50, 51), on=branch("held"))
    before = rows(lake, session, table)
    assert expire(lake, table, datetime.now(UTC) - timedelta(days=1), ()) == 0
    # `keep` names the third: it, what is newer and the one before stay, whatever their age.
    assert expire(lake, table, soon(), (snapshots[2],)) == 2
    left = {one.snapshot_id for one in lake.load(table).snapshots()}
    assert left == {*snapshots[1:], held}
    assert lake.load(table).properties[FORGOTTEN]
    assert expire(lake, table, soon(), ()) == 3, "main, the branch and what they were made from stay"
    found = lake.load(table)
    assert {one.snapshot_id for one in found.snapshots()} == {*snapshots[4:], held}
    on_branch = head(found, branch("held"))
    assert on_branch is not None
    assert on_branch.parent_snapshot_id == snapshots[5]
    assert rows(lake, session, table) == before


def test_only_what_nothing_refers_to_goes_when_files_are_removed(
    resources: Resources, lake: Lake, session: Session, table: TableLayout
) -> None:
    for number in range(4):
        write(lake, session, table, f"r{number}", range(number * 10, number * 10 + 10))
    write(lake, session, table, "held", range(90, 91), on=branch("held"))
    [orphan] = session.write("SELECT 1 AS id", lake.load(table), table, Commit("lost", 1))
    compact(lake, table, Commit("h", 1, COMPACT), resources, SMALL)
    before, s3 = rows(lake, session, table), boto3.client("s3")

    def found(older_than: datetime) -> set[str]:
        listed = litter(lake, table, s3, older_than)
        return {f"s3://{table.bucket}/{one.key}" for one in listed}

    assert found(datetime.now(UTC) - timedelta(days=1)) == set(), "what is young stays"
    assert found(soon()) == {orphan.file_path}, "what a snapshot or a branch needs stays"
    expire(lake, table, soon(), ())
    assert found(soon()) > {orphan.file_path}
    remove(s3, table, litter(lake, table, s3, soon()))
    assert found(soon()) == set()
    assert rows(lake, session, table) == before
    assert whole(lake, table)
