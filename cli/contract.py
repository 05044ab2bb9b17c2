"""`medallion contract`: what a changed contract would do, and doing it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.deciding import By, Reason, checked_person, finish
from cli.engines import operations
from cli.errors import BadArgument
from cli.options import Tenant, Timeout, Wait, options
from cli.output import Json, print_facts, print_json, print_table, progress, say

if TYPE_CHECKING:
    from medallion.engines.duckdb.trial import Trial

app = typer.Typer(name="contract", help="Try a changed contract, and apply it.", no_args_is_help=True)

Changed = Annotated[Path, typer.Argument(metavar="NEW.odcs.yaml", help="The changed contract, a higher version.")]


@app.command(name="try")
def try_out(context: typer.Context, contract: Changed, tenant: Tenant, as_json: Json = False) -> None:
    """Say what the contract would do to Silver, quarantine and Gold. Nothing is written."""
    target = options(context).target()
    target.control(tenant)
    with progress("every record is judged once more"):
        trial = operations.try_contract(target, tenant, _text(contract), str(contract))
    if as_json:
        print_json(trial.model_dump(mode="json"))
        return
    _show(trial)


@app.command()
def apply(
    context: typer.Context,
    contract: Changed,
    tenant: Tenant,
    by: By,
    reason: Reason,
    wait: Wait = False,
    timeout: Timeout = 900,
    as_json: Json = False,
) -> None:
    """Make the contract the active one, and take every published record through it: a run, judged as any other."""
    who, why = checked_person(by, reason)
    target = options(context).target()
    target.control(tenant)
    run = operations.apply_contract(target, tenant, _text(contract), str(contract), by=who, reason=why)
    if run is None:
        say("The contract is active. Its source has published nothing yet, so there is nothing to take up again.")
        return
    finish(context, tenant, run, wait=wait, timeout=timeout, as_json=as_json)


def _text(contract: Path) -> str:
    try:
        return contract.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as problem:
        raise BadArgument(f"{contract} cannot be read as UTF-8 text: {problem}") from problem


def _show(trial: Trial) -> None:
    print_facts(
        (
            ("recovered from quarantine", trial.recovered),
            ("newly rejected", trial.rejected),
            ("other values in Silver", trial.changed),
            ("unchanged in Silver", trial.unchanged),
            ("failing once more", trial.retried),
            ("condemned, and would pass", trial.condemned_passing),
        )
    )
    for title, rows in (
        (("newly failing with", "records"), list(trial.failing.items())),
        (("Gold", "new rows", "lost rows", "changed rows"), [tuple(m.model_dump().values()) for m in trial.gold]),
    ):
        if rows:
            typer.echo()
            print_table(title, rows, right=title[1:])
