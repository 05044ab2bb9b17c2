"""Plain objects, read by Spark in several blocks: each line is the record that the parser makes of it."""

from __future__ import annotations

from pathlib import Path

import pytest
from py4j.protocol import Py4JJavaError
from pyspark.sql import SparkSession

from medallion.contracts.model import Dialect
from medallion.engines.spark.lines import BLOCKS, staged_lines
from medallion.plan.compiler import compile_plan
from tests.parity.engines import disagreements, left_to_job, settings_kept
from tests.unit.plan.judging import contract_of, text, whole

COLUMNS = (text("a"), whole("b"))
LINES = "".join(f"row {number},{number},\n" for number in range(100))
BODIES = {
    "many_blocks": "a,b,c\n" + LINES,
    "windows": ("a,b,c\n" + LINES).replace("\n", "\r\n"),
    "no_last_end": "a,b,c\n" + LINES + "x,1,2",
    "no_last_end_windows": "a,b\r\nx,1\r\ny,2",
    "byte_order_mark": "\ufeffa,b\n1,2\n3,4\n",
    "wrong_counts": "a,b\nx,1\n,\n \ny\nz,1,2\n,,,\nx,2\n",
    "columns_moved_and_new": "new,b,other,a\n1,2,3,4\n,,,\n5,6,,7\n",
    "odd_characters": "a,b\n\0,1\né\u2028\u0085€𝄞,2\n'\\n'\t;|,3\n .*[,4\n",
    "header_alone": "a,b\n",
    "longer_than_blocks": "a,b\n" + "x" * 200 + ",1\ny,2\n" + "z" * 90 + ",3\n",
}


CASES = [*((name, ",") for name in BODIES), *(("odd_characters", mark) for mark in "|\t^\\$.*")]


@pytest.mark.parametrize(("name", "delimiter"), CASES)
def test_lines_are_the_parsers_records(name: str, delimiter: str, spark: SparkSession, tmp_path: Path) -> None:
    body = BODIES[name].translate({ord(","): delimiter, ord(delimiter): ","}).encode()
    contract = contract_of(*COLUMNS, dialect=Dialect(delimiter=delimiter))
    assert left_to_job(compile_plan(contract, "rules"), 0, body, tmp_path) is not None
    _, found = disagreements(spark, tmp_path, contract, body)
    assert not found, "\n".join(found)


def test_reading_fails_when_blocks_are_not_those_that_were_counted(spark: SparkSession, tmp_path: Path) -> None:
    lines = left_to_job(compile_plan(contract_of(*COLUMNS), "rules"), 0, b"a,b\n" + b"1,2\n" * 500, tmp_path)
    assert lines is not None
    with settings_kept(spark):
        frame = staged_lines(spark, lines)
        for name in BLOCKS:
            spark.conf.set(name, str(lines["block"] // 2))
        with pytest.raises(Py4JJavaError, match="another part of the object"):
            frame.collect()
