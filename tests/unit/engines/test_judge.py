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

PLAN = compile_plan(contract_of(whole("id"), key=("id",)), "rules")


@pytest.mark.parametrize("relation", ["judged", "resolved"])
def test_run_is_refused_when_the_plan_gives_a_record_no_outcome(relation: str) -> None:
    some = f"SELECT * FROM ({PLAN.statements['duckdb'].relations[relation]}) WHERE source_row <> 3"
    with pytest.raises(EngineFailed, match="the plan loses or doubles"):
        outcomes(b"id\n1\n2\nx\n", **{relation: some})


def test_records_are_told_apart_when_they_share_but_a_hash() -> None:
    body, shared = b"id\n1\n2\n2\nx\n", "SELECT DISTINCT HASH(a.id) AS hash FROM judged AS a"
    assert outcomes(body, repeated=shared) == {1: "inserted", 2: "inserted", 3: "duplicate", 4: "quarantined"}
    assert outcomes(body) == {2: "inserted", 3: "duplicate", 4: "quarantined"}


def outcomes(body: bytes, **relations: str) -> dict[int, str]:
    """The outcome of each exceptional record by its place, where these statements take the places of the plan's."""
    spoken = PLAN.statements["duckdb"]
    other = spoken.model_copy(update={"relations": {**spoken.relations, **relations}})
    plan = PLAN.model_copy(update={"statements": {"duckdb": other}})
    silver = Planned(0, iceberg_schema(plan.tables.silver), ())
    quarantine = Planned(0, iceberg_schema(plan.tables.quarantine), ())
    arrived = Arrived([SourceObject("o", ARRIVED, partial(BytesIO, body))])
    with open_session(Resources(region="eu-west-1")) as session:
        session.read("quarantine_log", quarantine)
        describe_run(session, plan, Attempt(Commit("r", 1), "run_r", ARRIVED), replay=False)
        arrived.stage(session, plan, silver)
        judge(session, plan, Inputs(silver, quarantine, {}), replay=False)
        return dict(session.connection.execute("SELECT source_row, outcome FROM resolved").fetchall())
