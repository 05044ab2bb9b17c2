"""TPC-H's lineitem for measurements: as DuckDB's generator makes it, two in a hundred made wrong.

The columns are those of the TPC-H specification (https://www.tpc.org/tpch/), section 1.4.1.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from medallion.engines.duckdb.database import load_extension
from medallion.plan.sql import literal

_COLUMNS = {
    "orderkey": "bigint",
    "partkey": "bigint",
    "suppkey": "bigint",
    "linenumber": "bigint",
    "quantity": "decimal(15,2)",
    "extendedprice": "decimal(15,2)",
    "discount": "decimal(15,2)",
    "tax": "decimal(15,2)",
    "returnflag": "string",
    "linestatus": "string",
    "shipdate": "date",
    "commitdate": "date",
    "receiptdate": "date",
    "shipinstruct": "string",
    "shipmode": "string",
    "comment": "string",
}
COLUMNS = tuple(_COLUMNS)
TYPES = tuple(_COLUMNS.values())
HEADERS = tuple(f"l_{name}" for name in COLUMNS)

BLOCK = 50
"""One record of so many is wrong, each kind in turn."""
_WRONG = (
    ("orderkey", "", "orderkey.required"),
    ("quantity", "many", "quantity.type"),
    ("discount", "1.50", "discount.range"),
    ("returnflag", "X", "returnflag.valid_values"),
    ("shipdate", "1997-02-30", "shipdate.type"),
    ("shipmode", "DRONE", "shipmode.valid_values"),
    ("receiptdate", "1970-01-01", "receiptdate.arrives_after_it_leaves"),
    ("extendedprice", "", "extendedprice.required"),
)
"""By kind: the column, the text that stands there instead, and the rule of contracts/lineitem.odcs.yaml that fails."""
_ROWS_OF_ONE = 6_001_215
"""What a scale factor of one makes: the specification, section 4.2.5."""


def truth(records: int) -> str:
    """SQL (DuckDB's, on a connection of `generated`): each record's texts, and the rule that it was made to fail."""
    kinds = range(len(_WRONG))
    texts = [_text(name) for name in COLUMNS]
    failed = " ".join(f"WHEN {kind} THEN {literal(_WRONG[kind][2])}" for kind in kinds)
    return f"""
        WITH numbered AS (
            SELECT *, ROW_NUMBER() OVER (ORDER BY l_orderkey, l_linenumber) - 1 AS i FROM lineitem
        ),
        chosen AS (
            SELECT *, CASE WHEN i % {BLOCK} = {BLOCK - 1} THEN (i // {BLOCK}) % {len(_WRONG)} END AS kind
            FROM numbered WHERE i < {records}
        )
        SELECT {", ".join(texts)}, CASE kind {failed} ELSE '' END AS failed FROM chosen
    """


def _text(name: str) -> str:
    wrong = " ".join(f"WHEN {kind} THEN {literal(text)}" for kind, (of, text, _) in enumerate(_WRONG) if of == name)
    said = f"CAST(l_{name} AS VARCHAR)"
    return f"CASE kind {wrong} ELSE {said} END AS {name}" if wrong else f"{said} AS {name}"


@contextmanager
def generated(records: int) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection with the generator's table `lineitem`, of so many records at least."""
    with duckdb.connect(config={"threads": 2}) as connection:
        load_extension(connection, "tpch")
        connection.execute(f"CALL dbgen(sf = {records / _ROWS_OF_ONE * 1.01 + 0.001})")
        yield connection


def write_lineitem(path: Path, records: int) -> None:
    """Write the file: so many records, in order of their keys."""
    columns = ", ".join(f"{name} AS l_{name}" for name in COLUMNS)
    with generated(records) as connection:
        connection.execute(
            f"COPY (SELECT {columns} FROM ({truth(records)})) TO {literal(str(path))} "
            "(FORMAT csv, HEADER, DELIMITER '|', QUOTE '')"
        )
