"""The view, as a table that is drawn again, or as a line for each change."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from types import TracebackType
from typing import Self

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from cli.output import moment, status_text
from cli.watch.looking import View


class Screen:
    """A terminal that is drawn again at each look."""

    def __init__(self, console: Console) -> None:
        self._live = Live(console=console, screen=True, auto_refresh=False)
        self._last: View | None = None

    def __enter__(self) -> Self:
        self._live.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.__exit__(kind, error, trace)

    def show(self, view: View, now: datetime) -> bool:
        """Draw it; whether something changed."""
        self._live.update(table_of(view, now), refresh=True)
        changed, self._last = view != self._last, view
        return changed


class Lines:
    """A terminal that cannot be drawn again, or a file: a line for each change."""

    def __init__(self, write: Callable[[str], None]) -> None:
        self._write = write
        self._last: View | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def show(self, view: View, now: datetime) -> bool:
        """Write what changed; whether something did."""
        lines = list(changes(self._last, view))
        for line in lines:
            self._write(f"{moment(now)} {line}")
        self._last = view
        return bool(lines)


def changes(before: View | None, now: View) -> Iterator[str]:
    """What is other than before, a sentence each; of runs that ended before the first look, nothing."""
    stood = {} if before is None else {run.run_id: (run.status, run.step) for run in before.under_way}
    over = {run.run_id for run in (now.ended if before is None else before.ended)}
    for run in now.under_way:
        if stood.get(run.run_id) != (run.status, run.step):
            yield _told(run.run_id, run.subject, run.status, run.step or run.reason)
    for ended in reversed(now.ended):
        if ended.run_id not in over:
            yield _told(ended.run_id, ended.subject, ended.status, ended.reason)
    listed = {run.run_id for run in now.under_way} | {run.run_id for run in now.ended}
    for gone in [] if before is None else before.under_way:
        if gone.run_id not in listed:
            yield f"run {gone.run_id} of {gone.subject} waits no more"
    was_open = set() if before is None else set(before.open_breakers)
    yield from (f"breaker of {source} is open" for source in now.open_breakers if source not in was_open)
    yield from (f"breaker of {source} is closed" for source in sorted(was_open - set(now.open_breakers)))
    if now.trouble and (before is None or now.trouble != before.trouble):
        yield now.trouble


def _told(run_id: str, subject: str, status: str, more: str) -> str:
    return f"run {run_id} of {subject} is {status}" + (f": {more}" if more else "")


def table_of(view: View, now: datetime) -> RenderableType:
    """The view as it is drawn. Runs' ids are never cut: the next command needs them."""
    parts: list[RenderableType] = [Text(f"{view.tenant}, {moment(now)} UTC", style="bold"), Text("")]
    if view.under_way:
        table = _table("run", "of", "status", "step or reason", right=("seconds",))
        for run in view.under_way:
            seconds = f"{(now - run.created_at).total_seconds():.0f}"
            table.add_row(run.run_id, run.subject, status_text(run.status), run.step or run.reason, seconds)
        parts += [table, Text("")]
    else:
        parts += [Text("No run is under way."), Text("")]
    if view.ended:
        table = _table("ended", "of", "status", right=("rows in", "quarantined"))
        for ended in view.ended:
            numbers = (f"{ended.rows_in:,}", f"{ended.quarantined:,}")
            table.add_row(ended.run_id, ended.subject, status_text(ended.status), *numbers)
        parts.append(table)
    if view.open_breakers:
        parts.append(Text(f"\nbreaker open: {', '.join(view.open_breakers)}", style="red"))
    if view.trouble:
        parts.append(Text(f"\n{view.trouble}", style="yellow"))
    return Group(*parts)


def _table(*columns: str, right: tuple[str, ...]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for number, column in enumerate(columns):
        table.add_column(column, overflow="fold", no_wrap=number == 0)
    for column in right:
        table.add_column(column, justify="right", no_wrap=True)
    return table
