"""A Gold model over one source of the workbench, and how it is built there."""

from __future__ import annotations

from medallion.engines.commits import Commit
from medallion.engines.duckdb.build import execute, prepare
from medallion.engines.model import Attempt
from medallion.plan.gold import Model
from tests.integration.steps.workbench import Workbench


def model_of(source: str) -> tuple[str, str]:
    name = f"{source}_by_name"
    return name, (
        "/* medallion\ndescription: How often each name was seen.\nkeys: [name]\n*/\n"
        f"SELECT name, SUM(seen) AS seen, COUNT(*) AS records FROM silver.{source} GROUP BY name"
    )


def built(bench: Workbench, model: Model, run_id: str) -> dict[object, tuple[object, ...]]:
    """The model's rows by key, built from what is published now and published in its turn."""
    layout, lake = bench.platform.layout, bench.platform.lake
    inputs = {one.relation: layout.table(one.zone, one.name) for one in model.inputs}
    commit = Commit(run_id, 1)
    run, resources = Attempt(commit, run_id, bench.now()), bench.platform.resources
    made = execute(lake, prepare(lake, model, inputs, layout.gold(model.name), run, resources), resources)
    if not made.unchanged:
        lake.publish(layout.gold(model.name), commit, branch=run_id, base=made.base)
    return {row[0]: row for row in bench.rows(layout.gold(model.name), "name, seen, records")}
