"""`medallion usage` and `cost`: what was done, day by day, and what that comes to."""

from __future__ import annotations

from datetime import date
from typing import Annotated

import typer

from cli.documents.reading import DayUsed
from cli.errors import BadArgument
from cli.options import Tenant, port
from cli.output import Json, print_json, print_table, progress, say


def usage(
    context: typer.Context,
    tenant: Tenant,
    first: Annotated[str, typer.Option("--from", metavar="DAY", help="The first day; default: 30 days.")] = "",
    last: Annotated[str, typer.Option("--to", metavar="DAY", help="The last day; default: today, UTC.")] = "",
    as_json: Json = False,
) -> None:
    """Show what was used, day by day: runs, records, queries, requests."""
    days = (_day(first, "--from"), _day(last, "--to"))
    with progress("adding up"):
        found = port(context, tenant).reading.usage(*days)
    if as_json:
        print_json(found.plain())
        return
    columns = ("runs", "records", "bytes", "MB seconds", "queries", "scanned bytes", "requests")
    print_table(("day", *columns), map(_row, found.days), right=columns, spare=("MB seconds", "scanned bytes"))
    if not found.days:
        say(f"Nothing was used from {found.first} to {found.last}.")


def cost(
    context: typer.Context,
    tenant: Tenant,
    month: Annotated[str, typer.Option(metavar="YYYY-MM", help="Which month; default: this one.")] = "",
    as_json: Json = False,
) -> None:
    """Estimate what a month costs by list prices, service by service, idle cost included. It is no bill."""
    of = _day(f"{month}-01", "--month") if month else None
    with progress("adding up"):
        found = port(context, tenant).reading.cost(of)
    if as_json:
        print_json(found.plain())
        return
    lines = [(one.service, one.what, f"{one.dollars:,.4f}", one.assumed) for one in found.lines]
    print_table(
        ("service", "what", "USD", "assumed"),
        [*lines, ("total", f"{found.month}, up to {found.until}", f"{found.total:,.4f}", "")],
        right=("USD",),
        spare=("assumed",),
    )
    for more in found.not_included:
        say(f"On top: {more}.")


def _row(one: DayUsed) -> tuple[object, ...]:
    return (
        one.day,
        sum(run.count for run in one.runs),
        sum(run.records for run in one.runs),
        sum(run.bytes for run in one.runs),
        sum(run.mb_seconds for run in one.runs),
        sum(query.count for query in one.queries),
        sum(query.scanned_bytes for query in one.queries),
        one.requests,
    )


def _day(text: str, option: str) -> date | None:
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise BadArgument(f"{option} {text}: this is no day, such as 2026-01-31 (a month reads 2026-01)") from error
