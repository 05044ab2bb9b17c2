"""What stands behind a value is told from the very snapshots that it was made from."""

from __future__ import annotations

import pytest

from medallion.control.items import Approval
from medallion.errors import UnknownRow
from medallion.layout import Zone
from medallion.plan.gold import Input, parse_model
from medallion.plan.quarantine import Chosen
from medallion.steps.entries import correct
from medallion.steps.explain import explain
from medallion.steps.models import keep_model
from tests.integration.steps.models import built, model_of
from tests.integration.steps.test_loads import contract
from tests.integration.steps.test_replay import ADA, again
from tests.integration.steps.workbench import Workbench


def test_objects_records_and_people_are_named_when_a_value_is_explained(bench: Workbench) -> None:
    bench.register(contract("told"))
    first = bench.ingest(
        "told", "id,seen,name\n" + "".join(f"{n},1,other\n" for n in range(100, 140)) + "1,2,x\n2,bad,x\n"
    )
    correct(bench.platform, "told", Chosen(), {"seen": "'3'"}, ADA)
    second = again(bench, "told")
    assert second is not None
    name, text = model_of("told")
    keep_model(bench.platform, name, text)
    built(bench, parse_model(name, text, name), first.run_id)
    third = bench.ingest("told", "id,seen,name\n3,9,x\n")

    row = explain(bench.platform, Input(zone=Zone.SILVER, name="told"), {"id": "2"})
    assert [record.source_row for record in row.records] == [42]
    assert [(event.event, event.actor) for event in row.events[0]] == [
        ("quarantined", "pipeline"),
        ("corrected", "Ada"),
        ("resolved", "pipeline"),
    ]
    assert row.rows[0]["seen"] == "3"
    assert {run.run_id for run in row.runs} == {second.run_id}
    assert "id: required (NULL_VALUE_ERROR)" in row.rules["told 1.0.0"]

    value = explain(bench.platform, Input(zone=Zone.GOLD, name=name), {"name": "x"})
    assert value.rows == ({"name": "x", "seen": "5", "records": "2"},)
    assert [(one.source_row, one.attempt_count) for one in value.records] == [(41, 0), (42, 1)]
    assert value.objects == {first.objects[0]: 2}
    assert third.run_id not in {run.run_id for run in value.runs}, "it was published after the model was built"
    with pytest.raises(UnknownRow, match="no row of name=y"):
        explain(bench.platform, Input(zone=Zone.GOLD, name=name), {"name": "y"})


def test_approver_is_named_when_a_person_let_the_run_through(bench: Workbench) -> None:
    bench.register(contract("let_through"))
    run = bench.arrive("let_through", bench.put("let_through", "id,seen,name\n1,1,a\n"))
    decided = Approval(approved=True, by="Grace", reason="known", at=bench.now())
    bench.platform.control.note(run.run_id, approval=decided)
    bench.walk(run)
    found = explain(bench.platform, Input(zone=Zone.SILVER, name="let_through"), {"id": "1"})
    assert [(one.approved_by, one.approved_because) for one in found.runs] == [("Grace", "known")]
