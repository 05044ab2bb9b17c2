"""`medallion rollback`: what readers see becomes what an earlier run had published."""

from __future__ import annotations

from typing import Annotated

import typer

from cli.deciding import By, Reason, checked_person
from cli.engines import operations
from cli.errors import BadArgument
from cli.options import Tenant, options
from cli.output import Json, print_facts, print_json, progress, say
from medallion.layout import Zone


def rollback(
    context: typer.Context,
    tenant: Tenant,
    to: Annotated[str, typer.Option("--to", metavar="RUN_ID", help="The run that readers see again.")],
    by: By,
    reason: Reason,
    source: Annotated[str | None, typer.Option("--source", "-s", help="The source whose Silver goes back.")] = None,
    model: Annotated[str | None, typer.Option("--model", help="Or the Gold model that goes back.")] = None,
    as_json: Json = False,
) -> None:
    """Take back every run after RUN_ID. Their records stay in Bronze, and each can be done again (`rerun`).

    Interrupted, the same command completes it; until then no run of the source or model begins.
    """
    if (source is None) == (model is None):
        raise BadArgument("Name what to roll back: --source S for its Silver, or --model M for its Gold table")
    who, why = checked_person(by, reason)
    zone, subject = (Zone.SILVER, source) if source is not None else (Zone.GOLD, str(model))
    target = options(context).target()
    target.control(tenant)
    with progress(f"rolling back to {to}"):
        done = operations.roll_back(target, tenant, zone, subject, to, by=who, reason=why)
    if as_json:
        print_json(done.model_dump(mode="json"))
        return
    print_facts(
        [
            ("rolled back", done.subject),
            ("to run", done.to_run_id),
            ("snapshot", f"{done.from_snapshot} → {done.to_snapshot}" if done.runs else done.to_snapshot),
            ("taken back", "\n".join(one.run_id for one in done.runs)),
        ]
    )
    if not done.runs:
        say("That run is what readers see already: nothing was changed.")
