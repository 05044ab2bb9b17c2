"""The files that are measured on: what their columns are called, and which contract is theirs."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import duckdb

from benchmarks import lineitem, transactions
from medallion.contracts import parse_contract
from medallion.contracts.ruleset import ruleset_hash
from medallion.plan.compiler import compile_plan
from medallion.plan.model import Plan


def _plain(_: int) -> duckdb.DuckDBPyConnection:
    return duckdb.connect(config={"threads": 2})


@dataclass(frozen=True)
class Records:
    """Records by formula. `types` are the columns' by hand; `truth` and `texts` are SQL (DuckDB's): each record's texts
    as it was made and the rules that it fails (`failed`), and a typed record's texts.
    """

    name: str
    headers: tuple[str, ...]
    columns: tuple[str, ...]
    types: tuple[str, ...]
    delimiter: str
    contract: Path
    write: Callable[[Path, int], None]
    truth: Callable[[int], str]
    texts: tuple[str, ...]
    source: Callable[[int], AbstractContextManager[duckdb.DuckDBPyConnection]] = _plain
    """Opens the connection on which `truth` can be asked."""

    def plan(self) -> Plan:
        """The plan of the contract."""
        return _plan(self.contract)


@cache
def _plan(path: Path) -> Plan:
    contract = parse_contract(path.read_text(encoding="utf-8"), path.name)
    return compile_plan(contract, ruleset_hash(contract))


TRANSACTIONS = Records(
    name="transactions",
    headers=transactions.HEADERS,
    columns=("transaction_id", "customer_id", "amount", "currency", "transaction_time"),
    types=("string", "string", "decimal(18,2)", "string", "timestamp"),
    delimiter=",",
    contract=Path("tenants/acme/contracts/transactions.odcs.yaml"),
    write=transactions.write_transactions,
    truth=transactions.truth,
    texts=(
        "transaction_id",
        "customer_id",
        "CAST(CAST(amount AS DECIMAL(18, 2)) AS VARCHAR)",
        "currency",
        "strftime(CAST(transaction_time AS TIMESTAMP), '%Y-%m-%dT%H:%M:%SZ')",
    ),
)
LINEITEM = Records(
    name="lineitem",
    headers=lineitem.HEADERS,
    columns=lineitem.COLUMNS,
    types=lineitem.TYPES,
    delimiter="|",
    contract=Path("benchmarks/contracts/lineitem.odcs.yaml"),
    write=lineitem.write_lineitem,
    truth=lineitem.truth,
    texts=tuple(f"CAST({name} AS VARCHAR)" for name in lineitem.COLUMNS),
    source=lineitem.generated,
)
