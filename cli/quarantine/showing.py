"""`medallion quarantine ls`, `show` and `view`: the records that failed, each with all its errors."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

import typer

from cli.choosing import Codes, Columns, Objects, Rows, Runs, Since, Until, choose
from cli.completing import complete_source
from cli.documents.quarantine import Entry, EntryError, WholeEntry
from cli.options import Limit, RunId, Source, Tenant, port
from cli.output import Json, print_facts, print_json, print_table, progress, say
from medallion.steps.quarantine import Standing


def list_entries(
    context: typer.Context,
    tenant: Tenant,
    source: Annotated[
        str | None,
        typer.Option(
            "--source", "-s", autocompletion=complete_source, help="Only this source's; default: every source's."
        ),
    ] = None,
    codes: Codes = None,
    columns: Columns = None,
    objects: Objects = None,
    runs: Runs = None,
    since: Since = None,
    until: Until = None,
    rows: Rows = None,
    state: Annotated[Standing, typer.Option(help="Only those that stand so.")] = Standing.OPEN,
    limit: Limit = 50,
    as_json: Json = False,
) -> None:
    """List quarantined records: where each came from and which rules it fails."""
    which = choose(codes, columns, objects, runs, since, until, rows)
    chosen = port(context, tenant)
    with progress("Athena reads quarantine") as tell:
        found = chosen.quarantine.entries(source, which, state, limit, tell)
    if as_json:
        print_json([one.plain() for one in found[:limit]])
        return
    print_table(
        ("source", "run", "row", "state", "codes", "first error"),
        ((one.source, one.run_id, one.source_row, one.state, _codes(one), _first(one)) for one in found[:limit]),
        right=("row",),
        whole=("run",),
        spare=("source", "state"),
    )
    if len(found) > limit:
        say(f"Only the first {limit} are shown; --limit shows more.")
    elif not found:
        say("No record is in quarantine here.")


def show(
    context: typer.Context,
    run_id: RunId,
    row: Annotated[int, typer.Argument(metavar="ROW", min=1, help="The record's number in its object, from 1.")],
    tenant: Tenant,
    as_json: Json = False,
) -> None:
    """Show a quarantined record: as it was received, as it reads now, every rule that it fails, and its history."""
    with progress("Athena reads quarantine"):
        found = port(context, tenant).quarantine.whole(run_id, row)
    if as_json:
        print_json([one.plain() for one in found])
        return
    for one in found:
        _show(one)


def print_view(context: typer.Context, tenant: Tenant, source: Source) -> None:
    """Print the query of the source's current entries, in Athena's SQL: a row for each record that ever failed."""
    typer.echo(port(context, tenant).quarantine.view(source))


def _codes(entry: Entry) -> str:
    return ", ".join(dict.fromkeys(error.code for error in entry.errors))


def _first(entry: Entry) -> str:
    return next((error.message for error in entry.errors), "")


def _show(entry: WholeEntry) -> None:
    facts: Iterable[tuple[str, object]] = (
        (name.replace("_", " "), getattr(entry, name))
        for name in (
            "source",
            "source_file_id",
            "source_row",
            "state",
            "run_id",
            "attempt_count",
            "ingestion_timestamp",
            "contract_version",
            "row_hash",
            "raw",
        )
    )
    print_facts(facts)
    typer.echo()
    print_table(tuple(EntryError.model_fields), (tuple(error.model_dump().values()) for error in entry.errors))
    if entry.record:
        typer.echo()
        print_table(("column", "value as corrected" if entry.corrected else "value as received"), entry.record.items())
    if entry.history:
        typer.echo()
        columns = ("when (UTC)", "what", "by", "run", "why")
        told = ((one.event_time[:19], one.event, one.actor, one.run_id, one.reason) for one in entry.history)
        print_table(columns, told, whole=("run",), spare=("by",))
