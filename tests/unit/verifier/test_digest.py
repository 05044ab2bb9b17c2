"""The digest: the engine and the verifier compute the same, and no single row can go, come twice or change."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyiceberg.io.pyarrow import schema_to_pyarrow
from pyiceberg.schema import Schema

from medallion.engines.duckdb.digest import chosen, digests
from medallion.engines.duckdb.session import Session
from medallion.engines.schema import iceberg_schema
from medallion.plan.model import Field
from medallion.plan.tables import ERROR_PARTS, ERRORS, RECORD
from verifier.digest import Digest, row_texts

KINDS = {
    "text": "string",
    "number": "long",
    "small": "int",
    "amount": "decimal(20, 4)",
    "measure": "double",
    "flag": "boolean",
    "day": "date",
    "moment": "timestamptz",
    "local": "timestamp",
    "raw": "binary",
    "record": RECORD,
    "errors": ERRORS,
}
SCHEMA = iceberg_schema([Field(name=name, type=kind) for name, kind in KINDS.items()])
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
MOMENT = st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30))  # noqa: DTZ001  # local times have no zone
ROW = st.fixed_dictionaries(
    {
        "text": st.none() | TEXT,
        "number": st.none() | st.integers(-(2**63), 2**63 - 1),
        "small": st.none() | st.integers(-(2**31), 2**31 - 1),
        "amount": st.none() | st.decimals(-(10**15), 10**15, places=4, allow_nan=False),
        "measure": st.none() | st.floats(),
        "flag": st.none() | st.booleans(),
        "day": st.none() | st.dates(date(1, 1, 1)),
        "moment": st.none() | MOMENT.map(lambda moment: moment.replace(tzinfo=UTC)),
        "local": st.none() | MOMENT,
        "raw": st.none() | st.binary(max_size=8),
        "record": st.none() | st.dictionaries(TEXT, st.none() | TEXT, max_size=3).map(lambda held: list(held.items())),
        "errors": st.none() | st.lists(st.fixed_dictionaries(dict.fromkeys(ERROR_PARTS, st.none() | TEXT)), max_size=2),
    }
)
ROWS = st.lists(ROW, min_size=1, max_size=6)


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    connection = duckdb.connect()
    yield Session(connection, Path(tmp_path_factory.mktemp("digest")), "eu-west-1")
    connection.close()


def arrow(rows: list[dict[str, Any]], schema: Schema = SCHEMA) -> pa.Table:
    return pa.Table.from_pylist(rows, schema=schema_to_pyarrow(schema, include_field_ids=False))


def of_engine(session: Session, table: pa.Table) -> str:
    session.connection.register("given", table)
    # As the engine reads Parquet: maps and lists in its own types.
    session.connection.execute("CREATE OR REPLACE TABLE rows AS SELECT * FROM given")
    [found] = digests(session, "rows", chosen(SCHEMA)).values()
    return found


def of_verifier(table: pa.Table) -> Digest:
    found = Digest()
    for batch in table.to_batches():
        found.add_texts(row_texts(batch, list(KINDS)))
    return found


@settings(max_examples=60, deadline=None)
@given(rows=ROWS)
def test_engine_and_verifier_agree_when_rows_hold_any_values(session: Session, rows: list[dict[str, Any]]) -> None:
    table = arrow(rows)
    assert of_engine(session, table) == str(of_verifier(table))


@settings(max_examples=60, deadline=None)
@given(rows=ROWS, other=ROW, data=st.data())
def test_digest_changes_when_one_row_is_dropped_doubled_or_altered(
    rows: list[dict[str, Any]], other: dict[str, Any], data: st.DataObject
) -> None:
    position = data.draw(st.integers(0, len(rows) - 1))
    before, row = of_verifier(arrow(rows)), rows[position]
    rest = rows[:position] + rows[position + 1 :]
    assert of_verifier(arrow(rest)) != before if rest else True
    assert of_verifier(arrow([*rows, row])) != before
    assert of_verifier(arrow([*reversed(rest), row])) == before, "the order of rows is nothing"
    texts = [row_texts(arrow([one]), list(KINDS)) for one in (row, other)]
    assert (of_verifier(arrow([*rest, other])) == before) is (texts[0] == texts[1])


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"text": None}, {"text": ""}),
        ({"raw": None}, {"raw": b""}),
        ({"record": [("a", None)]}, {"record": [("a", "")]}),
        ({"measure": 0.0}, {"measure": -0.0}),
        ({"measure": 0.1}, {"measure": 0.1 + 2**-55}),
        ({"amount": Decimal("0.1000")}, {"amount": Decimal("0.1001")}),
        ({"text": "1;", "number": None}, {"text": "1", "number": 1}),
    ],
)
def test_values_are_told_apart_when_they_look_alike(one: dict[str, Any], other: dict[str, Any]) -> None:
    blank = dict.fromkeys(KINDS)
    assert of_verifier(arrow([blank | one])) != of_verifier(arrow([blank | other]))


def test_digests_add_up_when_rows_lie_in_two_places() -> None:
    rows = [dict.fromkeys(KINDS) | {"number": number} for number in range(5)]
    together = of_verifier(arrow(rows))
    assert of_verifier(arrow(rows[:2])) + of_verifier(arrow(rows[2:])) == together
    assert Digest.read(str(together)) == together


def test_digest_is_the_documents_when_the_row_is_its_example() -> None:
    table = pa.table({"id": pa.array([1], pa.int64()), "name": ["Zoë"], "amount": [Decimal("2.50")], "note": [None]})
    assert row_texts(table, ["id", "name", "amount", "note"]) == ["1;4:Zoë;2.50;;".encode()]
