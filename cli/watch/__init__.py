"""`medallion watch`: a tenant's runs as they go on."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import Annotated

import typer

from cli.options import Tenant, port
from cli.output import Json, console, print_json
from cli.watch.looking import Looker
from cli.watch.showing import Lines, Screen, table_of
from cli.watch.waiting import Waiting


def watch(
    context: typer.Context,
    tenant: Tenant,
    once: Annotated[bool, typer.Option("--once", help="Show how things stand, and end.")] = False,
    every: Annotated[float, typer.Option(min=2, help="Seconds between two looks; more where nothing happens.")] = 2,
    as_json: Json = False,
) -> None:
    """Watch the tenant's runs: those under way with their step, those that wait for a person, those that ended last.

    It ends with q or Ctrl-C. Where the terminal cannot redraw, each change is a line.
    """
    looker = Looker(port(context, tenant))
    if once or as_json:
        view = looker.look()
        if as_json:
            print_json(view.plain())
        else:
            console().print(table_of(view, datetime.now(UTC)))
        return
    shown = console()
    redraws = shown.is_terminal and not shown.is_dumb_terminal and sys.stdin.isatty()
    screen = Screen(shown) if redraws else Lines(typer.echo)
    with Waiting(every) as waiting, screen:
        watching(looker, screen, waiting)


def watching(looker: Looker, screen: Screen | Lines, waiting: Waiting) -> None:
    """Look and show until someone ends it."""
    while True:
        changed = screen.show(looker.look(), datetime.now(UTC))
        try:
            if waiting.ended(changed=changed):
                return
        except KeyboardInterrupt:
            return
