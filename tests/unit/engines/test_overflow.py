"""Records that memory has no room for go to files, and nobody who reads what was staged can tell."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from medallion.contracts.model import Contract, Dialect
from medallion.engines.commits import Commit
from medallion.engines.duckdb.overflow import Batches
from medallion.engines.duckdb.refine import describe_run, judge
from medallion.engines.duckdb.session import Session, open_session
from medallion.engines.duckdb.staging import Arrived
from medallion.engines.iceberg import Planned
from medallion.engines.inputs import Inputs
from medallion.engines.model import Attempt, SourceObject
from medallion.engines.resources import Resources
from medallion.engines.schema import iceberg_schema
from medallion.ledger.outcomes import ObjectRead
from medallion.plan.compiler import compile_plan
from medallion.plan.model import Plan
from medallion.records.stream import RecordStream
from tests.unit.plan.judging import ARRIVED, contract_of, text, whole

SMALL, AMPLE = "256MB", "2GB"
"""The least that a function has, and plenty."""
RECORDS = 200_000
"""More than SMALL has room for."""
THINGS = contract_of(whole("id", required=True), text("name"), key=("id",))


def things(first: int, records: int = RECORDS) -> bytes:
    """Records with a key each, but for every thousandth: of those one has none, the next the key before it."""
    keys = ("" if n % 1000 == 0 else n - 1 if n % 1000 == 500 else n for n in range(first, first + records))
    name = f"the thing {first} ".ljust(100, "-")
    return b"id,name\n" + "".join(f"{key},{name}\n" for key in keys).encode()


def stage(session: Session, plan: Plan, *bodies: bytes) -> list[ObjectRead]:
    arrived = Arrived([SourceObject(f"object-{n}", ARRIVED, partial(BytesIO, body)) for n, body in enumerate(bodies)])
    session.read("quarantine_log", Planned(0, iceberg_schema(plan.tables.quarantine), ()))
    describe_run(session, plan, Attempt(Commit("r", 1), "run_r", ARRIVED), replay=False)
    return arrived.stage(session, plan, Planned(0, iceberg_schema(plan.tables.silver), ()))


def refined(memory: str, folder: Path, contract: Contract, *bodies: bytes) -> dict[str, list[Any]]:
    """What is staged and what is made of it within so much memory, as digests; the order; whether files were used."""
    plan = compile_plan(contract, "rules")
    silver, log = (Planned(0, iceberg_schema(one), ()) for one in (plan.tables.silver, plan.tables.quarantine))
    with open_session(Resources("eu-west-1", memory, 2, folder)) as session:
        stage(session, plan, *bodies)
        judge(session, plan, Inputs(silver, log, {}), replay=False)
        spoken = plan.statements["duckdb"]
        asked = {name: f"FROM {name}" for name in ("staged", "judged")}
        asked |= {name: getattr(spoken, name) for name in ("bronze", "silver", "quarantine", "duplicates")}
        digests = {
            name: session.connection.execute(f"SELECT COUNT(*), SUM(hash(one)) FROM ({query}) AS one").fetchall()
            for name, query in asked.items()
        }
        order = session.connection.execute("SELECT object_number, source_row FROM staged").fetchall()
        return {**digests, "order": order, "files": [session.spooled]}


def test_verdicts_and_rows_are_the_same_when_memory_has_no_room_for_them(tmp_path: Path) -> None:
    bodies = things(1, 50_000), things(50_000), things(250_000, 1_000)
    small, ample = (refined(memory, tmp_path, THINGS, *bodies) for memory in (SMALL, AMPLE))
    assert (small.pop("files"), ample.pop("files")) == ([True], [False])
    assert small == ample
    assert small["staged"][0][0] == small["judged"][0][0] == RECORDS + 51_000
    assert small["order"] == sorted(small["order"])


def test_nothing_is_left_in_memory_or_spilled_when_it_has_no_room(tmp_path: Path) -> None:
    with open_session(Resources("eu-west-1", SMALL, 2, tmp_path)) as session:
        stage(session, compile_plan(THINGS, "rules"), things(1))
        held, spilled = session.connection.execute(
            "SELECT SUM(memory_usage_bytes), SUM(temporary_storage_bytes) FROM duckdb_memory()"
        ).fetchall()[0]
    assert held < 1_000_000
    assert spilled == 0


def test_no_record_of_an_object_stays_when_it_turns_out_unreadable_beyond_the_room(tmp_path: Path) -> None:
    plan = compile_plan(contract_of(whole("id"), text("name"), dialect=Dialect(compression="gzip")), "rules")
    broken = gzip.compress(things(1), 1)[:-9]
    with open_session(Resources("eu-west-1", SMALL, 2, tmp_path)) as session:
        first, second = stage(session, plan, broken, gzip.compress(things(1, 10), 1))
        staged = session.connection.execute("SELECT object_number, COUNT(*) FROM staged GROUP BY ALL").fetchall()
    assert "ends before its end" in (first.unreadable or "")
    assert second.rows_in == 10
    assert staged == [(1, 10)]


class _Counted(RecordStream):
    """A hundred small batches, counted as they are asked for."""

    schema = pa.schema([pa.field("id", pa.int64())])
    asked = 0

    @property
    def bytes_read(self) -> int:
        return 0

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        for number in range(100):
            self.asked += 1
            yield pa.record_batch([pa.array([number])], schema=self.schema)


def test_no_batch_is_parsed_ahead_when_the_engine_is_slower_than_the_parser() -> None:
    records = _Counted()
    with duckdb.connect(config={"threads": 1}) as connection:
        connection.register("incoming", Batches(records).stream())
        assert connection.execute("SELECT id FROM incoming LIMIT 1").fetchall() == [(0,)]
    assert records.asked <= 2


def test_batches_go_on_where_they_stopped_when_the_room_was_filled() -> None:
    batches = Batches(_Counted())
    read = []
    with duckdb.connect() as connection:
        for room in (80, 10_000):
            connection.register("incoming", batches.stream(room))
            read.append([one for (one,) in connection.execute("FROM incoming").fetchall()])
    assert read == [list(range(10)), list(range(10, 100))]
    assert batches.ended
