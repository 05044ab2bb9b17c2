"""`medallion model`: a Gold model in a tenant's folder, made live without a deployment."""

from __future__ import annotations

from typing import Annotated

import typer

from cli.direct import Direct
from cli.engines import operations
from cli.errors import BadArgument
from cli.exits import code_of_run
from cli.folders import DEFAULT, Folder, known_tenant, model_file, tenant_folder
from cli.options import Tenant, Timeout, Wait, options
from cli.output import Json, print_facts, print_json, progress
from cli.runs import show_run
from cli.watching import wait_for_run
from medallion.layout import checked_name

app = typer.Typer(name="model", help="Gold models: one made live.", no_args_is_help=True)


@app.callback()
def group() -> None:
    """Gold models: one made live."""


@app.command()
def add(
    context: typer.Context,
    model: Annotated[str, typer.Argument(metavar="MODEL", help="The model's name: its file is gold/MODEL.sql.")],
    tenant: Tenant,
    folder: Folder = DEFAULT,
    wait: Wait = False,
    timeout: Timeout = 900,
    as_json: Json = False,
) -> None:
    """Make MODEL live as its file in the tenant's folder says, and build it from what is published."""
    checked_name("model", model)
    standing = known_tenant(folder, tenant)
    file = next((one for one in standing.models if one.name == model), None)
    if file is None:
        raise BadArgument(f"{model_file(tenant_folder(folder, tenant), model)}: no such file; write the model there")
    target = options(context).target()
    chosen = Direct.at(target, tenant)
    with progress(f"making {model} live"):
        run_id = operations.add_model(target, tenant, model, file.text)
    if wait:
        with progress(f"building {model}") as tell:
            run = wait_for_run(chosen, run_id, timeout, tell)
        show_run(run, as_json=as_json)
        raise typer.Exit(code_of_run(run.status))
    if as_json:
        print_json({"tenant": tenant, "model": model, "run_id": run_id})
    else:
        print_facts([("model", model), ("its build", f"medallion run {run_id} --tenant {tenant}")])
