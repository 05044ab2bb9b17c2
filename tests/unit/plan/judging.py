"""Runs a contract's compiled plan on real bytes with the real engine, without a lake: what is held is given as rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from io import BytesIO

from medallion.contracts.model import Column, Contract, IntegerType, StringType
from medallion.engines.duckdb.refine import offer_no_past
from medallion.engines.duckdb.session import Session, open_session
from medallion.engines.duckdb.staging import Arrived
from medallion.engines.iceberg import Planned
from medallion.engines.model import SourceObject
from medallion.engines.resources import Resources
from medallion.engines.schema import iceberg_schema
from medallion.plan.compiler import compile_plan
from medallion.plan.sql import literal, quoted

ARRIVED = datetime(2025, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Verdict:
    """One record: its outcome, who holds it already, and the (column, rule, code) of each of its errors."""

    object_number: int
    source_row: int
    outcome: str
    held_by: str | None
    row_hash: str
    errors: tuple[tuple[str | None, str, str], ...] = ()

    @property
    def codes(self) -> tuple[str, ...]:
        return tuple(code for _, _, code in self.errors)


def contract_of(*columns: Column, **settings: object) -> Contract:
    return Contract.model_validate({"id": "t", "version": "1.0.0", "source": "things", "columns": columns, **settings})


def text(name: str, **settings: object) -> Column:
    return Column.model_validate({"name": name, "header": name, "type": StringType(), **settings})


def whole(name: str, **settings: object) -> Column:
    return Column.model_validate({"name": name, "header": name, "type": IntegerType(), **settings})


def judge(
    contract: Contract,
    *objects: bytes,
    held: Sequence[tuple[object, ...]] = (),
    open_failures: Iterable[str] = (),
    references: Mapping[str, Sequence[object]] | None = None,
) -> list[Verdict]:
    """The records' verdicts in order.

    `held` are Silver's (key…, row_hash), `references` the values by 'source.column'.
    """
    plan = compile_plan(contract, "rules")
    with open_session(Resources(region="eu-west-1")) as session:
        run = session.connection.execute
        run(
            "CREATE TABLE run AS SELECT 'r' AS run_id, 1 AS attempt, '1.0.0' AS contract_version, 'rules' AS ruleset, "
            "now() AS started_at, FALSE AS replay, 3 AS max_attempts, TRUE AS newest, 1 AS log_position"
        )
        silver = Planned(0, iceberg_schema(plan.tables.silver), ())
        arrived = [SourceObject(f"o{n}", ARRIVED, partial(BytesIO, b)) for n, b in enumerate(objects)]
        Arrived(arrived).stage(session, plan, silver)
        offer_no_past(session, silver)
        _held(session, contract, held)
        for one in plan.references:
            listed = (references or {})[f"{one.source}.{one.column}"]
            rows = ", ".join(f"({literal(str(value))})" for value in listed) or "(NULL)"
            run(f"CREATE TABLE {one.relation} AS SELECT * FROM (VALUES {rows}) AS t(value) WHERE value IS NOT NULL")
        failures = ", ".join(f"({literal(one)})" for one in open_failures) or "(NULL)"
        run(f"CREATE TABLE open_failures AS SELECT * FROM (VALUES {failures}) AS t(row_hash)")
        statements = plan.statements["duckdb"]
        for relation, statement in statements.relations.items():
            if relation != "open_failures":
                run(f"CREATE TABLE {relation} AS {statement}")
        errors = {
            (int(source_file_id[1:]), row): tuple((one["column"], one["rule"], one["code"]) for one in found or ())
            for source_file_id, row, found in run(
                f"SELECT source_file_id, source_row, errors FROM ({statements.quarantine}) WHERE event = 'quarantined'"
            ).fetchall()
        }
        rows_found = run(
            "SELECT object_number, source_row, COALESCE(outcome, 'inserted'), held_by, j.row_hash "
            "FROM judged AS j LEFT JOIN resolved USING (object_number, source_row) ORDER BY 1, 2"
        ).fetchall()
    return [
        Verdict(number, row, outcome, held_by, row_hash, errors.get((number, row), ()))
        for number, row, outcome, held_by, row_hash in rows_found
    ]


def _held(session: Session, contract: Contract, held: Sequence[tuple[object, ...]]) -> None:
    columns = [
        f"CAST(NULL AS {'BIGINT' if contract.column(k).type.kind == 'integer' else 'VARCHAR'}) AS {quoted(k)}"
        for k in contract.key
    ]
    session.connection.execute(
        f"CREATE TABLE silver_held AS SELECT {', '.join([*columns, 'CAST(NULL AS VARCHAR) AS row_hash'])} WHERE FALSE"
    )
    for row in held:
        session.connection.execute(f"INSERT INTO silver_held VALUES ({', '.join('?' for _ in row)})", list(row))
