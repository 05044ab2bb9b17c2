"""`medallion rollback`: what readers see becomes what an earlier run had published."""

from __future__ import annotations

from typing import Annotated

import typer

from cli.completing import complete_source
from cli.deciding import By, Reason, said
from cli.errors import BadArgument
from cli.options import Tenant, port
from cli.output import Json, print_facts, print_json, progress, say
from medallion.layout import Zone


def rollback(
    context: typer.Context,
    tenant: Tenant,
    to: Annotated[str, typer.Option("--to", metavar="RUN_ID", help="The run that readers see again.")],
    by: By,
    reason: Reason,
    source: Annotated[
        str | None,
        typer.Option("--source", "-s", autocompletion=complete_source, help="The source whose Silver goes back."),
    ] = None,
    model: Annotated[str | None, typer.Option("--model", help="Or the Gold model that goes back.")] = None,
    as_json: Json = False,
) -> None:
    """Take back every run after RUN_ID. Their records stay in Bronze, and each can be done again (`rerun`).

    Interrupted, the same command completes it; until then no run of the source or model begins.
    """
    if (source is None) == (model is None):
        raise BadArgument("Name what to roll back: --source S for its Silver, or --model M for its Gold table")
    words = said(by, reason)
    zone, name = (Zone.SILVER, source) if source is not None else (Zone.GOLD, str(model))
    chosen = port(context, tenant)
    with progress(f"rolling back to {to}"):
        done = chosen.runs.roll_back(zone, name, to, words)
    if as_json:
        print_json(done.plain())
        return
    print_facts(
        [
            ("rolled back", f"{zone}.{name}"),
            ("to run", done.to_run_id),
            ("snapshot", f"{done.from_snapshot} → {done.to_snapshot}" if done.undone else done.to_snapshot),
            ("taken back", "\n".join(done.undone)),
        ]
    )
    if not done.undone:
        say("That run is what readers see already: nothing was changed.")
