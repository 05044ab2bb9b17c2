"""What a reprocess or a backfill would come to if it ran now. Nothing is written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from medallion.contracts.model import Contract
from medallion.contracts.ruleset import ruleset_hash
from medallion.engines.commits import Commit
from medallion.engines.duckdb.correction import Records
from medallion.engines.duckdb.forecast import forecast_entries, forecast_objects
from medallion.engines.duckdb.replay import Replayed, bronze_of
from medallion.engines.iceberg import Lake
from medallion.engines.inputs import Inputs
from medallion.engines.model import Attempt, Forecast, Replay, SourceTables
from medallion.people import Person
from medallion.plan.compiler import compile_plan
from medallion.plan.model import Plan
from medallion.plan.quarantine import Chosen
from medallion.steps.entries import active_contract, checked
from medallion.steps.platform import Platform
from medallion.steps.refine import claimed_object
from medallion.steps.replay import replay_of


def foresee_reprocess(
    platform: Platform,
    source: str,
    chosen: Chosen,
    expressions: Mapping[str, str] | None = None,
    records: Records | None = None,
) -> Forecast:
    """What would become of the chosen open entries, corrected so first where a correction is given."""
    now = _Now.of(platform, source)
    person = Person("forecast", "forecast", now.run.started_at)
    correction = checked(now.contract, expressions or {}, records)
    # Of entries, nothing is read from Bronze.
    unread = replace(now.lake.plan(now.tables.bronze), files=())
    material = Replayed(Replay(runs=()), unread, "", partial(claimed_object, platform, source))
    return forecast_entries(
        now.lake,
        now.plan,
        now.tables,
        now.inputs,
        now.run,
        material,
        now.contract.columns,
        chosen,
        correction,
        person,
        platform.resources,
    )


def foresee_backfill(platform: Platform, source: str, objects: Sequence[str]) -> Forecast:
    """What would become of every record of the objects. NotRepeatable where one is not of a published run."""
    now = _Now.of(platform, source)
    if not objects:
        return Forecast()
    wanted = replay_of(platform, source, objects)
    bronze = bronze_of(now.lake, now.tables, wanted)
    material = Replayed(wanted, bronze, "", partial(claimed_object, platform, source))
    return forecast_objects(now.lake, now.plan, now.tables, now.inputs, now.run, material, platform.resources)


@dataclass(frozen=True)
class _Now:
    """What a run of the source would work with if it began now."""

    platform: Platform
    contract: Contract
    plan: Plan
    tables: SourceTables
    inputs: Inputs
    run: Attempt

    @classmethod
    def of(cls, platform: Platform, source: str) -> _Now:
        contract = active_contract(platform, source)
        plan = compile_plan(contract, ruleset_hash(contract))
        tables = SourceTables.of(platform.layout, source)
        references = {one.source: platform.layout.silver(one.source) for one in plan.references}
        inputs = Inputs.read(platform.lake, plan, tables, references)
        run = Attempt(Commit("forecast", 1, "forecast"), "forecast", platform.clock())
        return cls(platform, contract, plan, tables, inputs, run)

    @property
    def lake(self) -> Lake:
        return self.platform.lake
