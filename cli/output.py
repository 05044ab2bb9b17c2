"""What the command prints: results on standard output (tables, or JSON alone), progress on standard error."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Annotated, Any

import typer
from rich.console import Console, JustifyMethod
from rich.table import Table
from rich.text import Text

Progress = Callable[[str], None]
Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON, and nothing else, on standard output.")]

_WIDTH_WITHOUT_TERMINAL = 200
_FOLDED = 14
"""What a column of text is left at least, where there is not room for all."""
_BETWEEN = 2
_STATUS_COLOURS = {
    "promoted": "green",
    "unchanged": "green",
    "running": "cyan",
    "pending": "cyan",
    "held": "yellow",
    "failed": "red",
    "rejected": "red",
    "refused": "red",
    "rolled_back": "yellow",
}


def console() -> Console:
    """Standard output; wide where it is not a terminal, so that a table is not cut in a pipe."""
    return Console(width=None if sys.stdout.isatty() else _WIDTH_WITHOUT_TERMINAL, highlight=False)


def print_json(result: object) -> None:
    """The result as JSON; moments are ISO 8601."""
    typer.echo(json.dumps(result, indent=2, default=_plain))


def print_table(
    columns: Sequence[str],
    rows: Iterable[Sequence[object]],
    *,
    right: Iterable[str] = (),
    whole: Iterable[str] = (),
    spare: Sequence[str] = (),
) -> None:
    """Rows under their columns. Cells are plain text: markup in data stays as it is.

    Long cells are folded, but for those of `whole` columns, which the next command needs. Where the terminal is too
    narrow, `spare` columns are left out, the first of them first, and a remark says so.
    """
    shown = console()
    cells = [[_cell(value) for value in row] for row in rows]
    left = _left_out(columns, cells, spare, {*whole, *right}, shown.width)
    kept = [at for at, column in enumerate(columns) if column not in left]
    shown.print(
        _table([columns[at] for at in kept], [[row[at] for at in kept] for row in cells], set(right), set(whole))
    )
    if left:
        say(f"For want of width without: {', '.join(left)}. A wider terminal shows them, and --json has all.")


def _table(columns: Sequence[str], rows: Iterable[Sequence[Text]], right: set[str], whole: set[str]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        justify: JustifyMethod = "right" if column in right else "left"
        table.add_column(column, justify=justify, overflow="fold", no_wrap=column in whole)
    for row in rows:
        table.add_row(*row)
    return table


def _left_out(
    columns: Sequence[str], rows: Sequence[Sequence[Text]], spare: Sequence[str], stiff: set[str], width: int
) -> list[str]:
    """The spare columns for which there is no room."""
    needed = {
        column: min(max([len(column), *(row[at].cell_len for row in rows)]), width if column in stiff else _FOLDED)
        + _BETWEEN
        for at, column in enumerate(columns)
    }
    left: list[str] = []
    for column in spare:
        if sum(needed.values()) <= width + _BETWEEN:
            break
        del needed[column]
        left.append(column)
    return left


def print_facts(facts: Iterable[tuple[str, object]]) -> None:
    """Name and value, one a line; what is empty is left out."""
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(style="bold")
    table.add_column(overflow="fold")
    for name, value in facts:
        if value not in (None, "", (), [], {}):
            table.add_row(name, _cell(value))
    console().print(table)


def say(sentence: str) -> None:
    """A remark that is not part of the result, on standard error."""
    typer.echo(sentence, err=True)


@contextmanager
def progress(doing: str) -> Iterator[Progress]:
    """Show on a terminal's standard error that something goes on; elsewhere, nothing."""
    shown = Console(stderr=True)
    if not shown.is_terminal:
        yield lambda text: None
        return
    with shown.status(doing) as status:
        yield lambda text: status.update(f"{doing}: {text}")


def status_text(status: str) -> Text:
    return Text(status, style=_STATUS_COLOURS.get(status, ""))


def moment(at: datetime | None) -> str:
    """A moment in UTC, to the second."""
    return "" if at is None else f"{at:%Y-%m-%d %H:%M:%S}"


def _cell(value: object) -> Text:
    if isinstance(value, Text):
        return value
    if isinstance(value, bool) or not isinstance(value, int):
        return Text("" if value is None else str(value))
    return Text(f"{value:,}")


def _plain(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
