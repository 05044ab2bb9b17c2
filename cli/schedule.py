"""`medallion schedule`: when what waits of a source is taken up."""

from __future__ import annotations

from typing import Annotated

import typer

from cli.deciding import By, Reason, said
from cli.documents.sources import ScheduleDocument
from cli.options import Source, Tenant, port
from cli.output import Json, moment, print_facts, print_json, progress
from medallion.control.schedules import CatchUp
from medallion.steps.schedules import Setting

app = typer.Typer(name="schedule", help="When what waits of a source is taken up.", no_args_is_help=True)

_UPCOMING = 5
Upcoming = Annotated[int, typer.Option("--upcoming", min=0, max=50, help="How many of the next moments to tell.")]


@app.command()
def show(
    context: typer.Context, tenant: Tenant, source: Source, upcoming: Upcoming = _UPCOMING, as_json: Json = False
) -> None:
    """Show when a source is due, and the next moments."""
    _print(port(context, tenant).sources.schedule(source, upcoming), as_json=as_json)


@app.command(name="set")
def set_schedule(
    context: typer.Context,
    tenant: Tenant,
    source: Source,
    by: By,
    reason: Reason,
    cron: Annotated[str | None, typer.Option(help="Minute, hour, day of month, month, day of week.")] = None,
    time_zone: Annotated[str | None, typer.Option("--time-zone", help="An IANA zone, such as Europe/Zurich.")] = None,
    catch_up: Annotated[
        CatchUp | None, typer.Option("--catch-up", help="One run for the moments that were missed, or none.")
    ] = None,
    paused: Annotated[bool | None, typer.Option("--pause/--resume", help="Leave its moments out, or no more.")] = None,
    as_json: Json = False,
) -> None:
    """Set when a source is due. What is not said stays as it is; if someone else sets it meanwhile, nothing is done."""
    words, chosen = said(by, reason), port(context, tenant).sources
    with progress("setting it"):
        before = chosen.schedule(source, 0)
        setting = Setting(
            cron=cron or before.cron,
            time_zone=time_zone or before.time_zone,
            catch_up=catch_up or before.catch_up,
            paused=before.paused if paused is None else paused,
            revision=before.revision,
        )
        chosen.set_schedule(source, setting, words)
    _print(chosen.schedule(source, _UPCOMING), as_json=as_json)


def _print(one: ScheduleDocument, *, as_json: bool) -> None:
    if as_json:
        print_json(one.plain())
        return
    print_facts(
        [
            ("source", one.source),
            ("due", f"{one.cron} ({one.time_zone})"),
            ("paused", "yes" if one.paused else "no"),
            ("moments missed", "one run makes up for all" if one.catch_up is CatchUp.ONCE else "left out"),
            ("set by", one.set_by and f"{one.set_by}: {one.reason}"),
            ("set (UTC)", moment(one.set_at)),
            ("next (UTC)", "\n".join(moment(at) for at in one.next_runs)),
        ]
    )
