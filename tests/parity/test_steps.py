"""The steps' own tests once more, each run through Spark: appended, upserted, whole states, replays, backfills."""

from __future__ import annotations

import pytest

from medallion.engines.jobs import RefineJob
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
