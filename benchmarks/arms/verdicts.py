"""A verdict for each record, good and bad apart: on Spark from its own reader, without hash and Bronze, as peers do."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from pyspark.sql import functions as F

from benchmarks.agreement import agree, failed_of
from benchmarks.arms import Arm, Work, acme_plan
from benchmarks.transactions import HEADERS
from medallion.engines.spark.refine import prepare
from medallion.plan.model import Plan

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

NAMES = ("transaction_id", "customer_id", "amount", "currency", "transaction_time")
MOST = 10_000_000
CURRENCIES = ("CHF", "EUR", "GBP", "USD")
AMOUNT_TYPE, TIME_TYPE = "decimal(18,2)", "timestamp"


def texts(work: Work) -> DataFrame:
    """The file's records as Spark's reader gives them: an empty field is null."""
    schema = ", ".join(f"{name} STRING" for name in HEADERS)
    return work.spark.read.csv(str(work.csv), header=True, schema=schema)


def typed_columns() -> list[Column]:
    """The contract's columns, by Spark's own casts of `HEADERS`."""
    identity, customer, amount, currency, time = (F.col(name) for name in HEADERS)
    typed = (identity, customer, amount.cast(AMOUNT_TYPE), currency, time.cast(TIME_TYPE))
    return [column.alias(name) for column, name in zip(typed, NAMES, strict=True)]


def typed(records: DataFrame) -> DataFrame:
    """The records with the contract's types."""
    return records.select(*typed_columns())


def judged(work: Work, plan: Plan, records: DataFrame) -> DataFrame:
    """The records with types, verdict and status by the plan's own statement, and the text of those that fail."""
    prepare(work.spark)
    # What carries a record's identity through the statement carries its text here: nothing is hashed in this group.
    carried = ("object_number", "source_row", "row_hash", "attempt_count", "entered")
    texts = [F.col(header).alias(name) for header, name in zip(HEADERS, carried, strict=True)]
    staged = [F.col(header).alias(f"{name}__text") for header, name in zip(HEADERS, NAMES, strict=True)]
    nothing = F.lit(None).cast("string").alias("malformed")
    records.select(*texts, *staged, nothing).createOrReplaceTempView("staged")
    record = F.struct(*(F.col(name).alias(header) for header, name in zip(HEADERS, carried, strict=True)))
    found = work.spark.sql(plan.statements["spark"].relations["judged"])
    fails = F.col("verdict_0") != 0
    return found.select(
        *NAMES,
        "verdict_0",
        F.when(fails, record).alias("record"),
        F.when(fails, F.lit("quarantined")).otherwise(F.lit("valid")).alias("status"),
    )


def conditions() -> dict[str, Column]:
    """The contract's rules as a hand would write them over `HEADERS`: true where a record fails."""
    identity, customer, amount, currency, time = (F.col(name) for name in HEADERS)
    number, moment = amount.cast(AMOUNT_TYPE), time.cast(TIME_TYPE)
    return {
        "transaction_id.required": identity.isNull(),
        "transaction_id.pattern": ~identity.rlike("^T[0-9]{10}$"),
        "customer_id.required": customer.isNull(),
        "customer_id.pattern": ~customer.rlike("^C[0-9]{6}$"),
        "amount.required": amount.isNull(),
        "amount.type": amount.isNotNull() & number.isNull(),
        "amount.range": ~number.between(-MOST, MOST),
        "amount.something_moves": number == 0,
        "currency.required": currency.isNull(),
        "currency.valid_values": ~currency.isin(*CURRENCIES),
        "transaction_time.required": time.isNull(),
        "transaction_time.type": time.isNotNull() & moment.isNull(),
        "transaction_time.range": (moment < "2000-01-01") | (moment >= "2100-01-01"),
    }


# --- the arms


def _raw(work: Work) -> None:
    texts(work).write.parquet(str(work.out / "raw"))


def _typed(work: Work) -> None:
    typed(texts(work)).write.parquet(str(work.out / "typed"))


def _medallion(work: Work) -> None:
    judged(work, acme_plan(), texts(work)).write.partitionBy("status").parquet(str(work.out / "split"))


def _counts_and_two_writes(work: Work) -> None:
    """As it is written first: a list of errors, three counts for the report, a write for each half."""
    errors = F.array_compact(F.array(*(F.when(fails, F.lit(name)) for name, fails in conditions().items())))
    records = texts(work).withColumn("errors", errors)
    valid, bad = records.where(F.size("errors") == 0), records.where(F.size("errors") > 0)
    for one in (records, valid, bad):
        one.count()
    typed(valid).write.parquet(str(work.out / "valid"))
    bad.write.parquet(str(work.out / "bad"))


# --- what they left


def _medallion_agrees(work: Work) -> None:
    split = f"{work.out}/split/status="
    agree(work, f"{split}valid/*.parquet", f"{split}quarantined/*.parquet", failed_of(acme_plan()), "record.")


def halves_agree(failed: str) -> Callable[[Work], None]:
    """What looks at the folders `valid` and `bad`."""
    return lambda work: agree(work, f"{work.out}/valid/*.parquet", f"{work.out}/bad/*.parquet", failed)


ARMS = (
    Arm("raw_floor", "read and write the texts (raw floor)", _raw),
    Arm("typed_floor", "read, cast and write, no rule looked at (typed floor)", _typed),
    Arm("medallion", "Medallion: the plan's verdict, one write by status", _medallion, _medallion_agrees),
    Arm("naive", "by hand: a list of errors, counts and two writes", _counts_and_two_writes, halves_agree("errors")),
)
