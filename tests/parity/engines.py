"""One staged relation through both engines: where do they disagree over a record?"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any

from pyspark.sql import SparkSession

from medallion.contracts.model import Contract
from medallion.engines.duckdb.refine import offer_no_past
from medallion.engines.duckdb.session import Session, open_session
from medallion.engines.duckdb.staging import Arrived
from medallion.engines.iceberg import Planned
from medallion.engines.lines import LEAST, Leaving
from medallion.engines.model import SourceObject
from medallion.engines.resources import Resources
from medallion.engines.schema import iceberg_schema
from medallion.engines.spark.lines import BLOCKS, staged_lines
from medallion.engines.spark.refine import judge, prepare
from medallion.plan.compiler import compile_plan
from medallion.plan.model import Plan
from medallion.plan.sql import literal, quoted
from tests.unit.plan.judging import ARRIVED

OUTPUTS = ("judged", "resolved", "bronze", "silver", "quarantine", "duplicates")
_BLOCKS, _LEAST_BLOCK = 5, 16
"""An object's lines are read in so many blocks, of so many bytes at least."""
_OFFERED = ("staged", "objects", "run", "own", "failed_before", "tries", "silver_held", "quarantine_log")


def table(header: Sequence[str], records: Iterable[Sequence[str]]) -> bytes:
    """The records as CSV, each field quoted where it must be."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(header)
    writer.writerows(records)
    return text.getvalue().encode("utf-8", "surrogatepass")


def disagreements(
    spark: SparkSession,
    folder: Path,
    contract: Contract,
    *objects: bytes,
    held: bytes = b"",
    references: Mapping[str, Sequence[str]] | None = None,
) -> tuple[int, list[str]]:
    """How many records both engines judged, and a line for each row that only one of them gives.

    `held` is an object that Silver holds already; `references` are values by 'source.column'.
    """
    plan = compile_plan(contract, "rules")
    with open_session(Resources(region="eu-west-1", folder=folder)) as session:
        _offer(session, plan, objects, held, references or {})
        relations = {}
        for name in (*_OFFERED, *(one.relation for one in plan.references)):
            relations[name] = str(folder / f"{name}.parquet")
            session.connection.execute(f"COPY (SELECT * FROM {name}) TO {literal(relations[name])} (FORMAT parquet)")
        _by_spark(spark, plan, relations, folder)
        _by_duckdb(session, plan)
        records = session.connection.execute("SELECT COUNT(*) FROM staged").fetchone() or (0,)
        found = [line for name in OUTPUTS for line in _compared(session, name, _written(folder, name), name)]
        return records[0], found + _lines_disagree(spark, session, plan, objects, folder)


def _offer(
    session: Session, plan: Plan, objects: Sequence[bytes], held: bytes, references: Mapping[str, Sequence[str]]
) -> None:
    run = session.connection.execute
    run(
        "CREATE TABLE run AS SELECT 'r' AS run_id, 1 AS attempt, '1.0.0' AS contract_version, 'rules' AS ruleset, "
        "TIMESTAMPTZ '2025-01-02 00:00:00+00' AS started_at, FALSE AS replay, 3 AS max_attempts, TRUE AS newest, "
        "1::BIGINT AS log_position"
    )
    nothing = Planned(0, iceberg_schema(plan.tables.silver), ())
    session.read("quarantine_log", Planned(0, iceberg_schema(plan.tables.quarantine), ()))
    for one in plan.references:
        run(f"CREATE TABLE {one.relation} (value VARCHAR)")
        for value in references[f"{one.source}.{one.column}"]:
            run(f"INSERT INTO {one.relation} VALUES ($1)", [value])
    offer_no_past(session, nothing)
    _hold(session, plan, nothing, held)
    Arrived([_object(number, body) for number, body in enumerate(objects)]).stage(session, plan, nothing)


def _hold(session: Session, plan: Plan, nothing: Planned, held: bytes) -> None:
    """`silver_held`: what a run of the object `held` alone would have put into Silver."""
    columns = ", ".join(quoted(name) for name in plan.held)
    run = session.connection.execute
    session.read("silver_held", nothing, plan.held)
    if not held:
        return
    Arrived([_object(-1, held)]).stage(session, plan, nothing)
    _by_duckdb(session, plan)
    run(f"CREATE TABLE held_rows AS SELECT {columns} FROM ({plan.statements['duckdb'].silver})")
    for one in (*plan.statements["duckdb"].relations, "staged", "objects"):
        run(f"DROP TABLE {one}")
    run(f"CREATE OR REPLACE VIEW silver_held AS SELECT {columns} FROM held_rows")


def _object(number: int, body: bytes) -> SourceObject:
    return SourceObject(f"o{number:02}", ARRIVED, partial(BytesIO, body))


def _by_duckdb(session: Session, plan: Plan) -> None:
    for relation, statement in plan.statements["duckdb"].relations.items():
        session.connection.execute(f"CREATE TABLE {relation} AS {statement}")
    for output in OUTPUTS[2:]:
        session.connection.execute(f"CREATE OR REPLACE VIEW {output} AS {getattr(plan.statements['duckdb'], output)}")


def _by_spark(spark: SparkSession, plan: Plan, relations: Mapping[str, str], folder: Path) -> None:
    prepare(spark)
    for name, address in relations.items():
        spark.read.parquet(address).createOrReplaceTempView(name)
    statements = plan.model_dump()["statements"]["spark"]
    judge(spark, statements["relations"])
    for output in OUTPUTS:
        rows = spark.table(output) if output in OUTPUTS[:2] else spark.sql(statements[output])
        rows.write.mode("overwrite").parquet(str(_written(folder, output)))
    spark.catalog.clearCache()


def _lines_disagree(
    spark: SparkSession, session: Session, plan: Plan, objects: Sequence[bytes], folder: Path
) -> list[str]:
    """Of the objects that are left to a job: what Spark makes of their lines and the parser does not."""
    found = []
    for number, body in enumerate(objects):
        if (lines := left_to_job(plan, number, body, folder)) is None:
            continue
        output = folder / f"lines-{number}.spark"
        with settings_kept(spark):
            staged_lines(spark, lines).write.mode("overwrite").parquet(str(output))
        parsed = f"(SELECT * FROM staged WHERE object_number = {number})"
        found += _compared(session, parsed, output, f"lines of object {number}")
    return found


def left_to_job(plan: Plan, number: int, body: bytes, folder: Path) -> dict[str, Any] | None:
    """What the order says of the object if it is left to a job, which reads it in several blocks."""

    def copy(address: str) -> None:
        Path(address).write_bytes(body)

    leaving = Leaving(plan, str(folder), block=max(_LEAST_BLOCK, len(body) // _BLOCKS))
    leaving.leave(number, replace(_object(number, body), bytes=LEAST, copy=copy))
    return leaving.left[0].model_dump() if leaving.left else None


@contextmanager
def settings_kept(spark: SparkSession) -> Iterator[None]:
    """In a session that others share, blocks are as they were afterwards."""
    before = {name: spark.conf.get(name) for name in BLOCKS}
    yield
    for name, value in before.items():
        spark.conf.set(name, str(value))


def _written(folder: Path, output: str) -> Path:
    return folder / f"{output}.spark"


def _compared(session: Session, ours: str, written: Path, called: str) -> list[str]:
    """The rows that one engine gives and the other does not, a few of them spelt out."""
    run = session.connection.execute
    names = [name for name, *_ in run(f"DESCRIBE SELECT * FROM {ours}").fetchall()]
    theirs = f"read_parquet({literal(str(written / '*.parquet'))})"
    columns = ", ".join(_comparable(quoted(name)) for name in names)
    lines = []
    for said, one, other in (("DuckDB alone", ours, theirs), ("Spark alone", theirs, ours)):
        found = run(f"SELECT {columns} FROM {one} EXCEPT ALL SELECT {columns} FROM {other}").fetchall()
        lines += [f"{called}, {said}: {dict(zip(names, row, strict=True))}" for row in found[:4]]
        lines += [f"{called}, {said}: and {len(found) - 4} more"] * (len(found) > 4)
    return lines


def _comparable(column: str) -> str:
    """Nested values are compared as text: a map's order is an engine's own."""
    return (
        f"CASE WHEN typeof({column}) LIKE 'MAP%' THEN CAST(list_sort(map_entries(TRY_CAST({column} AS "
        f"MAP(VARCHAR, VARCHAR)))) AS VARCHAR) ELSE CAST({column} AS VARCHAR) END"
    )
