"""`medallion local`: the embedded AWS from the command line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from pydantic import BaseModel, ValidationError
from rich.console import Console
from rich.table import Table

from local import process
from local.deploy import DeployReport, Progress
from local.deploy import deploy as deploy_app
from local.errors import LocalError
from local.settings import Settings, default_state_dir, project_root
from medallion.layout import Environment

app = typer.Typer(name="local", help="The embedded AWS on this machine.", no_args_is_help=True)
_console = Console()
_progress = Console(stderr=True)

Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]
StateDir = Annotated[
    Path | None, typer.Option("--state-dir", envvar="MEDALLION_LOCAL_STATE", help="Default: .medallion in the project.")
]
_FIELDS = Settings.model_fields


@app.command()
def up(
    port: Annotated[int, typer.Option(envvar="MEDALLION_LOCAL_PORT")] = _FIELDS["port"].default,
    account: Annotated[str, typer.Option(help="The account's id, 12 digits.")] = _FIELDS["account"].default,
    region: Annotated[str, typer.Option()] = _FIELDS["region"].default,
    lambda_slots: Annotated[int, typer.Option(help="Lambda invocations at once.")] = _FIELDS["lambda_slots"].default,
    spark_slots: Annotated[int, typer.Option(help="Spark jobs at once.")] = _FIELDS["spark_slots"].default,
    spark_memory_mb: Annotated[int, typer.Option(help="The heap of a Spark job.")] = _FIELDS["spark_memory_mb"].default,
    iam: Annotated[bool, typer.Option(help="Verify signatures and enforce IAM.")] = True,
    persist: Annotated[bool, typer.Option(help="Keep the state over a stop and a start.")] = False,
    state_dir: StateDir = None,
    as_json: Json = False,
) -> None:
    """Start it in the background, and wait until it is healthy."""
    with _reporting(as_json, "starting the embedded AWS") as progress:
        settings = Settings(
            state_dir=state_dir or default_state_dir(),
            port=port,
            account=account,
            region=region,
            lambda_slots=lambda_slots,
            spark_slots=spark_slots,
            spark_memory_mb=spark_memory_mb,
            enforce_iam=iam,
            persist=persist,
        )
        process.up(settings, progress)
    _show_status(process.status(settings.state_dir), as_json)


@app.command()
def down(state_dir: StateDir = None, as_json: Json = False) -> None:
    """Stop it. Without --persist at its start, what it held is gone."""
    with _reporting(as_json, "stopping the embedded AWS"):
        stopped = process.down(state_dir or default_state_dir())
    _show({"stopped": stopped}, "stopped" if stopped else "it was not running", as_json)


@app.command()
def status(state_dir: StateDir = None, as_json: Json = False) -> None:
    """Tell whether it runs. Exit code 3 where it does not."""
    found = process.status(state_dir or default_state_dir())
    _show_status(found, as_json)
    if not found.healthy:
        raise typer.Exit(3)


@app.command()
def reset(state_dir: StateDir = None, as_json: Json = False) -> None:
    """Forget everything that is deployed and stored."""
    with _reporting(as_json, "forgetting everything"):
        process.reset(state_dir or default_state_dir())
    _show({"reset": True}, "everything is forgotten", as_json)


@app.command()
def deploy(
    stacks: Annotated[list[str] | None, typer.Argument(help="Stacks to deploy; default: all.")] = None,
    assembly: Annotated[Path | None, typer.Option(help="A cloud assembly synthesized before.")] = None,
    exclusively: Annotated[bool, typer.Option(help="Leave out the stacks that these depend on.")] = False,
    tenants: Annotated[Path | None, typer.Option(help="The tenants' folder; default: tenants.")] = None,
    environment: Annotated[
        Environment, typer.Option(envvar="MEDALLION_ENVIRONMENT", help="Which deployment.")
    ] = Environment.DEV,
    state_dir: StateDir = None,
    as_json: Json = False,
) -> None:
    """Bootstrap the account and deploy the app with the CDK command."""
    with _reporting(as_json, "deploying") as progress:
        server = process.require(state_dir or default_state_dir())
        report = deploy_app(
            server.settings,
            project_root(),
            assembly=assembly,
            stacks=tuple(stacks) if stacks else ("--all",),
            exclusively=exclusively,
            context={"environment": environment, **({"tenants": str(tenants.resolve())} if tenants else {})},
            progress=progress,
        )
    if as_json:
        _print_json(report)
    else:
        _show_report(report)


@contextmanager
def _reporting(as_json: bool, doing: str) -> Iterator[Progress]:
    """Show progress on standard error, and turn an error for people into a sentence and exit code 1."""
    try:
        if as_json or not _progress.is_terminal:
            yield lambda text: None
        else:
            with _progress.status(doing) as shown:
                yield lambda text: shown.update(f"{doing}: {text[:100]}")
    except LocalError as error:
        _fail(str(error), as_json)
    except ValidationError as error:
        first = error.errors()[0]
        _fail(f"--{'-'.join(str(part) for part in first['loc']).replace('_', '-')}: {first['msg']}", as_json, code=2)


def _fail(message: str, as_json: bool, code: int = 1) -> None:
    if as_json:
        typer.echo(json.dumps({"error": message}))
    else:
        typer.echo(message, err=True)
    raise typer.Exit(code)


def _show_status(found: process.Status, as_json: bool) -> None:
    if as_json:
        _print_json(found)
    elif not found.running:
        _console.print("not running; start it: medallion local up")
    else:
        table = Table(show_header=False, box=None)
        for name, value in found.model_dump().items():
            table.add_row(name.replace("_", " "), str(value))
        _console.print(table)


def _show_report(report: DeployReport) -> None:
    table = Table(title=f"{len(report.stacks)} stacks in {report.deploy_seconds} s")
    for column in ("stack", "status", "resources"):
        table.add_column(column)
    for stack in report.stacks:
        table.add_row(stack.name, stack.status, str(stack.resources))
    _console.print(table)
    _console.print(f"{sum(report.emulated.values())} resources of {len(report.emulated)} types are emulated.")
    if report.recorded_only:
        _console.print("Recorded only, nothing stands behind them:")
        for name, count in report.recorded_only.items():
            _console.print(f"  {name}: {count}")


def _show(result: dict[str, object], sentence: str, as_json: bool) -> None:
    typer.echo(json.dumps(result) if as_json else sentence)


def _print_json(model: BaseModel) -> None:
    typer.echo(model.model_dump_json(indent=2))
