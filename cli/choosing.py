"""Which entries are meant: the filters of every `medallion quarantine` command."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer

from cli.errors import BadArgument
from medallion.plan.quarantine import Chosen

Codes = Annotated[
    list[str] | None, typer.Option("--code", help="Those with this error code, such as TYPE_ERROR. Repeatable.")
]
Columns = Annotated[list[str] | None, typer.Option("--column", help="Those with an error in this column. Repeatable.")]
Objects = Annotated[
    list[str] | None,
    typer.Option("--object", help="Those of this object, by its source_file_id (`--json` tells it). Repeatable."),
]
Runs = Annotated[list[str] | None, typer.Option("--run", help="Those that failed last in this run. Repeatable.")]
Since = Annotated[
    str | None, typer.Option(metavar="TIME", help="Those that first arrived then or later: ISO 8601, UTC if not said.")
]
Until = Annotated[str | None, typer.Option(metavar="TIME", help="Those that first arrived before then.")]
Rows = Annotated[
    list[int] | None,
    typer.Option("--row", min=1, help="This record of the one --object, by its number from 1. Repeatable."),
]


def choose(
    codes: Codes = None,
    columns: Columns = None,
    objects: Objects = None,
    runs: Runs = None,
    since: str | None = None,
    until: str | None = None,
    rows: Rows = None,
) -> Chosen:
    """What the filters say together; BadArgument where that cannot be."""
    named = tuple(objects or ())
    if rows and len(named) != 1:
        raise BadArgument("--row counts the records of one object: name it with one --object")
    return Chosen(
        codes=tuple(codes or ()),
        columns=tuple(columns or ()),
        objects=named,
        runs=tuple(runs or ()),
        records=tuple((named[0], row) for row in rows or ()),
        since=moment_of(since, "--since"),
        until=moment_of(until, "--until"),
    )


def moment_of(text: str | None, option: str) -> datetime | None:
    """A moment as a person writes it, in UTC unless it says otherwise; BadArgument if it is none."""
    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise BadArgument(
            f"{option} {text}: this is no ISO 8601 time, such as 2026-01-31 or 2026-01-31T06:00"
        ) from error
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
