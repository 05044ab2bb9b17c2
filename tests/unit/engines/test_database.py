"""One DuckDB serves many sessions, and none meets another's relations, files or failure."""

from __future__ import annotations

from pathlib import Path

import pytest

from medallion.engines.duckdb.database import kept
from medallion.engines.duckdb.session import Session, open_session
from medallion.engines.resources import Resources
from medallion.errors import EngineFailed


@pytest.fixture
def resources(tmp_path: Path) -> Resources:
    return Resources(region="eu-west-1", memory="200MB", threads=1, folder=tmp_path)


def relations(session: Session) -> int:
    [count] = session.connection.execute("SELECT COUNT(*) FROM duckdb_tables() WHERE NOT internal").fetchone() or (0,)
    return int(count)


def held(session: Session) -> int:
    [size] = session.connection.execute("SELECT SUM(memory_usage_bytes) FROM duckdb_memory()").fetchone() or (0,)
    return int(size)


def test_nothing_is_left_when_a_session_ends(resources: Resources) -> None:
    with open_session(resources) as session:
        session.connection.execute("CREATE TABLE staged AS SELECT range AS id, repeat('x', 99) FROM range(100000)")
        session.connection.execute("CREATE TEMP TABLE partitioned AS SELECT 1 AS id")
        assert held(session) > 1_000_000
    with open_session(resources) as session:
        assert relations(session) == 0
        assert held(session) < 1_000_000


def test_sessions_are_apart_when_they_are_open_at_once(resources: Resources) -> None:
    with open_session(resources) as one, open_session(resources) as other:
        one.connection.execute("CREATE TABLE staged AS SELECT 1 AS id")
        other.connection.execute("CREATE TABLE staged AS SELECT 2 AS id")
        assert one.connection.execute("FROM staged").fetchall() == [(1,)]
        assert other.connection.execute("FROM staged").fetchall() == [(2,)]


def test_relations_are_the_sessions_own_when_a_result_is_fetched_beside_it(resources: Resources) -> None:
    with open_session(resources) as session, session.beside() as other:
        session.connection.execute("CREATE TABLE staged AS SELECT 1 AS id")
        assert other.connection.execute("FROM staged").fetchall() == [(1,)]


def test_the_next_session_has_a_new_instance_when_one_failed(resources: Resources) -> None:
    bounds = (resources.memory, resources.threads, resources.folder)
    before = kept(*bounds)
    with pytest.raises(EngineFailed), open_session(resources) as session:
        session.connection.execute("BEGIN; CREATE TABLE staged AS SELECT CAST('x' AS INTEGER) AS id")
    assert kept(*bounds) is not before
    with open_session(resources) as session:
        assert relations(session) == 0


def test_no_folder_is_left_when_the_bounds_change(resources: Resources, tmp_path: Path) -> None:
    with open_session(resources) as session:
        session.connection.execute("SELECT 1")
    kept("100MB", 1, None)
    assert list(tmp_path.iterdir()) == []
