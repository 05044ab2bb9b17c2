"""A verdict for each record, good and bad apart: on Spark from its own reader, without hash and Bronze, as peers do."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from pyspark.sql import functions as F

from benchmarks.agreement import agree, failed_of
from benchmarks.arms import Arm, Work, acme_plan
from benchmarks.folder import source_object
from benchmarks.records import TRANSACTIONS, Records
from benchmarks.transactions import HEADERS
from medallion.engines.lines import Leaving
from medallion.engines.spark.lines import staged_lines
from medallion.engines.spark.refine import prepare
from medallion.plan.model import Statements
from medallion.plan.sql import literal

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

NAMES = TRANSACTIONS.columns
MOST = 10_000_000
CURRENCIES = ("CHF", "EUR", "GBP", "USD")
AMOUNT_TYPE, TIME_TYPE = "decimal(18,2)", "timestamp"


def texts(work: Work, of: Records = TRANSACTIONS) -> DataFrame:
    """The file's records as Spark's reader gives them: an empty field is null."""
    schema = ", ".join(f"{name} STRING" for name in of.headers)
    return work.spark.read.csv(str(work.file(of)), header=True, schema=schema, sep=of.delimiter)


def typed_columns(of: Records = TRANSACTIONS) -> list[Column]:
    """The contract's columns, by Spark's own casts of the file's."""
    return [
        F.col(header).cast(kind).alias(name)
        for header, kind, name in zip(of.headers, of.types, of.columns, strict=True)
    ]


def typed(records: DataFrame, of: Records = TRANSACTIONS) -> DataFrame:
    """The records with the contract's types."""
    return records.select(*typed_columns(of))


def judged(work: Work, of: Records = TRANSACTIONS) -> DataFrame:
    """The records with types and status by the plan's own statement; of each that fails, its verdict and its line.

    They are read as a job of the large lanes reads them, the look at the file that comes before it included.
    """
    plan, spark = of.plan(), work.spark
    prepare(spark)
    leaving = Leaving(plan, str(work.out))
    leaving.leave(0, source_object(work.file(of), "file", datetime.now(UTC)))
    staged_lines(spark, leaving.left[0].model_dump()).createOrReplaceTempView("staged")
    words = [f"verdict_{word}" for word in range(plan.words)]
    fails = F.expr(" OR ".join(f"{word} <> 0" for word in words))
    return spark.sql(carrying(plan.statements["spark"], ("raw",))).select(
        *of.columns,
        *(F.when(fails, F.col(name)).alias(name) for name in (*words, "raw")),
        F.when(fails, F.lit("quarantined")).otherwise(F.lit("valid")).alias("status"),
    )


def carrying(statements: Statements, columns: Iterable[str]) -> str:
    """The plan's verdict, with columns of `staged` beside it. The engine meets those of the few that fail later."""
    before, after = statements.relations["judged"].rsplit("SELECT object_number,", 1)
    return f"{before}SELECT {', '.join(columns)}, object_number,{after}"


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
    # Once a task has met both halves, Spark sorts what comes by its half: quicker than with both files open at once.
    work.spark.conf.set("spark.sql.maxConcurrentOutputFileWriters", "2")
    judged(work).write.partitionBy("status").parquet(str(work.out / "split"))


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


def of_line(of: Records) -> str:
    """What a record of ours that fails holds of a field."""
    return f"string_split(decode(raw), {literal(of.delimiter)})[{{1}}]"


def _medallion_agrees(work: Work) -> None:
    split = f"{work.out}/split/status="
    agree(
        work, f"{split}valid/*.parquet", f"{split}quarantined/*.parquet", failed_of(acme_plan()), of_line(TRANSACTIONS)
    )


def halves_agree(failed: str) -> Callable[[Work], None]:
    """What looks at the folders `valid` and `bad`."""
    return lambda work: agree(work, f"{work.out}/valid/*.parquet", f"{work.out}/bad/*.parquet", failed)


ARMS = (
    Arm("raw_floor", "read and write the texts (raw floor)", _raw),
    Arm("typed_floor", "read, cast and write, no rule looked at (typed floor)", _typed),
    Arm("medallion", "Medallion: the plan's verdict, one write by status", _medallion, _medallion_agrees),
    Arm("naive", "by hand: a list of errors, counts and two writes", _counts_and_two_writes, halves_agree("errors")),
)
