"""A run's records, parsed and staged here or left as plain lines, handed to another engine's job with one order."""

from __future__ import annotations

from collections.abc import Mapping

from medallion.engines.duckdb.refine import Material, describe_run, object_events, offer_no_past, order_snapshots
from medallion.engines.duckdb.session import Session, open_session
from medallion.engines.iceberg import Lake
from medallion.engines.inputs import Inputs
from medallion.engines.jobs import RefineJob, marks_of, names_of, reads_of
from medallion.engines.lines import Leaving
from medallion.engines.model import Attempt, SourceTables
from medallion.engines.resources import Resources
from medallion.layout import TableLayout
from medallion.plan.model import Plan
from medallion.plan.sql import transpile

RELATIONS = ("staged", "objects", "run", "own", "failed_before", "tries")
"""What the plan's SQL reads that is no table of the lake."""


def hand_over(
    lake: Lake,
    plan: Plan,
    tables: SourceTables,
    inputs: Inputs,
    references: Mapping[str, TableLayout],
    run: Attempt,
    material: Material,
    resources: Resources,
    folder: str,
    result: str,
) -> RefineJob:
    """Stage the material below the address `folder`, but for what the job can read itself, and say what it is to make
    of it all.

    Nothing is committed. Raises SchemaMismatch as refining here does.
    """
    with open_session(resources) as session:
        session.read("quarantine_log", inputs.quarantine)
        describe_run(session, plan, run, replay=material.replay)
        leaving = Leaving(plan, folder)
        read = material.stage(session, plan, inputs.silver, leaving.leave)
        notes = order_snapshots(session, lake, tables, inputs.silver) if plan.snapshots else {}
        if not material.replay:
            offer_no_past(session, inputs.silver)
        # What is left to the job altogether is not staged at all.
        nothing_staged = 0 < len(leaving.left) == len(read)
        relations = {
            name: _export(session, name, f"{folder}/{name}.parquet")
            for name in RELATIONS
            if not (name == "staged" and nothing_staged)
        }
    events = [plan.statements["spark"].quarantine, *(transpile(one)["spark"] for one in object_events(plan, read))]
    return RefineJob(
        run_id=run.commit.run_id,
        attempt=run.commit.attempt,
        branch=run.branch,
        replay=material.replay,
        plan=plan,
        events=" UNION ALL ".join(f"({one})" for one in events),
        relations=relations,
        lines=tuple(leaving.left),
        tables=names_of(tables),
        reads=reads_of(plan, inputs, references),
        marks=marks_of(run),
        notes=notes,
        read=tuple(read),
        bronze=material.standing,
        replayed=material.list_address,
        replayed_runs=material.runs,
        result=result,
    )


def _export(session: Session, relation: str, address: str) -> str:
    session.export(f"SELECT * FROM {relation}", address)
    return address
