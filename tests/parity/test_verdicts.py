"""Both engines give every record the same verdict, the same errors, the same typed values and the same place."""

from __future__ import annotations

import random
from pathlib import Path

import pyspark
import pytest
from pyspark.sql import SparkSession

from medallion.contracts.model import (
    BooleanType,
    Check,
    Column,
    Contract,
    DateType,
    DecimalType,
    Dialect,
    DoubleType,
    IntegerType,
    Length,
    Pattern,
    Range,
    Reference,
    TimestampType,
    ValidValues,
)
from tests.parity import values
from tests.parity.engines import disagreements, table
from tests.unit.plan.judging import contract_of, text, whole

LOCAL = not pyspark.__version__.startswith("3.3.")
"""Glue 4.0's Spark knows no time without a zone: no run with one comes to it."""
RECORDS = 20_000
"""Records of a made table."""

EVERY_TYPE = contract_of(
    whole("n", type=IntegerType(), rules=(Range(minimum="-5", exclusive_maximum="1000"),)),
    whole(
        "cents", type=DecimalType(precision=18, scale=2), rules=(Range(exclusive_minimum="-0.5", maximum="99999.99"),)
    ),
    whole("exact", type=DecimalType(precision=38, scale=10)),
    whole("whole", type=DecimalType(precision=38, scale=0)),
    whole("part", type=DecimalType(precision=6, scale=6)),
    whole("x", type=DoubleType(), rules=(Range(minimum="-1e10", maximum="1e300"),)),
    whole("yes", type=BooleanType()),
    whole("day", type=DateType(formats=("yyyy-MM-dd", "dd.MM.yyyy")), rules=(Range(minimum="1582-10-10"),)),
    whole(
        "at", type=TimestampType(formats=("yyyy-MM-dd'T'HH:mm:ssX",)), rules=(Range(maximum="2024-12-31 23:59:59+00"),)
    ),
    *([whole("local", type=TimestampType(formats=("yyyy-MM-dd HH:mm:ss.SSSSSS", "yyyy-MM-dd")))] if LOCAL else []),
    text("code", rules=(Pattern(regex="[A-Z]{2}[0-9]{2}"), ValidValues(values=("AB12", "a'b", "a\\b")))),
    text("name", required=True, rules=(Length(minimum=1, maximum=50),)),
    text("other", rules=(Reference(source="names", column="name"), Pattern(regex="[^$]*"))),
    checks=(
        Check(name="ordered", expression="n < cents OR x IS NULL", message="n is less"),
        Check(name="early", expression="year(day) < 2024 AND NOT yes", message="it is early"),
        Check(name="short", expression="length(name) + length(other) <= 60", message="names are short"),
        Check(name="half", expression="round(cents, 1) = cents AND floor(exact) <= exact", message="one digit"),
        Check(name="same", expression="lower(name) = lower(other)", message="names agree"),
        Check(name="share", expression="cents / exact < 3 AND x / n < 1e3", message="a small part"),
        Check(name="rest", expression="n % 7 <> 3 AND x % n < 2", message="another rest"),
    ),
    dialect=Dialect(null_values=("", "NA")),
)
POOLS = (
    values.INTEGERS,
    values.NUMBERS,
    values.NUMBERS,
    (*values.INTEGERS, *values.NUMBERS),
    values.NUMBERS,
    (*values.INTEGERS, *values.NUMBERS),
    values.BOOLEANS,
    values.DATES,
    values.INSTANTS,
    *([(*values.LOCAL_TIMES, *values.DATES)] if LOCAL else []),
    values.TEXTS,
    values.TEXTS,
    values.TEXTS,
)
"""For each column what its texts are drawn from."""

GOOD = (
    "17", "12.50", "3.25", "4", ".125", "2.5", "true", "2020-02-29", "2020-02-29T10:00:00Z",
    *(["2020-02-29 10:00:00.000001"] if LOCAL else []), "AB12", "Ada", "Ada",
)  # fmt: skip


def made(seed: int, records: int) -> list[list[str]]:
    """Records that are mostly good: a text on which engines differ stands among values that let it be judged."""
    chance = random.Random(seed)  # noqa: S311  # a table that can be made again
    found = []
    for _ in range(records):
        record = list(GOOD)
        for position in chance.sample(range(len(POOLS)), chance.choice((0, 1, 1, 2, len(POOLS)))):
            record[position] = chance.choice((*POOLS[position], *values.BLANKS, _number(chance)))
        found.append(record)
    return found


def _number(chance: random.Random) -> str:
    digits = "".join(chance.choices("0123456789", k=chance.randint(1, 25)))
    point = chance.randint(0, len(digits))
    exponent = chance.choice(("", f"e{chance.randint(-330, 330)}"))
    return f"{chance.choice(('', '-', '+'))}{digits[:point]}.{digits[point:]}{exponent}"


def agree(spark: SparkSession, folder: Path, contract: Contract, *objects: bytes, held: bytes = b"") -> int:
    """How many records were judged; the test fails with the rows that only one engine gives."""
    references = {"names.name": ["Ada", "a", "ä", "null", "😀"]}
    judged, found = disagreements(spark, folder, contract, *objects, held=held, references=references)
    assert not found, "\n".join(found)
    return judged


def test_engines_agree_when_each_text_stands_alone(spark: SparkSession, tmp_path: Path) -> None:
    records = []
    for position, pool in enumerate(POOLS):
        for value in (*pool, *values.BLANKS, *values.TEXTS):
            record = list(GOOD)
            record[position] = value
            records.append(record)
    header = [column.header for column in EVERY_TYPE.columns]
    assert agree(spark, tmp_path, EVERY_TYPE, table(header, records)) == len(records)


@pytest.mark.parametrize("seed", range(5))
def test_engines_agree_when_tables_are_made_by_chance(seed: int, spark: SparkSession, tmp_path: Path) -> None:
    header = [column.header for column in EVERY_TYPE.columns]
    assert agree(spark, tmp_path, EVERY_TYPE, table(header, made(seed, RECORDS))) == RECORDS


SEEN = ("", "1", "2", "x", "10")
KEYED: tuple[tuple[str, dict[str, object]], ...] = (
    ("append", {}),
    ("upsert", {"load": "upsert", "order_by": "seen"}),
    ("upsert by its key", {"load": "upsert", "order_by": "id"}),
    ("whole state", {"load": "snapshot"}),
    ("no key, once", {"key": (), "duplicates": "drop"}),
    ("no key", {"key": ()}),
)


@pytest.mark.parametrize("settings", [one for _, one in KEYED], ids=[name for name, _ in KEYED])
def test_engines_agree_when_records_meet_others(
    settings: dict[str, object], spark: SparkSession, tmp_path: Path
) -> None:
    columns: list[Column] = [whole("id", required=True), whole("seen"), text("name", rules=(Length(maximum=3),))]
    contract = contract_of(*columns, **{"key": ("id",), **settings})
    chance = random.Random(7)  # noqa: S311  # as above

    def body(records: int) -> bytes:
        rows = [
            (str(chance.randint(1, records // 3)), chance.choice(SEEN), chance.choice(("a", "b", "c", "long")))
            for _ in range(records)
        ]
        return table(("id", "seen", "name"), rows) + b"1\n,,\n2,3,4,5\n"

    assert agree(spark, tmp_path, contract, body(3000), body(300), body(3), held=body(2000)) > 3300
