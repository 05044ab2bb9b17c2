"""A Gold model: its SQL over the published snapshots of its inputs, written to a branch of its table."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from medallion.engines.duckdb.session import Session, open_session
from medallion.engines.iceberg import Lake, Planned
from medallion.engines.jobs import ModelJob, Pinned
from medallion.engines.model import Attempt, Built
from medallion.engines.resources import Resources
from medallion.engines.schema import duckdb_type
from medallion.errors import InvalidModel
from medallion.layout import TableLayout
from medallion.plan.gold import Model
from medallion.plan.gold_spark import spark_query
from medallion.plan.model import Field
from medallion.plan.sql import quoted

INPUT = "medallion.input."
"""In the summary of a Gold snapshot: which snapshot of each input it was made from."""
_MODEL = "medallion.model"
_ICEBERG = {
    "VARCHAR": "string",
    "BIGINT": "long",
    "INTEGER": "int",
    "SMALLINT": "int",
    "TINYINT": "int",
    "UINTEGER": "long",
    "DOUBLE": "double",
    "FLOAT": "double",
    "BOOLEAN": "boolean",
    "DATE": "date",
    "TIMESTAMP": "timestamp",
    "TIMESTAMP WITH TIME ZONE": "timestamptz",
    "HUGEINT": "decimal(38, 0)",
}
_DECIMAL = re.compile(r"DECIMAL\((\d+),\s*(\d+)\)")


@dataclass(frozen=True)
class Prepared:
    """A build whose inputs are pinned and whose target has every column: what is left is the query itself.

    `fields` are the columns of the result, `notes` what its snapshot is to say, `unchanged` that what is published says
    so already.
    """

    model: Model
    tables: Mapping[str, TableLayout]
    inputs: Mapping[str, Planned]
    target: TableLayout
    run: Attempt
    fields: tuple[Field, ...]
    notes: dict[str, str]
    base: int
    unchanged: bool

    @property
    def pinned(self) -> dict[str, int]:
        """The snapshot of each input."""
        return {relation: one.snapshot_id for relation, one in self.inputs.items()}

    @property
    def types(self) -> set[str]:
        """The types of the columns that it reads and writes, as Iceberg names them."""
        return {one.type for one in self.fields}.union(*(one.types for one in self.inputs.values()))

    @property
    def bytes(self) -> int:
        """All that the query must read."""
        return sum(one.bytes for one in self.inputs.values())

    def built(self, snapshot: int, keys: tuple[int, int, int] = (0, 0, 0), kept_here: str = "") -> Built:
        """What came of it."""
        rows, null_keys, repeated_keys = keys
        return Built(
            snapshot=snapshot,
            base=self.base,
            inputs=self.pinned,
            rows=rows,
            null_keys=null_keys,
            repeated_keys=repeated_keys,
            unchanged=self.unchanged,
            kept_here=kept_here,
        )


def prepare(
    lake: Lake,
    model: Model,
    inputs: Mapping[str, TableLayout],
    target: TableLayout,
    run: Attempt,
    resources: Resources,
) -> Prepared:
    """Pin the inputs, describe the result by their schemas, and make the target fit it. `inputs` says where the table
    stands of each relation that the model reads.

    No row is read. InvalidModel says what in the SQL cannot be built.
    """
    planned = {relation: lake.plan(layout) for relation, layout in inputs.items()}
    notes = {f"{INPUT}{relation}": str(one.snapshot_id) for relation, one in planned.items()}
    notes[_MODEL] = hashlib.sha256(model.model_dump_json().encode()).hexdigest()
    with open_session(resources) as session:
        for relation, one in planned.items():
            session.read(relation, replace(one, files=()))
        fields = _describe(session, model)
    lake.ensure(target, fields, model.partitioning)
    lake.evolve(target, fields)
    base = lake.plan(target).snapshot_id
    unchanged = lake.notes(target, base).items() >= notes.items()
    return Prepared(model, inputs, planned, target, run, tuple(fields), notes, base, unchanged)


def execute(lake: Lake, prepared: Prepared, resources: Resources, kept_here: str = "") -> Built:
    """Write the query's result to the run's branch; nothing where the same was published from the same snapshots."""
    if prepared.unchanged:
        return prepared.built(prepared.base)
    model, target, commit = prepared.model, prepared.target, prepared.run.commit
    with open_session(resources) as session:
        for relation, one in prepared.inputs.items():
            session.read(relation, one)
        session.connection.execute(f"CREATE TABLE result AS {model.query}")
        keys = _keys(session, model)
        snapshot = lake.append(
            target,
            commit,
            lambda table: session.write("SELECT * FROM result", table, target, commit),
            branch=prepared.run.branch,
            removing=None,
            notes=prepared.notes,
        )
    return prepared.built(snapshot, keys, kept_here)


def hand_over(prepared: Prepared, result: str) -> ModelJob:
    """What a job is to do in the place of `execute`, and where it is to write what came of it.

    InvalidModel where a part of the query is not known to mean the same on Spark.
    """
    run, tables = prepared.run, prepared.tables
    columns = {
        relation: {field.name: duckdb_type(field.field_type) for field in one.schema.fields}
        for relation, one in prepared.inputs.items()
    }
    return ModelJob(
        run_id=run.commit.run_id,
        attempt=run.commit.attempt,
        branch=run.branch,
        query=spark_query(prepared.model, columns),
        inputs={name: Pinned(table=tables[name].qualified, snapshot=at) for name, at in prepared.pinned.items()},
        target=prepared.target.qualified,
        base=prepared.base,
        columns=tuple(field.name for field in prepared.fields),
        keys=prepared.model.keys,
        marks=run.commit.properties,
        notes=prepared.notes,
        result=result,
    )


def _describe(session: Session, model: Model) -> list[Field]:
    described = session.connection.execute(f"DESCRIBE {model.query}").fetchall()
    fields = []
    for name, kind, *_ in described:
        exact = _DECIMAL.fullmatch(kind)
        iceberg = f"decimal({exact[1]}, {exact[2]})" if exact else _ICEBERG.get(kind)
        if iceberg is None:
            raise InvalidModel(
                f"model {model.name}: column {name} has the type {kind}, which tables cannot hold; cast it"
            )
        fields.append(Field(name=name, type=iceberg))
    missing = sorted({*model.keys, *model.partitioning} - {field.name for field in fields})
    if missing:
        raise InvalidModel(
            f"model {model.name}: the header names {', '.join(missing)}, which the query does not return"
        )
    return fields


def _keys(session: Session, model: Model) -> tuple[int, int, int]:
    """How many rows the result has, how many lack a key, and how many share one with another row."""
    keys = ", ".join(quoted(key) for key in model.keys)
    null = " OR ".join(f"{quoted(key)} IS NULL" for key in model.keys) or "FALSE"
    distinct = f"(SELECT COUNT(*) FROM (SELECT DISTINCT {keys} FROM result))" if keys else "COUNT(*)"
    counted = session.connection.execute(
        f"SELECT COUNT(*), COUNT(*) FILTER (WHERE {null}), COUNT(*) - {distinct} FROM result"
    ).fetchone()
    return (0, 0, 0) if counted is None else (counted[0], counted[1], counted[2])
