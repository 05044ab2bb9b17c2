"""`medallion query`: SQL through Athena, in the tenant's workgroup."""

from __future__ import annotations

import sys
from typing import Annotated, Any

import typer

from cli.options import Tenant, port
from cli.output import Json, print_json, print_table, progress, say
from medallion.layout import TABLE_ZONES, Zone
from medallion.steps.query import Column


def query(
    context: typer.Context,
    sql: Annotated[str, typer.Argument(metavar="SQL", help="In Athena's SQL; `-` reads it from standard input.")],
    tenant: Tenant,
    zone: Annotated[Zone, typer.Option(help="Where a table's name without a database is looked for.")] = Zone.GOLD,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="Print at most this many rows.")] = 1000,
    as_json: Json = False,
) -> None:
    """Run SQL through Athena and print the rows. A database is ENVIRONMENT_TENANT_ZONE, such as dev_skyline_silver."""
    if zone not in TABLE_ZONES:
        raise typer.BadParameter(f"tables stand in {', '.join(TABLE_ZONES)}", param_hint="--zone")
    chosen, text = port(context, tenant), sys.stdin.read() if sql == "-" else sql
    with progress("Athena runs the query") as tell:
        answer = chosen.reading.query(text, zone, limit, tell)
    if as_json:
        print_json(answer)
        return
    print_answer(answer)


def print_answer(answer: dict[str, Any]) -> None:
    """The rows as a table; on standard error, whether some were left behind."""
    columns = [Column(one["name"], one["type"]) for one in answer["columns"]]
    rows = ([row[one.name] for one in columns] for row in answer["rows"])
    print_table([one.name for one in columns], rows, right=[one.name for one in columns if one.numeric])
    if not answer["complete"]:
        say(f"Only the first {len(answer['rows'])} rows are shown; --limit shows more.")
