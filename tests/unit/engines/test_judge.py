"""Every record that is staged has one outcome before anything goes to Silver."""

from __future__ import annotations

from functools import partial
from io import BytesIO

import pytest

from medallion.engines.commits import Commit
from medallion.engines.duckdb.refine import describe_run, judge
from medallion.engines.duckdb.session import open_session
from medallion.engines.duckdb.staging import Arrived
from medallion.engines.iceberg import Planned
from medallion.engines.inputs import Inputs
from medallion.engines.model import Attempt, SourceObject
from medallion.engines.resources import Resources
from medallion.engines.schema import iceberg_schema
from medallion.errors import EngineFailed
from medallion.plan.compiler import compile_plan
from tests.unit.plan.judging import ARRIVED, contract_of, whole


@pytest.mark.parametrize("relation", ["judged", "resolved"])
def test_run_is_refused_when_the_plan_gives_a_record_no_outcome(relation: str) -> None:
    plan = compile_plan(contract_of(whole("id"), key=("id",)), "rules")
    spoken = plan.statements["duckdb"]
    some = f"SELECT * FROM ({spoken.relations[relation]}) WHERE source_row <> 3"
    losing = spoken.model_copy(update={"relations": {**spoken.relations, relation: some}})
    broken = plan.model_copy(update={"statements": {"duckdb": losing}})
    silver = Planned(0, iceberg_schema(plan.tables.silver), ())
    quarantine = Planned(0, iceberg_schema(plan.tables.quarantine), ())
    arrived = Arrived([SourceObject("o", ARRIVED, partial(BytesIO, b"id\n1\n2\nx\n"))])
    with open_session(Resources(region="eu-west-1")) as session:
        session.read("quarantine_log", quarantine)
        describe_run(session, broken, Attempt(Commit("r", 1), "run_r", ARRIVED), replay=False)
        arrived.stage(session, broken, silver)
        with pytest.raises(EngineFailed, match="the plan loses or doubles"):
            judge(session, broken, Inputs(silver, quarantine, {}), replay=False)
