"""`medallion source`: a contract drafted from a sample, and made live; how each source stands, and having one wait."""

from __future__ import annotations

import typer

from cli.source.adding import add
from cli.source.new import new
from cli.source.standing import list_sources, pause, resume, show

app = typer.Typer(
    name="source", help="Sources: drafted from a file, made live, looked at, paused.", no_args_is_help=True
)
app.command()(new)
app.command()(add)
app.command(name="ls")(list_sources)
app.command()(show)
app.command()(pause)
app.command()(resume)
