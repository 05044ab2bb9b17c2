"""`medallion backfill`, and what every command says that takes records up once more."""

from __future__ import annotations

import typer

from cli.choosing import Objects, Since, Until, moment_of
from cli.deciding import By, Reason, finish, said
from cli.documents.quarantine import Forecast
from cli.errors import BadArgument
from cli.options import DryRun, Source, Tenant, Timeout, Wait, port
from cli.output import Json, print_facts, print_json, progress, say
from cli.port import Which


def backfill(
    context: typer.Context,
    tenant: Tenant,
    source: Source,
    by: By,
    reason: Reason,
    objects: Objects = None,
    since: Since = None,
    until: Until = None,
    dry_run: DryRun = False,
    wait: Wait = False,
    timeout: Timeout = 900,
    as_json: Json = False,
) -> None:
    """Take every record of published objects through the active contract once more, from Bronze.

    Name the objects, or when they arrived (--since, --until). Silver changes where a record fares otherwise.
    """
    if bool(objects) == bool(since or until):
        raise BadArgument("Say what to do again: either --object, or when the objects arrived: --since, --until")
    which = Which(tuple(objects or ()), moment_of(since, "--since"), moment_of(until, "--until"))
    chosen, words = port(context, tenant), said(by, reason)
    if dry_run:
        with progress("trying without writing"):
            told = chosen.runs.foresee_backfill(source, which, words)
        print_forecast(told, as_json=as_json)
        return
    with progress("taking records up"):
        run_id = chosen.runs.backfill(source, which, words)
    if run_id is None:
        nothing(as_json=as_json)
        return
    finish(chosen, run_id, wait=wait, timeout=timeout, as_json=as_json)


def nothing(*, as_json: bool) -> None:
    """Say that no run was started, for want of records."""
    if as_json:
        print_json({"run_id": None})
    say("There is nothing to take up.")


def print_forecast(told: Forecast, *, as_json: bool) -> None:
    """What would become of the records; nothing was written."""
    if as_json:
        print_json(told.plain())
        return
    if not told.records:
        nothing(as_json=False)
        return
    counts = told.model_dump(exclude={"records", "by_code"})
    facts: list[tuple[str, object]] = [("records", f"{told.records:,}")]
    facts += [(_NAMES.get(name, f"would be {name}"), f"{count:,}") for name, count in counts.items() if count]
    facts.append(("errors", "\n".join(f"{code} ({count:,})" for code, count in told.by_code.items())))
    print_facts(facts)
    say("Nothing was written.")


_NAMES = {"duplicates": "would be duplicates", "withdrawn": "would leave Silver"}
