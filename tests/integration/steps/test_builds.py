"""A model's build is done here or handed over: by the lane, and by whether Spark is known to say the same."""

from __future__ import annotations

from dataclasses import replace

import pytest

from medallion.contracts.model import Lane
from medallion.control.items import Run, RunStatus
from medallion.engines.jobs import ModelJob
from medallion.engines.model import Built
from medallion.layout import Zone
from medallion.ledger.gate import Decision
from medallion.steps.build import BUILT, JOB, build, coalesce
from medallion.steps.gate import gate
from medallion.steps.lanes import Handover, Lanes
from medallion.steps.models import keep_model
from medallion.steps.promote import promote
from medallion.steps.settle import settle
from tests.integration.steps.models import model_of
from tests.integration.steps.test_loads import contract
from tests.integration.steps.workbench import Workbench

ON_GLUE = Lanes(frozenset({Lane.LAMBDA, Lane.GLUE}), usual=Lane.GLUE)


def asked(bench: Workbench, name: str, text: str, source: str) -> Run:
    """A build of the model that is asked for and not begun."""
    keep_model(bench.platform, name, text)
    (run_id,) = coalesce(bench.platform, Zone.SILVER, source)
    return bench.platform.control.run(run_id)


def published(bench: Workbench, source: str) -> str:
    bench.register(contract(source))
    assert bench.ingest(source, "id,seen,name\n1,1,a\n2,5,b\n3,2,a\n").status is RunStatus.PROMOTED
    return source


def test_build_is_an_order_when_its_lane_is_a_large_one(bench: Workbench, monkeypatch: pytest.MonkeyPatch) -> None:
    source = published(bench, "handed")
    name, text = model_of(source)
    ticket = bench.leased(asked(bench, name, text, source))
    monkeypatch.setattr(bench, "platform", replace(bench.platform, lanes=ON_GLUE))
    handed = build(bench.platform, ticket)
    assert handed == Handover(lane=Lane.GLUE, job=bench.platform.document_address(ticket.run_id, ticket.attempt, JOB))
    order = bench.platform.read_document(ModelJob, ticket.run_id, ticket.attempt, JOB)
    assert order is not None
    silver, gold = bench.platform.layout.silver(source), bench.platform.layout.gold(name)
    pinned = bench.platform.lake.plan(silver).snapshot_id
    assert {relation: (one.table, one.snapshot) for relation, one in order.inputs.items()} == {
        f"silver__{source}": (silver.qualified, pinned)
    }
    assert (order.target, order.branch, order.columns, order.keys) == (
        gold.qualified,
        ticket.branch,
        ("name", "seen", "records"),
        ("name",),
    )
    assert order.marks == ticket.commit.properties
    assert order.notes[f"medallion.input.silver__{source}"] == str(pinned)
    assert order.base == bench.platform.lake.head(gold)
    assert bench.platform.control.run(ticket.run_id).lane == Lane.GLUE
    assert bench.platform.read_document(Built, ticket.run_id, ticket.attempt, BUILT) is None


def test_build_stays_here_and_says_why_when_spark_may_say_otherwise(
    bench: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = published(bench, "kept")
    text = (
        "/* medallion\ndescription: Names, loudly.\nkeys: [loud]\n*/\n"
        f"SELECT UPPER(name) AS loud, COUNT(*) AS records FROM silver.{source} GROUP BY ALL"
    )
    ticket = bench.leased(asked(bench, "loud", text, source))
    monkeypatch.setattr(bench, "platform", replace(bench.platform, lanes=ON_GLUE))
    assert build(bench.platform, ticket) == Handover()
    assert gate(bench.platform, ticket).decision is Decision.PROMOTE
    promote(bench.platform, ticket)
    run = settle(bench.platform, ticket, Decision.PROMOTE)
    assert (run.status, run.lane) == (RunStatus.PROMOTED, Lane.LAMBDA)
    assert [one for one in run.warnings if one.startswith("model loud: UPPER(")]
    assert bench.rows(bench.platform.layout.gold("loud")) == [("A", 2), ("B", 1)]


def test_nothing_is_handed_over_when_nothing_changed(bench: Workbench, monkeypatch: pytest.MonkeyPatch) -> None:
    source = published(bench, "settled")
    name, text = model_of(source)
    first = bench.leased(asked(bench, name, text, source))
    assert build(bench.platform, first) == Handover()
    gate(bench.platform, first)
    promote(bench.platform, first)
    settle(bench.platform, first, Decision.PROMOTE)
    second = bench.leased(asked(bench, name, text, source))
    monkeypatch.setattr(bench, "platform", replace(bench.platform, lanes=ON_GLUE))
    assert build(bench.platform, second) == Handover()
    assert gate(bench.platform, second).decision is Decision.SKIP
