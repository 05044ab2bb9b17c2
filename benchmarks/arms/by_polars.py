"""The same verdicts on Polars, by hand."""

from __future__ import annotations

import polars as pl

from benchmarks.arms import Arm, Work
from benchmarks.arms.by_duckdb import files_agree
from benchmarks.arms.verdicts import CURRENCIES, MOST, NAMES
from benchmarks.transactions import HEADERS


def _polars(work: Work) -> None:
    identity, customer, amount, currency, time = (pl.col(name) for name in HEADERS)
    records = pl.read_csv(work.csv, schema=dict.fromkeys(HEADERS, pl.String), truncate_ragged_lines=True)
    number = amount.cast(pl.Decimal(18, 2), strict=False)
    moment = time.str.to_datetime("%Y-%m-%dT%H:%M:%SZ", strict=False, time_unit="us")
    fails = {
        "transaction_id.required": identity.is_null(),
        "transaction_id.pattern": ~identity.str.contains("^T[0-9]{10}$"),
        "customer_id.required": customer.is_null(),
        "customer_id.pattern": ~customer.str.contains("^C[0-9]{6}$"),
        "amount.required": amount.is_null(),
        "amount.type": amount.is_not_null() & pl.col("number").is_null(),
        "amount.range": ~pl.col("number").is_between(-MOST, MOST),
        "amount.something_moves": pl.col("number") == 0,
        "currency.required": currency.is_null(),
        "currency.valid_values": ~currency.is_in(CURRENCIES),
        "transaction_time.required": time.is_null(),
        "transaction_time.type": time.is_not_null() & pl.col("moment").is_null(),
        "transaction_time.range": (pl.col("moment") < pl.datetime(2000, 1, 1))
        | (pl.col("moment") >= pl.datetime(2100, 1, 1)),
    }
    typed = records.with_columns(number.alias("number"), moment.alias("moment"))
    found = typed.with_columns(
        pl.concat_list(pl.when(one).then(pl.lit(name)) for name, one in fails.items()).alias("all")
    )
    errors = found.with_columns(pl.col("all").list.drop_nulls().alias("errors")).drop("all")
    valid, bad = errors.filter(pl.col("errors").list.len() == 0), errors.filter(pl.col("errors").list.len() > 0)
    columns = dict(zip(NAMES, (*HEADERS[:2], "number", HEADERS[3], "moment"), strict=True))
    valid.select(**{name: pl.col(said) for name, said in columns.items()}).write_parquet(
        work.out / "valid.parquet", compression_level=1
    )
    bad.select(*HEADERS, "errors").write_parquet(work.out / "bad.parquet", compression_level=1)


ARMS = (Arm("polars", "Polars by hand", _polars, files_agree("errors"), spark=False),)
