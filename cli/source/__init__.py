"""`medallion source`: a contract drafted from a sample, and made live."""

from __future__ import annotations

import typer

from cli.source.adding import add
from cli.source.new import new

app = typer.Typer(name="source", help="Sources: a contract drafted from a file, and made live.", no_args_is_help=True)
app.command()(new)
app.command()(add)
