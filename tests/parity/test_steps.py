"""The steps' own tests once more, each run through Spark: appended, upserted, whole states, replays, backfills."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from pyspark.sql import SparkSession

from medallion.engines.jobs import RefineJob
from medallion.engines.spark import refine
from medallion.steps.refine import JOB
from tests.integration.steps import test_loads as loads
from tests.integration.steps.test_loads import *  # noqa: F403  # the very tests, under another bench
from tests.integration.steps.test_replay import *  # noqa: F403  # as above
from tests.integration.steps.workbench import Workbench, outcomes

pytestmark = pytest.mark.usefixtures("spark")


def test_an_object_is_read_by_the_job_when_it_is_plain_and_parsed_before_it_when_not(bench: Workbench) -> None:
    bench.register(loads.contract("mixed"))
    run = bench.ingest("mixed", "id,seen,name\n1,10,Ada\n2,x,Max\n3,30\n", 'id,seen,name\n4,10,"Eva"\n5,1,"toolong"\n')
    assert outcomes(run) == {"rows_in": 5, "inserted": 2, "quarantined": 3}
    order = bench.platform.read_document(RefineJob, run.run_id, run.attempt, JOB)
    assert order is not None
    assert [len(one.before) for one in order.lines] == [1]
    rows = bench.rows(bench.platform.layout.bronze("mixed"), "source_row, id, name, malformed")
    assert sorted(rows) == sorted(
        [
            (1, "1", "Ada", None),
            (2, "2", "Max", None),
            (3, None, None, "expected 3 fields, found 2"),
            (1, "4", "Eva", None),
            (2, "5", "toolong", None),
        ]
    )
    assert loads.silver(bench, "mixed") == [(1, 10, "Ada"), (4, 10, "Eva")]


def test_a_job_ends_when_an_object_has_many_columns(bench: Workbench) -> None:
    names = [f"c{number}" for number in range(40)]
    columns = "".join(f"      - name: {name}\n        logicalType: integer\n        required: true\n" for name in names)
    bench.register(loads.contract("wide") + columns)
    rows = [",".join(str(row) for _ in names) for row in range(50)]
    lines = [f"{row},{row},name,{cells}" for row, cells in enumerate(rows)]
    run = bench.ingest("wide", "\n".join(["id,seen,name," + ",".join(names), *lines]))
    assert outcomes(run) == {"rows_in": 50, "inserted": 50}
    assert bench.rows(bench.platform.layout.silver("wide"), "id, c0, c39")[-1] == (49, 49, 49)


def test_a_run_is_planned_once_where_what_it_reads_is_few_and_leaves_the_session_as_it_was(
    bench: Workbench, spark: SparkSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = ("spark.sql.adaptive.enabled", "spark.sql.shuffle.partitions")
    judge, before = refine.judge, [spark.conf.get(name) for name in names]
    planned: list[str | None] = []

    def seen(session: SparkSession, relations: Mapping[str, str]) -> dict[str, int]:
        planned.append(session.conf.get(names[0]))
        if len(planned) == 3:
            raise RuntimeError("the third run fails")
        return judge(session, relations)

    monkeypatch.setattr(refine, "judge", seen)
    monkeypatch.setattr(refine, "_FEW", 2)
    bench.register(loads.contract("few"))
    bench.ingest("few", "id,seen,name\n1,10,Ada\n2,10,Max\n")
    # One record more, beside the two that Silver holds.
    bench.ingest("few", "id,seen,name\n3,10,Eva\n")
    assert planned == ["false", "true"]
    monkeypatch.setattr(refine, "_FEW", 4)
    with pytest.raises(RuntimeError, match="the third run fails"):
        bench.ingest("few", "id,seen,name\n4,10,Ida\n")
    assert planned[2:] == ["false"]
    assert [spark.conf.get(name) for name in names] == before
