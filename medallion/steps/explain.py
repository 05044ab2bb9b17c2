"""Explain: what stands behind a published value: objects, records, rules, runs, and the people who let them through."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from medallion.contracts.model import Frozen
from medallion.contracts.ruleset import ruleset_hash
from medallion.control.items import Run
from medallion.engines.duckdb.explain import Explainer, LogEvent, Record
from medallion.errors import InvalidModel
from medallion.layout import TableLayout, Zone
from medallion.plan.compiler import compile_plan
from medallion.plan.gold import Input, Model, parse_model
from medallion.steps.entries import contract_version
from medallion.steps.platform import Platform


class Behind(Frozen):
    """A run behind a value, with its decision if a person made one. `receipt` is its place in the ledger's chain."""

    run_id: str
    kind: str
    subject: str
    attempt: int
    receipt: int | None
    approved_by: str | None
    approved_because: str | None
    contract_version: str


class Explained(Frozen):
    """What stands behind the rows of a table that a key names.

    `objects` counts the records of each object, `rules` lists what each record of a source passed, by source and
    contract version. `records` and what quarantine knew of them are the first ones, `total` says how many there are.
    """

    table: str
    rows: tuple[dict[str, str | None], ...]
    total: int
    records: tuple[Record, ...]
    events: tuple[tuple[LogEvent, ...], ...]
    objects: dict[str, int]
    runs: tuple[Behind, ...]
    rules: dict[str, tuple[str, ...]]


def explain(platform: Platform, table: Input, key: Mapping[str, str], *, limit: int = 20) -> Explained:
    """What stands behind the rows of `table` whose columns have these values, as text.

    UnknownRow where there is no such row or column.
    """
    layout = platform.layout

    def table_of(one: Input) -> TableLayout:
        return layout.table(one.zone, one.name)

    explainer = Explainer(platform.lake, table_of, lambda name: _model(platform, name), platform.resources)
    rows = explainer.rows(table, key)
    found = explainer.records(table, key)
    shown = found[:limit]
    runs = {one.run_id for one in found} | {row["run_id"] or "" for row in rows if "run_id" in row}
    if table.zone is Zone.GOLD:
        runs |= set(filter(None, [_builder(platform, table_of(table))]))
    return Explained(
        table=f"{table.zone}.{table.name}",
        rows=tuple(rows),
        total=len(found),
        records=tuple(shown),
        events=tuple(tuple(explainer.events(layout.quarantine(one.source), one)) for one in shown),
        objects=dict(Counter(one.source_file_id for one in found)),
        runs=tuple(_behind(platform.control.run(run_id)) for run_id in sorted(runs)),
        rules={
            f"{source} {version}": _rules(platform, source, version)
            for source, version in sorted({(one.source, one.contract_version) for one in found})
        },
    )


def _builder(platform: Platform, layout: TableLayout) -> str | None:
    """The run whose build the Gold table holds."""
    return platform.lake.noted(layout, platform.lake.plan(layout).snapshot_id, "medallion.run-id")


def _behind(run: Run) -> Behind:
    approved = run.approval if run.approval is not None and run.approval.approved else None
    return Behind(
        run_id=run.run_id,
        kind=run.kind,
        subject=run.subject,
        attempt=run.attempt,
        receipt=None if run.receipt is None else run.receipt.sequence,
        approved_by=None if approved is None else approved.by,
        approved_because=None if approved is None else approved.reason,
        contract_version=run.contract_version,
    )


def _rules(platform: Platform, source: str, version: str) -> tuple[str, ...]:
    contract = contract_version(platform, source, version)
    plan = compile_plan(contract, ruleset_hash(contract))
    return tuple(f"{one.column or 'record'}: {one.rule} ({one.code})" for one in plan.rules)


def _model(platform: Platform, name: str) -> Model:
    item = platform.control.model(name)
    if item is None:
        raise InvalidModel(f"gold.{name} is no model of tenant {platform.layout.tenant}; name one that is registered")
    return parse_model(item.name, item.text, f"{item.name}.sql")
