"""`medallion runs` and `run`: how runs stand, and what became of their records."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

import typer

from cli.completing import complete_source
from cli.documents.runs import OUTCOMES, RunDetail, RunSummary, Totals
from cli.errors import BadArgument
from cli.exits import code_of_run
from cli.options import Limit, Tenant, Timeout, Wait, port
from cli.output import Json, moment, print_facts, print_json, print_table, progress, say, status_text
from cli.watching import wait_for_run
from medallion.control.items import RunStatus

NUMBERS = ("rows in", *OUTCOMES)
_SPARE = ("updated", "duplicates", "condemned", "seconds", "inserted", "began (UTC)", "rows in", "quarantined")


def runs(
    context: typer.Context,
    tenant: Tenant,
    source: Annotated[
        str | None,
        typer.Option(
            "--source", "-s", autocompletion=complete_source, help="Only this source's, or this Gold model's."
        ),
    ] = None,
    status: Annotated[RunStatus | None, typer.Option(help="Only those that stand so.")] = None,
    before: Annotated[
        str, typer.Option(metavar="PLACE", help="Only older ones: from where the page before said that they begin.")
    ] = "",
    limit: Limit = 20,
    as_json: Json = False,
) -> None:
    """List the tenant's runs, newest first: refused objects too, with their reason."""
    with progress("reading the runs"):
        page = port(context, tenant).runs.page(limit, subject=source, status=status, before=before)
    if as_json:
        print_json([run.plain() for run in page.items])
        return
    print_runs(page.items)
    if page.next:
        say(f"Older ones: add --before {page.next}")
    elif not page.items and not before:
        say("No run yet. Put a file into Landing: medallion ingest FILE --tenant … --source …")


def run(
    context: typer.Context,
    words: Annotated[
        list[str], typer.Argument(metavar="[show] RUN_ID", help="The run's id, as `medallion runs` shows it.")
    ],
    tenant: Tenant,
    wait: Wait = False,
    timeout: Timeout = 900,
    as_json: Json = False,
) -> None:
    """Show a run: what became of its records, why, and how long each step took. The exit code tells how it stands."""
    run_id, chosen = _run_id(words), port(context, tenant)
    with progress(f"reading run {run_id}") as tell:
        found = wait_for_run(chosen, run_id, timeout, tell) if wait else chosen.runs.run(run_id)
    show_run(found, as_json=as_json)
    raise typer.Exit(code_of_run(found.status))


def print_runs(found: Iterable[RunSummary]) -> None:
    """Runs as a table."""
    right = (*NUMBERS, "seconds")
    print_table(
        ("run", "of", "status", *right, "began (UTC)", "why"),
        (
            (
                run.run_id,
                run.subject,
                status_text(run.status),
                *_numbers(run),
                _seconds(run),
                moment(run.created_at),
                _why(run),
            )
            for run in found
        ),
        right=right,
        whole=("run",),
        spare=_SPARE,
    )


def show_run(run: RunDetail, *, as_json: bool) -> None:
    """Print a run, with the seconds that each of its steps took."""
    if as_json:
        print_json(run.plain())
        return
    print_facts(_facts(run))
    if run.outcomes:
        typer.echo()
        print_table(
            ("object", *NUMBERS),
            ((one.source_file_id, *_counts(one)) for one in run.outcomes),
            right=NUMBERS,
        )
    if run.quarantined_by_code:
        typer.echo()
        print_table(("quarantined by", "records"), sorted(run.quarantined_by_code.items()), right=("records",))
    if run.step_seconds:
        typer.echo()
        spent = ((name, f"{seconds:.2f}") for name, seconds in run.step_seconds.items())
        print_table(("step", "seconds"), spent, right=("seconds",))


def _facts(run: RunDetail) -> list[tuple[str, object]]:
    decided, cancelled = run.approval, run.cancelled
    return [
        ("run", run.run_id),
        ("source" if run.kind.of_source else "model", run.subject),
        ("status", status_text(run.status)),
        ("in step", run.step),
        ("why", run.reason),
        ("its job's log", "\n".join(run.job_log) or None),
        *(("warning", warning) for warning in run.warnings),
        ("asked for", run.requested_by and f"by {run.requested_by}: {run.purpose}"),
        ("decided", decided and f"{'approved' if decided.approved else 'rejected'} by {decided.by}: {decided.reason}"),
        ("cancelled", cancelled and f"by {cancelled.by}: {cancelled.reason}"),
        ("rows", run.rows or None),
        ("unreadable objects", run.unreadable_objects or None),
        ("lane", run.lane),
        ("contract", run.contract_version),
        ("attempt", run.attempt),
        ("began (UTC)", moment(run.created_at)),
        ("ended (UTC)", moment(run.ended_at)),
        ("objects", None if run.outcomes else "\n".join(run.objects) or run.object_count or None),
        *((f"snapshot {table}", snapshot) for table, snapshot in run.snapshots.items()),
        ("receipt", run.receipt),
    ]


def _counts(totals: Totals) -> tuple[int, ...]:
    return tuple(getattr(totals, name) for name in ("rows_in", *OUTCOMES))


def _numbers(run: RunSummary) -> tuple[object, ...]:
    if not run.kind.of_source:
        return (run.rows or "", *("" for _ in OUTCOMES))
    return _counts(run.totals)


def _seconds(run: RunSummary) -> str:
    return "" if run.ended_at is None else f"{(run.ended_at - run.created_at).total_seconds():.1f}"


def _why(run: RunSummary) -> str:
    return run.reason or "; ".join(run.warnings)


def _run_id(words: list[str]) -> str:
    """The id in `RUN_ID` or `show RUN_ID`."""
    named = words[1:] if words[0] == "show" and len(words) > 1 else words
    if len(named) != 1:
        raise BadArgument("Name one run: medallion run RUN_ID")
    return named[0]
