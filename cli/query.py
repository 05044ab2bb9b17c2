"""`medallion query`: SQL through Athena, in the tenant's workgroup."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from cli.options import Tenant, options
from cli.output import Json, print_json, print_table, progress, say
from medallion.layout import TABLE_ZONES, Zone
from medallion.steps.query import Answer, ask


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
    target = options(context).target()
    layout = target.tenant(tenant)
    target.control(tenant)
    text = sys.stdin.read() if sql == "-" else sql
    with progress("Athena runs the query") as tell:
        answer = ask(target.session, layout, text, zone=zone, limit=limit, tell=tell)
    if as_json:
        columns = [{"name": column.name, "type": column.type} for column in answer.columns]
        about = {"query_id": answer.query_id, "scanned_bytes": answer.scanned_bytes, "complete": answer.complete}
        print_json(about | {"columns": columns, "rows": answer.records()})
        return
    print_answer(answer)


def print_answer(answer: Answer) -> None:
    """The rows as a table; on standard error, whether some were left behind."""
    right = [column.name for column in answer.columns if column.numeric]
    print_table([column.name for column in answer.columns], answer.rows, right=right)
    if not answer.complete:
        say(f"Only the first {len(answer.rows)} rows are shown; --limit shows more.")
