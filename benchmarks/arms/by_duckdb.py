"""The same verdicts on DuckDB, from its own reader: by the plan as the Lambda lane executes it, and by hand."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import duckdb

from benchmarks.agreement import agree, failed_of
from benchmarks.arms import Arm, Work, acme_plan
from benchmarks.arms.verdicts import CURRENCIES, carrying
from benchmarks.records import TRANSACTIONS, Records
from benchmarks.transactions import HEADERS
from medallion.plan.sql import literal

ZSTD = "FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1"


def open_records(work: Work, of: Records = TRANSACTIONS, **settings: str) -> duckdb.DuckDBPyConnection:
    """A connection with the file's records as `records`; an empty field is null."""
    columns = ", ".join(f"{literal(name)}: 'VARCHAR'" for name in of.headers)
    connection = duckdb.connect(config={"threads": 2, **settings})
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute(
        f"CREATE VIEW records AS SELECT * FROM read_csv({literal(str(work.file(of)))}, header = true, "
        f"auto_detect = false, delim = {literal(of.delimiter)}, quote = '\"', escape = '\"', null_padding = true, "
        f"columns = {{{columns}}})"
    )
    return connection


def _write(connection: duckdb.DuckDBPyConnection, select: str, target: Path) -> None:
    connection.execute(f"COPY ({select}) TO {literal(str(target))} ({ZSTD})")


def write_typed(work: Work, of: Records = TRANSACTIONS) -> None:
    """The records with the contract's types, as one file."""
    columns = zip(of.headers, of.types, of.columns, strict=True)
    kinds = {"string": "VARCHAR", "timestamp": "TIMESTAMPTZ"}
    casts = ", ".join(f"TRY_CAST({header} AS {kinds.get(kind, kind)}) AS {name}" for header, kind, name in columns)
    with open_records(work, of) as connection:
        _write(connection, f"SELECT {casts} FROM records", work.out / "typed.parquet")


def write_judged(work: Work, of: Records = TRANSACTIONS) -> None:
    """The records by the plan's own statement, good and bad apart."""
    texts = {f"{name}__text": header for header, name in zip(of.headers, of.columns, strict=True)}
    staged = ", ".join(f"COALESCE({header}, '') AS {text}" for text, header in texts.items())
    record = ", ".join(f"{header} := {text}" for text, header in texts.items())
    names, words = ", ".join(of.columns), [f"verdict_{word}" for word in range(of.plan().words)]
    good = " AND ".join(f"{word} = 0" for word in words)
    with open_records(work, of) as connection:
        connection.execute(
            f"CREATE VIEW staged AS SELECT {staged}, '' AS row_hash, 0 AS object_number, "
            "0::BIGINT AS source_row, 0 AS attempt_count, FALSE AS entered, NULL::VARCHAR AS malformed FROM records"
        )
        connection.execute(
            f"CREATE TABLE judged AS SELECT {names}, {', '.join(words)}, "
            f"CASE WHEN NOT ({good}) THEN struct_pack({record}) END AS record "
            f"FROM ({carrying(of.plan().statements['duckdb'], texts)})"
        )
        _write(connection, f"SELECT {names} FROM judged WHERE {good}", work.out / "valid.parquet")
        _write(connection, f"SELECT * FROM judged WHERE NOT ({good})", work.out / "bad.parquet")


def _duckdb(work: Work) -> None:
    identity, customer, amount, currency, time = HEADERS
    listed = ", ".join(literal(one) for one in CURRENCIES)
    number, moment = f"TRY_CAST({amount} AS DECIMAL(18, 2))", f"TRY_CAST({time} AS TIMESTAMPTZ)"
    fails = {
        "transaction_id.required": f"{identity} IS NULL",
        "transaction_id.pattern": f"NOT regexp_full_match({identity}, 'T[0-9]{{10}}')",
        "customer_id.required": f"{customer} IS NULL",
        "customer_id.pattern": f"NOT regexp_full_match({customer}, 'C[0-9]{{6}}')",
        "amount.required": f"{amount} IS NULL",
        "amount.type": f"{amount} IS NOT NULL AND {number} IS NULL",
        "amount.range": f"NOT {number} BETWEEN -10000000 AND 10000000",
        "amount.something_moves": f"{number} = 0",
        "currency.required": f"{currency} IS NULL",
        "currency.valid_values": f"{currency} NOT IN ({listed})",
        "transaction_time.required": f"{time} IS NULL",
        "transaction_time.type": f"{time} IS NOT NULL AND {moment} IS NULL",
        "transaction_time.range": f"{moment} < '2000-01-01' OR {moment} >= '2100-01-01'",
    }
    mask = " + ".join(f"CASE WHEN {fails} THEN {1 << bit} ELSE 0 END" for bit, fails in enumerate(fails.values()))
    rules = ", ".join(f"CASE WHEN (mask & {1 << bit}) <> 0 THEN {literal(name)} END" for bit, name in enumerate(fails))
    with open_records(work) as connection:
        connection.execute(f"CREATE TABLE judged AS SELECT *, {mask} AS mask FROM records")
        valid = (
            f"SELECT {identity} AS transaction_id, {customer} AS customer_id, {number} AS amount, "
            f"{currency} AS currency, {moment} AS transaction_time FROM judged WHERE mask = 0"
        )
        bad = f"SELECT *, list_filter([{rules}], rule -> rule IS NOT NULL) AS errors FROM judged WHERE mask <> 0"
        _write(connection, valid, work.out / "valid.parquet")
        _write(connection, bad, work.out / "bad.parquet")


def files_agree(failed: str, record: str = "{}", of: Records = TRANSACTIONS) -> Callable[[Work], None]:
    """What looks at the files `valid.parquet` and `bad.parquet`."""
    return lambda work: agree(work, f"{work.out}/valid.parquet", f"{work.out}/bad.parquet", failed, record, of)


ARMS = (
    Arm("duckdb_floor", "DuckDB: read, cast and write, no rule looked at", write_typed, spark=False),
    Arm(
        "medallion_duckdb",
        "Medallion: the plan's verdict on DuckDB",
        write_judged,
        files_agree(failed_of(acme_plan()), "record.{}"),
        spark=False,
    ),
    Arm("duckdb", "DuckDB by hand", _duckdb, files_agree("errors"), spark=False),
)
