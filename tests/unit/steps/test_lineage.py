"""The tenant's tables as a graph: what is before one, what is behind it, and what its columns are made of."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest

from medallion.contracts import load_contract
from medallion.contracts.ruleset import ruleset_hash
from medallion.control.items import ContractVersion, Run, RunKind, RunStatus, Source
from medallion.control.models import ModelVersion
from medallion.errors import UnknownTable
from medallion.layout import Zone
from medallion.plan.gold import parse_model
from medallion.steps.lineage import How, Tables, lineage_of, made_by
from medallion.steps.models import named
from medallion.steps.published import Latest, Published
from tests.unit.control.waiting import LAYOUT, NOW, InMemory

SKYLINE = Path(__file__).parents[3] / "tenants" / "skyline"
LATE = """/* medallion
description: How many were late where.
*/
SELECT origin, delayed FROM gold.delay_by_weather WHERE delayed > 10"""


@dataclass(frozen=True)
class Registered(InMemory):
    """A tenant's platform, and the documents in its buckets by key."""

    documents: dict[str, Any] = field(default_factory=dict, kw_only=True)

    def read_object(self, kind: type[Any], bucket: str, key: str) -> Any:
        return self.documents.get(f"{bucket}/{key}")

    @cached_property
    def lake(self) -> Any:
        raise AssertionError("lineage opens no table")


@pytest.fixture(scope="module")
def platform() -> Registered:
    made = Registered.at()
    assert isinstance(made, Registered)
    for file in sorted((SKYLINE / "contracts").glob("*.odcs.yaml")):
        contract = load_contract(file)
        about: dict[str, Any] = {"contract_version": contract.version, "ruleset": ruleset_hash(contract)}
        how: dict[str, Any] = {"trigger": contract.trigger, "lane": contract.lane, "approval": contract.approval}
        version = ContractVersion(
            source=contract.source,
            version=contract.version,
            text=file.read_text(encoding="utf-8"),
            ruleset="r",
            registered_at=NOW,
        )
        assert made.control.activate(Source(name=contract.source, **about, **how), None, version)
    texts = {file.stem: file.read_text(encoding="utf-8") for file in (SKYLINE / "gold").glob("*.sql")}
    for name, text in {**texts, "late": LATE}.items():
        model = parse_model(name, text, name)
        inputs = tuple(named(one) for one in model.inputs)
        made.control.model_versions.set(ModelVersion(name=name, revision=1, text=text, inputs=inputs, set_at=NOW))
    return made


def test_every_table_is_listed_once_with_what_it_belongs_to(platform: Registered) -> None:
    nodes = Tables(platform).nodes
    assert len(nodes) == 5 * 5 + 4
    assert nodes["silver.flights__history"].of == "flights"
    assert nodes["gold.late"].description == "How many were late where."
    assert [node.zone for node in nodes.values()] == sorted(
        (node.zone for node in nodes.values()), key=list(Zone).index
    )


def test_a_table_has_what_is_before_it_and_what_is_behind_it(platform: Registered) -> None:
    found = lineage_of(platform, Zone.GOLD, "delay_by_weather")
    tables = {node.table for node in found.nodes}
    assert {"bronze.flights", "silver.weather", "quarantine.weather", "gold.late"} <= tables
    assert not {"gold.fleet_age_by_carrier", "silver.planes__history"} & tables
    told = {(edge.from_, edge.to): edge.how for edge in found.edges}
    assert told["silver.weather", "gold.delay_by_weather"] is How.MODEL
    assert told["gold.delay_by_weather", "gold.late"] is How.MODEL
    assert told["bronze.weather", "silver.weather"] is How.VERDICT
    assert all({edge.from_, edge.to} <= tables for edge in found.edges)


def test_a_source_depends_on_those_that_its_contract_refers_to(platform: Registered) -> None:
    found = lineage_of(platform, Zone.SILVER, "flights")
    referred = {edge.from_ for edge in found.edges if edge.how is How.REFERENCE and edge.to == "silver.flights"}
    contract = load_contract(SKYLINE / "contracts" / "flights.odcs.yaml")
    rules = [rule for column in contract.columns for rule in column.rules if rule.kind == "reference"]
    assert referred == {f"silver.{rule.source}" for rule in rules}
    assert referred


def test_a_gold_column_leads_to_silver_through_the_models_between(platform: Registered) -> None:
    columns = {one.column: one for one in lineage_of(platform, Zone.GOLD, "late").columns}
    assert columns["delayed"].made_of == ("gold.delay_by_weather.delayed",)
    assert columns["delayed"].silver == ("silver.flights.dep_delay",)
    silver = {one.column: one for one in lineage_of(platform, Zone.SILVER, "planes").columns}
    assert silver["tailnum"].made_of == ("bronze.planes.tailnum",)


def test_what_is_published_is_told_when_something_is(platform: Registered) -> None:
    assert lineage_of(platform, Zone.SILVER, "planes").published is None
    about: dict[str, Any] = {"contract_version": "1.0.0", "execution_arn": "", "completed_at": NOW, "outcomes": ()}
    now = Published(run_id="r1", table="planes", snapshot_id=7, rows=3, **about)
    where = f"{LAYOUT.bucket(Zone.SILVER)}/{LAYOUT.latest_key('planes')}"
    platform.documents[where] = Latest(current=now, previous=None)
    assert lineage_of(platform, Zone.SILVER, "planes").published == now


def test_the_runs_of_a_table_are_its_own_when_a_model_is_called_like_a_source(platform: Registered) -> None:
    kinds = (RunKind.INGEST, RunKind.MODEL, RunKind.REPROCESS)
    for number, kind in enumerate(kinds):
        run = Run(run_id=f"r{number}", kind=kind, subject="planes", created_at=NOW, status=RunStatus.PROMOTED)
        platform.control.create_run(run)
    table = Tables(platform).node(Zone.SILVER, "planes")
    assert [run.run_id for run in made_by(platform, table, 10).runs] == ["r2", "r0"]


@pytest.mark.parametrize(("zone", "name"), [(Zone.GOLD, "planes"), (Zone.SILVER, "nope"), (Zone.LEDGER, "planes")])
def test_a_table_is_unknown_when_nothing_registered_has_it(platform: Registered, zone: Zone, name: str) -> None:
    with pytest.raises(UnknownTable, match=f"there is no table {zone}.{name}"):
        lineage_of(platform, zone, name)
