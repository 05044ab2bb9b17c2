"""What a changed contract would do, without doing it."""

from __future__ import annotations

from medallion.contracts import parse_contract
from medallion.contracts.model import Contract
from medallion.contracts.ruleset import ruleset_hash
from medallion.engines.commits import Commit
from medallion.engines.duckdb.replay import bronze_of
from medallion.engines.duckdb.trial import Trial, try_plan
from medallion.engines.inputs import Inputs
from medallion.engines.model import Attempt, Replay, SourceTables
from medallion.layout import TableLayout
from medallion.plan.compiler import compile_plan
from medallion.plan.gold import Input, in_order, parse_model
from medallion.steps.platform import Platform
from medallion.steps.replay import published_objects, runs_of


def try_contract(platform: Platform, text: str, where: str) -> Trial:
    """Replay the contract over what its source holds in Silver and quarantine. Nothing is written.

    `where` is what people know the text by. InvalidContract lists what is wrong with it; UnknownSource if its source is
    not registered.
    """
    contract = parse_contract(text, where)
    source = platform.control.source(contract.source).name
    objects = published_objects(platform, source)
    chosen = Replay(runs=runs_of(platform, source, objects), objects=tuple(objects))
    return _try(platform, contract, chosen)


def _try(platform: Platform, contract: Contract, chosen: Replay) -> Trial:
    layout, lake = platform.layout, platform.lake
    tables = SourceTables.of(layout, contract.source)
    plan = compile_plan(contract, ruleset_hash(contract))
    inputs = Inputs.read(lake, plan, tables, {one.source: layout.silver(one.source) for one in plan.references})
    models = in_order(parse_model(one.name, one.text, f"{one.name}.sql") for one in platform.control.models())

    def table_of(one: Input) -> TableLayout:
        return layout.table(one.zone, one.name)

    return try_plan(
        lake,
        plan,
        inputs,
        Attempt(Commit("trial", 1), "trial", platform.clock()),
        chosen,
        bronze_of(lake, tables, chosen),
        models,
        table_of,
        platform.resources,
    )
