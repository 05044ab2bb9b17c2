"""What a replay would come to: the same staging and the same judgement as a run's, and nothing is written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from medallion.contracts.model import Column
from medallion.engines.duckdb.correction import CHANGED, SAID, Correction, offer_corrected
from medallion.engines.duckdb.entries import chosen_entries, offer_entries, spoken
from medallion.engines.duckdb.refine import describe_run, judge, order_snapshots
from medallion.engines.duckdb.replay import Replayed
from medallion.engines.duckdb.session import Session, open_session
from medallion.engines.iceberg import Lake
from medallion.engines.inputs import Inputs
from medallion.engines.model import Attempt, Forecast, Replay, SourceTables
from medallion.engines.resources import Resources
from medallion.people import Person
from medallion.plan.model import Plan
from medallion.plan.quarantine import FAILURES, Chosen, State

_OUTCOMES = ("inserted", "updated", "duplicate", "quarantined", "condemned")
_FAILED = ", ".join(f"'{event}'" for event in FAILURES)


def forecast_entries(
    lake: Lake,
    plan: Plan,
    tables: SourceTables,
    inputs: Inputs,
    run: Attempt,
    material: Replayed,
    columns: Sequence[Column],
    chosen: Chosen,
    correction: Correction,
    person: Person,
    resources: Resources,
) -> Forecast:
    """What would become of the chosen open entries if they were corrected so, and then taken up by `run`.

    `material` says only how objects are opened; its records are found here, once they read as corrected.
    """
    with open_session(resources) as session:
        session.read("log_held", inputs.quarantine)
        session.connection.execute("CREATE VIEW quarantine_log AS SELECT * FROM log_held")
        offer_entries(session, chosen, State.OPEN)
        if correction:
            offer_corrected(session, columns, correction)
            position = "(SELECT MAX(log_position) + 1 FROM log_held)"
            session.connection.execute(f"CREATE TABLE foreseen AS {spoken(CHANGED, SAID, person, position)}")
            session.connection.execute(
                "CREATE OR REPLACE VIEW quarantine_log AS FROM log_held UNION ALL BY NAME FROM foreseen"
            )
            offer_entries(session, chosen, State.OPEN)
        taken = [one for one in chosen_entries(session) if one.due(plan.ruleset)]
        chosen_now = replace(material, chosen=Replay.of_entries((), taken))
        return _forecast(session, lake, plan, tables, inputs, run, chosen_now)


def forecast_objects(
    lake: Lake,
    plan: Plan,
    tables: SourceTables,
    inputs: Inputs,
    run: Attempt,
    material: Replayed,
    resources: Resources,
) -> Forecast:
    """What would become of the objects' records if `run` took them up."""
    with open_session(resources) as session:
        session.read("quarantine_log", inputs.quarantine)
        return _forecast(session, lake, plan, tables, inputs, run, material)


def _forecast(
    session: Session, lake: Lake, plan: Plan, tables: SourceTables, inputs: Inputs, run: Attempt, material: Replayed
) -> Forecast:
    describe_run(session, plan, run, replay=True)
    material.offer(session, plan, inputs.silver)
    if plan.snapshots:
        order_snapshots(session, lake, tables, inputs.silver)
    judge(session, plan, inputs, replay=True)
    ask = session.connection.execute
    found = dict(ask("SELECT outcome, COUNT(*) FROM resolved GROUP BY outcome").fetchall())
    inserted, updated, duplicates, quarantined, condemned = (found.get(one, 0) for one in _OUTCOMES)
    codes = ask(
        "SELECT code, COUNT(*) FROM (SELECT DISTINCT source_file_id, source_row, UNNEST(errors).code AS code "
        f"FROM ({plan.statements['duckdb'].quarantine}) WHERE event IN ({_FAILED})) GROUP BY code ORDER BY code"
    ).fetchall()
    withdrawn = ask("SELECT COUNT(*) FROM removed WHERE reason = 'withdrawn'").fetchone()
    return Forecast(
        inserted=inserted,
        updated=updated,
        duplicates=duplicates,
        quarantined=quarantined,
        condemned=condemned,
        by_code=dict(codes),
        withdrawn=0 if withdrawn is None else withdrawn[0],
    )
