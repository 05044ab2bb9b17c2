"""`medallion explain`: what stands behind a published value."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from cli.errors import BadArgument
from cli.options import Limit, Tenant, port
from cli.output import Json, print_facts, print_json, print_table, progress, say
from medallion.layout import Zone, checked_name


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
    chosen = port(context, tenant)
    with progress("looking behind the value"):
        found = chosen.reading.explain(Zone(zone), checked_name("table", name), pairs, limit)
    if as_json:
        print_json(found)
        return
    _show(found)


def _pair(said: str) -> tuple[str, str]:
    column, equals, value = said.partition("=")
    if not equals or not column:
        raise BadArgument(f"{said}: write COLUMN=VALUE")
    return column, value


def _show(found: dict[str, Any]) -> None:
    for row in found["rows"]:
        print_facts(tuple(row.items()))
        typer.echo()
    behind = ("run_id", "kind", "subject", "receipt", "contract_version", "approved_by", "approved_because")
    print_table(
        ("run", "kind", "of", "receipt", "contract", "approved by", "because"),
        ([one[name] for name in behind] for one in found["runs"]),
        whole=("run",),
    )
    typer.echo()
    print_table(("object", "records"), found["objects"].items(), right=("records",))
    typer.echo()
    named = ("source", "source_file_id", "source_row", "attempt_count")
    print_table(
        ("source", "object", "row", "tries", "what became of it before"),
        (
            (*(one[name] for name in named), "; ".join(map(_event, events)))
            for one, events in zip(found["records"], found["events"], strict=True)
        ),
        right=("row", "tries"),
    )
    typer.echo()
    passed = ((contract, ", ".join(rules)) for contract, rules in found["rules"].items())
    print_table(("contract", "rules that each record passed"), passed)
    if found["total"] > len(found["records"]):
        say(f"{found['total']} records stand behind it; --limit shows more.")


def _event(event: dict[str, Any]) -> str:
    return " ".join(filter(None, (event["event"], event["actor"], ", ".join(event["codes"]))))
