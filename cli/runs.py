"""`medallion runs` and `run`: how runs stand, and what became of their records."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from cli.errors import BadArgument
from cli.exits import code_of_run
from cli.options import Limit, Tenant, Timeout, Wait, options
from cli.output import Json, moment, print_facts, print_json, print_table, progress, say, status_text
from cli.target import Target
from cli.watching import wait_for_run
from medallion.control.items import Run, RunStatus
from medallion.steps.history import step_seconds

OUTCOMES = ("inserted", "updated", "duplicates", "quarantined", "condemned")


def runs(
    context: typer.Context,
    tenant: Tenant,
    source: Annotated[
        str | None, typer.Option("--source", "-s", help="Only this source's, or this Gold model's.")
    ] = None,
    status: Annotated[RunStatus | None, typer.Option(help="Only those that stand so.")] = None,
    before: Annotated[str, typer.Option(metavar="RUN_ID", help="Only those that are older than this one.")] = "",
    limit: Limit = 20,
    as_json: Json = False,
) -> None:
    """List the tenant's runs, newest first: refused objects too, with their reason."""
    with progress("reading the runs"):
        plane = options(context).target().control(tenant)
        chosen, older = plane.page_of_runs(limit, subject=source, status=status, before=before)
    if as_json:
        print_json([run_document(run) for run in chosen])
        return
    numbers = ("rows in", *OUTCOMES, "seconds")
    print_table(
        ("run", "of", "status", *numbers, "began (UTC)", "why"),
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
            for run in chosen
        ),
        right=numbers,
    )
    if older:
        say(f"Older ones: add --before {older}")
    elif not chosen and not before:
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
    run_id = _run_id(words)
    target = options(context).target()
    with progress(f"reading run {run_id}") as tell:
        plane = target.control(tenant)
        found = wait_for_run(plane, run_id, timeout, tell) if wait else plane.run(run_id)
    show_run(target, found, as_json=as_json)
    raise typer.Exit(code_of_run(found.status))


def show_run(target: Target, run: Run, *, as_json: bool) -> None:
    """Print a run, with the seconds that each of its steps took."""
    steps = step_seconds(target.session, run.execution_arn)
    if as_json:
        print_json(run_document(run) | {"step_seconds": steps})
        return
    print_facts(_facts(run))
    if run.outcomes:
        numbers = ("rows in", *OUTCOMES)
        typer.echo()
        print_table(
            ("object", *numbers),
            ((one.source_file_id, one.rows_in, *(getattr(one, name) for name in OUTCOMES)) for one in run.outcomes),
            right=numbers,
        )
    if run.quarantined_by_code:
        typer.echo()
        print_table(("quarantined by", "records"), sorted(run.quarantined_by_code.items()), right=("records",))
    if steps:
        typer.echo()
        print_table(("step", "seconds"), ((name, f"{spent:.2f}") for name, spent in steps.items()), right=("seconds",))


def run_document(run: Run) -> dict[str, Any]:
    """A run as JSON. The token that answers a held run is nobody's to see."""
    totals = {"rows_in": run.total("rows_in")} | {name: run.total(name) for name in OUTCOMES}
    return run.model_dump(mode="json", exclude={"task_token"}) | {"totals": totals}


def _facts(run: Run) -> list[tuple[str, object]]:
    decided = run.approval
    return [
        ("run", run.run_id),
        ("source" if run.kind.of_source else "model", run.subject),
        ("status", status_text(run.status)),
        ("why", run.reason),
        ("its job's log", "\n".join(run.job_log) or None),
        *(("warning", warning) for warning in run.warnings),
        ("decided", decided and f"{'approved' if decided.approved else 'rejected'} by {decided.by}: {decided.reason}"),
        ("rows", run.rows or None),
        ("unreadable objects", run.unreadable_objects or None),
        ("lane", run.lane),
        ("contract", run.contract_version),
        ("attempt", run.attempt),
        ("began (UTC)", moment(run.created_at)),
        ("ended (UTC)", moment(run.ended_at)),
        ("objects", None if run.outcomes else "\n".join(run.objects) or run.object_count or None),
        *((f"snapshot {table}", snapshot) for table, snapshot in run.snapshots.items()),
        ("execution", run.execution_arn),
    ]


def _numbers(run: Run) -> tuple[object, ...]:
    if not run.kind.of_source:
        return (run.rows or "", *("" for _ in OUTCOMES))
    return tuple(run.total(name) for name in ("rows_in", *OUTCOMES))


def _seconds(run: Run) -> str:
    return "" if run.ended_at is None else f"{(run.ended_at - run.created_at).total_seconds():.1f}"


def _why(run: Run) -> str:
    return run.reason or "; ".join(run.warnings)


def _run_id(words: list[str]) -> str:
    """The id in `RUN_ID` or `show RUN_ID`."""
    named = words[1:] if words[0] == "show" and len(words) > 1 else words
    if len(named) != 1:
        raise BadArgument("Name one run: medallion run RUN_ID")
    return named[0]
