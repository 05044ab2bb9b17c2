"""`medallion quarantine`: the records that failed; what they should read; trying them once more."""

from __future__ import annotations

import typer

from cli.quarantine.changing import correct, release
from cli.quarantine.reprocessing import reprocess
from cli.quarantine.showing import list_entries, print_view, show

__all__ = ["app"]

app = typer.Typer(
    name="quarantine",
    help="The records that failed, each with all its errors: look, correct, try once more.",
    no_args_is_help=True,
)
app.command(name="ls")(list_entries)
app.command()(show)
app.command()(correct)
app.command()(reprocess)
app.command()(release)
app.command(name="view")(print_view)
