"""`medallion tenant`: tenants from the first folder to the last byte."""

from __future__ import annotations

import typer

from cli.tenant.closing import approve_close, close, reopen

app = typer.Typer(name="tenant", help="Tenants: which there are, a new one, its deployment.", no_args_is_help=True)
app.command()(close)
app.command()(approve_close)
app.command()(reopen)
