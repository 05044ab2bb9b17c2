"""What a changed contract would do: each record is judged anew, Gold built from that, nothing written."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from medallion.contracts.model import Frozen
from medallion.engines.duckdb.refine import describe_run, judge
from medallion.engines.duckdb.replay import offer_chosen, stage_chosen
from medallion.engines.duckdb.session import Session, open_session
from medallion.engines.iceberg import Lake, Planned
from medallion.engines.inputs import Inputs
from medallion.engines.model import Attempt, Replay
from medallion.engines.resources import Resources
from medallion.engines.schema import duckdb_type
from medallion.layout import TableLayout, Zone
from medallion.plan.gold import Input, Model
from medallion.plan.model import Plan
from medallion.plan.sql import quoted


class Moves(Frozen):
    """Rows of a Gold table that would come, go, or have other values."""

    model: str
    added: int
    removed: int
    changed: int


class Trial(Frozen):
    """What would become of a source's records under another contract.

    `recovered` stand open in quarantine and would reach Silver; `rejected` are in Silver and would fail, `failing` the
    error codes of those; `changed` would have other values there, `unchanged` the same. `retried` would fail once more.
    `condemned_passing` were given up and would pass, were they released.
    """

    recovered: int
    rejected: int
    changed: int
    unchanged: int
    retried: int
    condemned_passing: int = 0
    failing: dict[str, int]
    gold: tuple[Moves, ...] = ()


def try_plan(
    lake: Lake,
    plan: Plan,
    inputs: Inputs,
    run: Attempt,
    chosen: Replay,
    bronze: Planned,
    models: Sequence[Model],
    table_of: Callable[[Input], TableLayout],
    resources: Resources,
) -> Trial:
    """Judge the chosen objects' records by `plan`, and build those of `models` (in order) that it moves."""
    with open_session(resources) as session:
        _judge_again(session, plan, inputs, run, chosen, bronze, condemned=False)
        counted = _count(session, plan)
        gold = _build_gold(session, lake, plan, inputs, models, table_of)
    with open_session(resources) as session:
        _judge_again(session, plan, inputs, run, chosen, bronze, condemned=True)
        [passing] = session.connection.execute(_GIVEN_UP_PASSING).fetchone() or (0,)
    return counted.model_copy(update={"condemned_passing": passing, "gold": tuple(gold)})


_GIVEN_UP_PASSING = """
SELECT COUNT(*) FROM judged JOIN objects USING (object_number) JOIN again AS g USING (source_file_id, source_row)
LEFT JOIN resolved AS d USING (object_number, source_row)
WHERE g.state = 'condemned' AND COALESCE(d.outcome, 'inserted') IN ('inserted', 'updated')
"""


def _judge_again(
    session: Session, plan: Plan, inputs: Inputs, run: Attempt, chosen: Replay, bronze: Planned, *, condemned: bool
) -> None:
    session.read("quarantine_log", inputs.quarantine)
    describe_run(session, plan, run, replay=True)
    offer_chosen(session, chosen)
    stage_chosen(session, plan, inputs.silver, bronze, condemned=condemned)
    judge(session, plan, inputs, replay=True)


def _count(session: Session, plan: Plan) -> Trial:
    run = session.connection.execute
    run("""
        CREATE TABLE fared AS SELECT outcome, held_by, j.entered, w.object_number IS NOT NULL AS stood
        FROM resolved AS d JOIN judged AS j USING (object_number, source_row)
        LEFT JOIN own AS w USING (object_number, source_row)
    """)
    recovered, rejected, changed, unchanged, retried = run("""
        SELECT COUNT(*) FILTER (WHERE entered AND outcome IN ('inserted', 'updated')),
            COUNT(*) FILTER (WHERE stood AND outcome IN ('quarantined', 'condemned')),
            COUNT(*) FILTER (WHERE stood AND outcome = 'updated'),
            COUNT(*) FILTER (WHERE stood AND held_by = 'self'),
            COUNT(*) FILTER (WHERE entered AND outcome IN ('quarantined', 'condemned'))
        FROM fared
    """).fetchall()[0]
    codes = run(f"""
        SELECT code, COUNT(*) FROM (
            SELECT DISTINCT q.source_file_id, q.source_row, UNNEST(q.errors).code AS code
            FROM ({plan.statements["duckdb"].quarantine}) AS q JOIN objects AS o USING (source_file_id)
            JOIN own AS w ON w.object_number = o.object_number AND w.source_row = q.source_row
            WHERE q.event = 'quarantined'
        ) GROUP BY code ORDER BY code
    """).fetchall()
    return Trial(
        recovered=recovered,
        rejected=rejected,
        changed=changed,
        unchanged=unchanged,
        retried=retried,
        failing=dict(codes),
    )


def _build_gold(
    session: Session,
    lake: Lake,
    plan: Plan,
    inputs: Inputs,
    models: Sequence[Model],
    table_of: Callable[[Input], TableLayout],
) -> list[Moves]:
    """The models that read what moves, one after the other, each beside what is published of it."""
    statements = plan.statements["duckdb"]
    known = {one.name for one in plan.tables.silver}
    columns = ", ".join(
        f"CAST({quoted(one.name)} AS {duckdb_type(one.field_type)}) AS {quoted(one.name)}"
        for one in inputs.silver.schema.fields
        if one.name in known
    )
    moved = {Input(zone=Zone.SILVER, name=plan.source)}
    session.connection.execute("CREATE VIEW silver_touched AS SELECT * FROM silver_rows")
    session.connection.execute(
        f"CREATE TABLE silver__{plan.source} AS SELECT {columns} "
        f"FROM (({statements.kept}) UNION ALL BY NAME ({statements.silver}))"
    )
    found = []
    for model in models:
        if not moved & set(model.inputs):
            continue
        for one in set(model.inputs) - moved:
            session.read(one.relation, lake.plan(table_of(one)))
        target = Input(zone=Zone.GOLD, name=model.name)
        session.connection.execute(f"CREATE TABLE {target.relation} AS {model.query}")
        moved.add(target)
        layout = table_of(target)
        if lake.exists(layout):
            session.read("published", lake.plan(layout))
            found.append(_compare(session, model, target, lake.plan(layout)))
    return found


def _compare(session: Session, model: Model, target: Input, published: Planned) -> Moves:
    run = session.connection.execute
    returned = {name for name, *_ in run(f"DESCRIBE {target.relation}").fetchall()}
    typed: Mapping[str, str] = {
        one.name: f"CAST({quoted(one.name)} AS {duckdb_type(one.field_type)}) AS {quoted(one.name)}"
        for one in published.schema.fields
        if one.name in returned
    }
    listed = ", ".join(quoted(name) for name in typed)
    after, before = f"SELECT {', '.join(typed.values())} FROM {target.relation}", f"SELECT {listed} FROM published"
    keys = ", ".join(quoted(name) for name in model.keys) or listed
    run(f"CREATE OR REPLACE TABLE came AS ({after}) EXCEPT ALL ({before})")
    run(f"CREATE OR REPLACE TABLE went AS ({before}) EXCEPT ALL ({after})")
    came, went, both = run(f"""
        SELECT (SELECT COUNT(*) FROM came), (SELECT COUNT(*) FROM went),
            (SELECT COUNT(*) FROM (SELECT {keys} FROM came INTERSECT SELECT {keys} FROM went))
    """).fetchone() or (0, 0, 0)
    return Moves(model=model.name, added=came - both, removed=went - both, changed=both)
