"""A Gold model: its SQL over the published snapshots of its inputs, written to a branch of its table."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping

from medallion.engines.duckdb.session import Resources, Session, open_session
from medallion.engines.iceberg import Lake
from medallion.engines.model import Attempt, Built
from medallion.errors import InvalidModel
from medallion.layout import TableLayout
from medallion.plan.gold import Model
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


def build(
    lake: Lake,
    model: Model,
    inputs: Mapping[str, TableLayout],
    target: TableLayout,
    run: Attempt,
    resources: Resources,
) -> Built:
    """Write the model's result to the run's branch. `inputs` says where the table stands of each relation that the
    model reads.

    Nothing is written where the same query was published from the same snapshots already. InvalidModel says what in
    the SQL cannot be built.
    """
    planned = {relation: lake.plan(layout) for relation, layout in inputs.items()}
    pinned = {relation: one.snapshot_id for relation, one in planned.items()}
    notes = {f"{INPUT}{relation}": str(snapshot) for relation, snapshot in pinned.items()}
    notes[_MODEL] = hashlib.sha256(model.model_dump_json().encode()).hexdigest()
    with open_session(resources) as session:
        for relation, one in planned.items():
            session.read(relation, one)
        fields = _describe(session, model)
        lake.ensure(target, fields, model.partitioning)
        lake.evolve(target, fields)
        base = lake.plan(target).snapshot_id
        if lake.notes(target, base).items() >= notes.items():
            return Built(snapshot=base, base=base, inputs=pinned, rows=0, null_keys=0, repeated_keys=0, unchanged=True)
        session.connection.execute(f"CREATE TABLE result AS {model.query}")
        rows, nulls, repeated = _keys(session, model)
        snapshot = lake.append(
            target,
            run.commit,
            lambda table: session.write("SELECT * FROM result", table, target, run.commit),
            branch=run.branch,
            removing=None,
            notes=notes,
        )
    return Built(snapshot=snapshot, base=base, inputs=pinned, rows=rows, null_keys=nulls, repeated_keys=repeated)


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
