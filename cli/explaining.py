"""`medallion explain`: what stands behind a published value."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from cli.engines import operations
from cli.errors import BadArgument
from cli.options import Limit, Tenant, options
from cli.output import Json, print_facts, print_json, print_table, progress, say
from medallion.layout import Zone, checked_name
from medallion.plan.gold import Input

if TYPE_CHECKING:
    from medallion.steps.explain import Explained


def explain(
    context: typer.Context,
    table: Annotated[str, typer.Argument(metavar="TABLE", help="silver.<source> or gold.<model>.")],
    key: Annotated[list[str], typer.Argument(metavar="COLUMN=VALUE…", help="Which row: its key, value by value.")],
    tenant: Tenant,
    limit: Limit = 20,
    as_json: Json = False,
) -> None:
    """Name the objects, records, rules, runs and people behind a row of Silver or Gold."""
    zone, _, name = table.partition(".")
    if zone not in (Zone.SILVER, Zone.GOLD):
        raise BadArgument(f"{table}: name a table as silver.<source> or gold.<model>")
    pairs = dict(_pair(one) for one in key)
    target = options(context).target()
    target.control(tenant)
    with progress("looking behind the value"):
        found = operations.explain_row(
            target, tenant, Input(zone=Zone(zone), name=checked_name("table", name)), pairs, limit=limit
        )
    if as_json:
        print_json(found.model_dump(mode="json"))
        return
    _show(found)


def _pair(said: str) -> tuple[str, str]:
    column, equals, value = said.partition("=")
    if not equals or not column:
        raise BadArgument(f"{said}: write COLUMN=VALUE")
    return column, value


def _show(found: Explained) -> None:
    for row in found.rows:
        print_facts(tuple(row.items()))
        typer.echo()
    print_table(
        ("run", "kind", "of", "receipt", "contract", "approved by", "because"),
        (
            (
                one.run_id,
                one.kind,
                one.subject,
                one.receipt,
                one.contract_version,
                one.approved_by,
                one.approved_because,
            )
            for one in found.runs
        ),
    )
    typer.echo()
    print_table(("object", "records"), found.objects.items(), right=("records",))
    typer.echo()
    print_table(
        ("source", "object", "row", "tries", "what became of it before"),
        (
            (
                one.source,
                one.source_file_id,
                one.source_row,
                one.attempt_count,
                "; ".join(" ".join(filter(None, (e.event, e.actor, ", ".join(e.codes)))) for e in events),
            )
            for one, events in zip(found.records, found.events, strict=True)
        ),
        right=("row", "tries"),
    )
    typer.echo()
    print_table(("contract", "rules that each record passed"), ((c, ", ".join(r)) for c, r in found.rules.items()))
    if found.total > len(found.records):
        say(f"{found.total} records stand behind it; --limit shows more.")
