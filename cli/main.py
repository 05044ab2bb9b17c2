"""The `medallion` command: its commands, its shared options, and how an error ends it."""

from __future__ import annotations

import sys
from importlib.metadata import entry_points, version
from pathlib import Path
from typing import Annotated

import typer
from botocore.exceptions import BotoCoreError, ClientError

from cli import breaker, contract, key, ledger, login, model, quarantine, schedule, source, tenant, trail
from cli.deciding import approve, cancel, reject, rerun
from cli.deploying import deploy, synth
from cli.exits import Exit, code_of
from cli.exits import explain as explained
from cli.explaining import explain
from cli.housekeeping import housekeeping
from cli.ingest import ingest
from cli.options import Options, Ways
from cli.output import print_json, say
from cli.profiles import DEFAULT
from cli.query import query
from cli.replaying import backfill
from cli.rollback import rollback
from cli.runs import run, runs
from cli.spending import cost, usage
from cli.target import Where, default_state_dir
from cli.watch import watch
from medallion.errors import MedallionError
from medallion.layout import Environment

COMMANDS = "medallion.commands"
"""The entry-point group by which an installed package brings a group of commands."""

app = typer.Typer(
    name="medallion",
    help="A medallion lakehouse that never loses a record: deploy it, feed it, ask it.",
    epilog="Exit codes: "
    + ", ".join(f"{code.value} {code.name.lower().replace('_', ' ')}" for code in Exit)
    + ". More in docs/cli.md.",
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,
)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"medallion {version('medallion')}")
        raise typer.Exit


@app.callback()
def shared(
    context: typer.Context,
    target: Annotated[
        Where | None,
        typer.Option(
            envvar="MEDALLION_TARGET",
            help="An AWS, or the API. Default: api where MEDALLION_API_KEY is set; local while an embedded AWS runs "
            "here; api where a key is kept (`medallion login`); else aws.",
        ),
    ] = None,
    environment: Annotated[
        Environment, typer.Option("--environment", "-e", envvar="MEDALLION_ENVIRONMENT", help="Which deployment.")
    ] = Environment.DEV,
    state_dir: Annotated[
        Path | None,
        typer.Option(envvar="MEDALLION_LOCAL_STATE", help="The embedded AWS's folder. Default: .medallion here."),
    ] = None,
    api: Annotated[
        str, typer.Option(envvar="MEDALLION_API", help="Where the API answers. Its key is in MEDALLION_API_KEY.")
    ] = "",
    profile: Annotated[
        str, typer.Option(envvar="MEDALLION_PROFILE", help="Which of the keys that are kept (`medallion login`).")
    ] = DEFAULT,
    show_version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version, and end.")
    ] = False,
) -> None:
    context.obj = Options(
        where=target,
        environment=environment,
        state_dir=state_dir or default_state_dir(),
        api=api,
        profile=profile,
        ways=_ways(context.obj),
    )


def _ways(given: object) -> Ways:
    """The ways that this call was given: by who started it, or by the command that calls another."""
    if isinstance(given, Options):
        return given.ways
    return given if isinstance(given, Ways) else Ways()


app.command()(ingest)
app.command()(runs)
app.command()(run)
app.command()(approve)
app.command()(reject)
app.command()(rerun)
app.command()(cancel)
app.command()(watch)
app.command()(rollback)
app.command()(backfill)
app.command()(query)
app.command()(explain)
app.command()(usage)
app.command()(cost)
app.command()(housekeeping)
app.add_typer(quarantine.app)
app.add_typer(source.app)
app.add_typer(schedule.app)
app.add_typer(contract.app)
app.add_typer(ledger.app)
app.add_typer(breaker.app)
app.add_typer(key.app)
app.command()(trail.audit)
app.add_typer(trail.operations)
app.command()(login.login)
app.command()(login.logout)
app.command()(login.whoami)
app.add_typer(tenant.app)
app.add_typer(model.app)
app.command()(synth)
app.command()(deploy)
for found in sorted(entry_points(group=COMMANDS)):
    app.add_typer(found.load(), name=found.name)


def main(ways: Ways | None = None) -> None:
    """Run the command. An error raised on purpose ends it with a sentence; any other is a bug, with its trace."""
    try:
        app(obj=ways)
    except MedallionError as error:
        _end(error)
    except (BotoCoreError, ClientError) as error:
        _end(explained(error))


def _end(error: MedallionError) -> None:
    if "--json" in sys.argv[1:]:
        print_json({"error": str(error), "kind": type(error).__name__})
    else:
        say(f"medallion: {error}")
    sys.exit(code_of(error))


if __name__ == "__main__":
    main()
