"""Bank transactions for measurements: deterministic, as many as one likes, two in a hundred wrong.

The demo's own (`demo.transactions`) are wrong in more ways, and take a hundred times as long to write.
"""

from __future__ import annotations

from pathlib import Path

import duckdb

from medallion.plan.sql import literal

HEADERS = ("TransactionID", "CustomerID", "TransactionAmount", "Currency", "TransactionTimestamp")
BLOCK = 50
"""One record of so many is wrong, each kind in turn."""
REPEAT = 1000
"""One record of so many says what the one before it says."""
CONFLICT = 8
"""The kind that is wrong only beside another record: its key is the one before's."""

FAILS = {
    0: "transaction_id.required",
    1: "transaction_id.pattern",
    2: "customer_id.required",
    3: "amount.type",
    4: "amount.range",
    5: "amount.something_moves",
    6: "currency.valid_values",
    7: "transaction_time.type",
    # A line without its last field: malformed to the platform's parser, a null to readers that fill up.
    9: "transaction_time.required",
}
"""By kind, the rule of tenants/acme/contracts/transactions.odcs.yaml that the record fails."""

_FIELDS = f"""
    WITH drawn AS (
        SELECT i, CASE WHEN i % {REPEAT} = {REPEAT // 2 + 1} THEN i - 1 ELSE i END AS said,
            CASE WHEN i % {BLOCK} = {BLOCK - 1} THEN (i // {BLOCK}) % 10 END AS kind
        FROM range($1, $1 + $2) AS r(i)
    ),
    good AS (
        SELECT i, kind, 'T' || lpad((said - CASE WHEN kind = {CONFLICT} THEN 1 ELSE 0 END)::VARCHAR, 10, '0') AS id,
            'C' || lpad(((said * 7919) % 50000)::VARCHAR, 6, '0') AS customer,
            CASE WHEN said % 5 < 2 THEN '-' ELSE '' END || ((said * 48271) % 5000 + 1)::VARCHAR || '.'
                || lpad(((said * 69621) % 100)::VARCHAR, 2, '0') AS amount,
            ['CHF', 'EUR', 'GBP', 'USD'][1 + (said * 31) % 4] AS currency,
            strftime(TIMESTAMP '2023-01-01' + to_seconds((said * 2654435761) % 94694400), '%Y-%m-%dT%H:%M:%SZ') AS time
        FROM drawn
    ),
    fields AS (
        SELECT i, kind, CASE kind WHEN 0 THEN '' WHEN 1 THEN 'TX-' || i ELSE id END AS id,
            CASE WHEN kind = 2 THEN '' ELSE customer END AS customer,
            CASE kind WHEN 3 THEN 'twelve' WHEN 4 THEN '10000000.01' WHEN 5 THEN '0.00' ELSE amount END AS amount,
            CASE WHEN kind = 6 THEN 'XAU' ELSE currency END AS currency,
            CASE kind WHEN 7 THEN '2024-02-31T12:00:00Z' WHEN 9 THEN '' ELSE time END AS time
        FROM good
    )
"""


def expected(records: int) -> dict[str, int]:
    """What becomes of a file of so many records, by outcome."""
    quarantined = records // BLOCK
    duplicates = (records + REPEAT // 2 - 2) // REPEAT
    inserted = records - quarantined - duplicates
    return {"inserted": inserted, "duplicates": duplicates, "quarantined": quarantined}


def truth(records: int) -> str:
    """SQL (DuckDB's): each record's texts and the rule that it fails by itself (`failed`, '' where none), as it was
    made: no rule is looked at.
    """
    cases = " ".join(f"WHEN {kind} THEN {literal(rule)}" for kind, rule in FAILS.items())
    fields = _FIELDS.replace("$1", "0").replace("$2", str(records))
    return f"{fields} SELECT id, customer, amount, currency, time, CASE kind {cases} ELSE '' END AS failed FROM fields"


def good(first: int, records: int) -> str:
    """SQL (DuckDB's): the good ones among so many records, typed, each key once, with a hash and a place."""
    fields = _FIELDS.replace("$1", str(first)).replace("$2", str(records))
    return f"""
        {fields} SELECT id AS transaction_id, customer AS customer_id, CAST(amount AS DECIMAL(18, 2)) AS amount,
            currency, CAST(time AS TIMESTAMPTZ) AS transaction_time,
            sha256(concat(id, customer, amount, currency, time)) AS row_hash, i AS source_row
        FROM fields WHERE kind IS NULL AND i % {REPEAT} <> {REPEAT // 2 + 1}
    """


def write_transactions(path: Path, records: int, first: int = 0) -> None:
    """Write the file: so many records, the first of them with the number `first`."""
    lines = f"""
        {_FIELDS} SELECT id || ',' || customer || ',' || amount || ',' || currency
            || CASE WHEN kind = 9 THEN '' ELSE ',' || time END
        FROM fields ORDER BY i
    """
    with duckdb.connect(config={"threads": 1}) as connection, path.open("wb") as stream:
        stream.write((",".join(HEADERS) + "\n").encode())
        for batch in connection.execute(lines, [first, records]).to_arrow_reader(65_536):
            stream.write("".join(f"{line}\n" for line in batch.column(0).to_pylist()).encode())
