"""`medallion quarantine ls`, `show` and `view`: the records that failed, each with all its errors."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

import typer

from cli.choosing import (
    Codes,
    Columns,
    Objects,
    Rows,
    Runs,
    Since,
    Source,
    Until,
    choose,
)
from cli.errors import NoSuchEntry
from cli.options import Limit, RunId, Tenant, options
from cli.output import Json, print_facts, print_json, print_table, progress, say
from medallion.steps.quarantine import Entry, EntryError, Standing, WholeEntry, entries, view, whole_entries


def list_entries(
    context: typer.Context,
    tenant: Tenant,
    source: Annotated[
        str | None, typer.Option("--source", "-s", help="Only this source's; default: every source's.")
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
    chosen = choose(codes, columns, objects, runs, since, until, rows)
    target = options(context).target()
    plane = target.control(tenant)
    sources = [plane.source(source).name] if source else [one.name for one in plane.sources()]
    found: list[Entry] = []
    with progress("Athena reads quarantine") as tell:
        for name in sources:
            tell(name)
            found += entries(target.session, target.tenant(tenant), name, chosen, state.state, limit=limit + 1)
    if as_json:
        print_json([one.model_dump(mode="json") for one in found[:limit]])
        return
    print_table(
        ("source", "run", "row", "state", "codes", "first error"),
        ((one.source, one.run_id, one.source_row, one.state, _codes(one), _first(one)) for one in found[:limit]),
        right=("row",),
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
    """Show a quarantined record: as it was received, as it reads now, and every rule that it fails."""
    target = options(context).target()
    source = target.control(tenant).run(run_id).subject
    with progress("Athena reads quarantine"):
        found = whole_entries(target.session, target.tenant(tenant), source, choose(runs=[run_id]), row=row)
    if not found:
        raise NoSuchEntry(
            f"Record {row} of run {run_id} is not in quarantine of {source}. "
            f"Those that are: medallion quarantine ls --run {run_id} --state all"
        )
    if as_json:
        print_json([one.model_dump(mode="json") for one in found])
        return
    for one in found:
        _show(one)


def print_view(context: typer.Context, tenant: Tenant, source: Source) -> None:
    """Print the query of the source's current entries, in Athena's SQL: a row for each record that ever failed."""
    target = options(context).target()
    typer.echo(view(target.tenant(tenant), target.control(tenant).source(source).name))


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
