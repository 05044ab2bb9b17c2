"""Bank transactions for measurements: deterministic, as many as one likes, two in a hundred wrong.

The demo's own (`demo.transactions`) are wrong in more ways, and take a hundred times as long to write.
"""

from __future__ import annotations

from pathlib import Path

import duckdb

BLOCK = 50
"""One record of so many is wrong, each kind in turn."""
REPEAT = 1000
"""One record of so many says what the one before it says."""

_HEADER = b"TransactionID,CustomerID,TransactionAmount,Currency,TransactionTimestamp\n"
_KINDS = 10
_LINES = f"""
    WITH drawn AS (
        SELECT i, CASE WHEN i % {REPEAT} = {REPEAT // 2 + 1} THEN i - 1 ELSE i END AS said,
            CASE WHEN i % {BLOCK} = {BLOCK - 1} THEN (i // {BLOCK}) % {_KINDS} END AS kind
        FROM range($1) AS r(i)
    ),
    fields AS (
        SELECT i, kind, 'T' || lpad((said - CASE WHEN kind = 8 THEN 1 ELSE 0 END)::VARCHAR, 10, '0') AS id,
            'C' || lpad(((said * 7919) % 50000)::VARCHAR, 6, '0') AS customer,
            CASE WHEN said % 5 < 2 THEN '-' ELSE '' END || ((said * 48271) % 5000 + 1)::VARCHAR || '.'
                || lpad(((said * 69621) % 100)::VARCHAR, 2, '0') AS amount,
            ['CHF', 'EUR', 'GBP', 'USD'][1 + (said * 31) % 4] AS currency,
            strftime(TIMESTAMP '2023-01-01' + to_seconds((said * 2654435761) % 94694400), '%Y-%m-%dT%H:%M:%SZ') AS time
        FROM drawn
    )
    SELECT CASE WHEN kind = 0 THEN '' WHEN kind = 1 THEN 'TX-' || i ELSE id END || ','
        || CASE WHEN kind = 2 THEN '' ELSE customer END || ','
        || CASE kind WHEN 3 THEN 'twelve' WHEN 4 THEN '10000000.01' WHEN 5 THEN '0.00' ELSE amount END || ','
        || CASE WHEN kind = 6 THEN 'XAU' ELSE currency END
        || CASE kind WHEN 7 THEN ',2024-02-31T12:00:00Z' WHEN 9 THEN '' ELSE ',' || time END
    FROM fields ORDER BY i
"""


def expected(records: int) -> dict[str, int]:
    """What becomes of a file of so many records, by outcome."""
    quarantined = records // BLOCK
    duplicates = (records + REPEAT // 2 - 2) // REPEAT
    inserted = records - quarantined - duplicates
    return {"inserted": inserted, "duplicates": duplicates, "quarantined": quarantined}


def write_transactions(path: Path, records: int) -> None:
    """Write the file."""
    with duckdb.connect(config={"threads": 1}) as connection, path.open("wb") as stream:
        stream.write(_HEADER)
        for batch in connection.execute(_LINES, [records]).to_arrow_reader(65_536):
            stream.write("".join(f"{line}\n" for line in batch.column(0).to_pylist()).encode())
