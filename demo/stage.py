"""What a spectator sees while the demo runs: one line for each act, with a moving one below it on a terminal."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.text import Text

from cli.output import Progress


class Stage:
    """Acts go to standard error, so that what the demo found stands alone on standard output."""

    def __init__(self) -> None:
        self._console = Console(stderr=True, highlight=False)

    @contextmanager
    def act(self, doing: str) -> Iterator[Progress]:
        """Show that something goes on, and at its end how long it took."""
        began = time.monotonic()
        if self._console.is_terminal:
            with self._console.status(doing) as status:
                yield lambda text: status.update(Text(f"{doing}: {text[:80]}"))
        else:
            yield lambda text: None
        self._console.print(Text.assemble(("✓ ", "green"), f"{doing}  ", (f"{time.monotonic() - began:.1f} s", "dim")))
