"""Both engines make the same of hostile objects, of every format: what the parser stages, they judge alike."""

from __future__ import annotations

from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from medallion.contracts import parse_contract
from tests.acceptance import hostile
from tests.parity.engines import disagreements

CONTRACTS = Path(hostile.__file__).parent / "tenants" / "hostile" / "contracts"
BODIES = hostile.FIRST | hostile.LATER
LACKING = {
    (case.source, case.name) for cases in hostile.CASES.values() for case in cases if case.code == "SCHEMA_ERROR"
}
"""Objects that lack a required column: their run ends before any engine sees a record."""


@pytest.mark.parametrize("source", sorted({source for source, _ in BODIES}))
def test_engines_agree_when_objects_are_hostile(source: str, spark: SparkSession, tmp_path: Path) -> None:
    (file,) = CONTRACTS.glob(f"{source}.*")
    objects = [body for (of, name), body in BODIES.items() if of == source and (of, name) not in LACKING]
    contract = parse_contract(file.read_text(encoding="utf-8"), file.name)
    judged, found = disagreements(spark, tmp_path, contract, *objects)
    assert not found, "\n".join(found)
    assert judged >= hostile.TOTALS[source]["rows_in"]
