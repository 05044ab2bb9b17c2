"""`medallion tenant`: tenants from the first folder to the last byte."""

from __future__ import annotations

import typer

from cli.tenant.closing import approve_close, close, reopen
from cli.tenant.new import new
from cli.tenant.standing import deploy, list_tenants

app = typer.Typer(
    name="tenant", help="Tenants: a new one, its deployment, which there are, one that leaves.", no_args_is_help=True
)
app.command()(new)
app.command()(deploy)
app.command(name="ls")(list_tenants)
app.command()(close)
app.command()(approve_close)
app.command()(reopen)
