"""Records of every format take one way through a plan: staged alike, hashed alike, their names compared alike."""

from __future__ import annotations

import io
from functools import partial
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from medallion.contracts.model import Contract, Dialect, Format
from medallion.engines.duckdb.session import open_session
from medallion.engines.duckdb.staging import Arrived
from medallion.engines.iceberg import Planned
from medallion.engines.model import SourceObject
from medallion.engines.resources import Resources
from medallion.engines.schema import iceberg_schema
from medallion.errors import SchemaMismatch
from medallion.ledger.outcomes import ObjectRead
from medallion.plan.compiler import compile_plan
from tests.unit.plan.judging import ARRIVED, contract_of, judge, text, whole

LINES = Dialect(format=Format.JSONL)
PEOPLE = contract_of(whole("id"), text("city", header="home.city", optional_in_header=True), dialect=LINES)


def staged(contract: Contract, *objects: bytes) -> tuple[list[ObjectRead], list[dict[str, Any]]]:
    """What was read of each object, and the staged records."""
    plan = compile_plan(contract, "rules")
    with open_session(Resources(region="eu-west-1")) as session:
        arrived = [SourceObject(f"object-{n}", ARRIVED, partial(io.BytesIO, b)) for n, b in enumerate(objects)]
        read = Arrived(arrived).stage(session, plan, Planned(0, iceberg_schema(plan.tables.silver), ()))
        found = session.connection.execute("SELECT * FROM staged ORDER BY object_number, source_row").to_arrow_table()
    return read, found.to_pylist()


def test_a_records_hash_is_one_when_it_comes_in_any_format() -> None:
    table = pa.table({"id": [1], "name": ["Ada"], "note": pa.array([None], pa.string())})
    parquet = io.BytesIO()
    pq.write_table(table, parquet)
    bodies = {
        Format.CSV: b"note,name,id\n,Ada,1\n",
        Format.JSONL: b'{"name": "Ada", "id": 1, "note": null}\n',
        Format.JSON: b'[{"id": 1, "name": "Ada"}]',
        Format.PARQUET: parquet.getvalue(),
    }
    hashes = {
        staged(contract_of(whole("id"), text("name"), dialect=Dialect(format=kind)), body)[1][0]["row_hash"]
        for kind, body in bodies.items()
    }
    assert len(hashes) == 1


def test_a_records_hash_is_one_when_contracts_look_into_it_differently() -> None:
    body = b'{"id":1,"home":{"city":"Bern","zip":"3000"}}'
    flat = contract_of(whole("id"), dialect=LINES)
    other = contract_of(whole("id"), text("zip", header="home.zip"), text("home"), dialect=LINES)
    found = [staged(contract, body)[1][0] for contract in (flat, PEOPLE, other)]
    assert len({record["row_hash"] for record in found}) == 1
    assert [record.get("city__text") for record in found] == [None, "Bern", None]
    assert [record.get("zip__text") for record in found] == [None, None, "3000"]
    home = '{"city":"Bern","zip":"3000"}'
    assert [dict(record["extra"]) for record in found] == [{"home": home}, {"home": home}, {}]


def test_a_member_is_not_new_when_a_column_reaches_into_it() -> None:
    [first, second], _ = staged(PEOPLE, b'{"id":1,"home":{"zip":1},"more":[1]}', b'{"id":2,"home":{"city":"x"}}')
    assert (first.new_columns, first.missing_columns) == (("more",), ("home.city",))
    assert (second.new_columns, second.missing_columns) == ((), ())


def test_the_run_stops_when_no_record_has_a_required_column() -> None:
    contract = contract_of(whole("id"), text("city", header="home.city"), dialect=LINES)
    with pytest.raises(SchemaMismatch, match=r"lacks home\.city"):
        staged(contract, b'{"id":1,"home":{}}\n{"id":2}')
    [read], found = staged(contract, b'{"id":1}\n{"id":2,"home":{"city":null}}')
    assert (read.rows_in, [record["city__text"] for record in found]) == (2, [None, None])


def test_records_have_an_outcome_each_when_some_are_no_json() -> None:
    found = judge(PEOPLE, b'{"id":1}\nnonsense\n{"id":"x","home":{"city":"Bern"}}\n{}\n')
    assert [(one.outcome, one.codes) for one in found] == [
        ("inserted", ()),
        ("quarantined", ("MALFORMED_RECORD",)),
        ("quarantined", ("TYPE_ERROR",)),
        ("inserted", ()),
    ]


def test_records_are_staged_when_none_has_a_member() -> None:
    contract = contract_of(text("a", optional_in_header=True), dialect=LINES)
    [read], found = staged(contract, b"{}\n{}")
    assert (read.rows_in, len({record["row_hash"] for record in found})) == (2, 1)


def test_an_object_counts_as_none_when_it_breaks_off() -> None:
    contract = contract_of(whole("id"), dialect=Dialect(format=Format.JSON))
    [read, good], found = staged(contract, b'[{"id":1},{"id"', b'[{"id":2}]')
    assert "cannot be read on" in (read.unreadable or "")
    assert (good.rows_in, [record["id__text"] for record in found]) == (1, ["2"])
