"""The pause between two looks: longer while nothing happens, and over at once with q."""

from __future__ import annotations

import os
import select
import sys
import termios
import time
import tty
from types import TracebackType
from typing import Any, Self

_LONGEST = 10.0
_GROWTH = 1.25


class Waiting:
    """Pauses of `every` seconds; while nothing changes each is a quarter longer, up to ten seconds."""

    def __init__(self, every: float) -> None:
        self._every = self._pause = every
        self._before: list[Any] | None = None

    def __enter__(self) -> Self:
        if sys.stdin.isatty():
            self._before = termios.tcgetattr(sys.stdin)
            # A key is read as it is pressed; Ctrl-C stays what it is.
            tty.setcbreak(sys.stdin)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._before is not None:
            termios.tcsetattr(sys.stdin, termios.TCSADRAIN, self._before)

    def ended(self, *, changed: bool) -> bool:
        """Wait; whether someone pressed q meanwhile."""
        self._pause = self._every if changed else max(self._every, min(self._pause * _GROWTH, _LONGEST))
        if self._before is None:
            time.sleep(self._pause)
            return False
        until = time.monotonic() + self._pause
        while (left := until - time.monotonic()) > 0:
            ready, _, _ = select.select([sys.stdin], [], [], left)
            # Past Python's own buffer, which select does not see into. Nothing at all: the terminal is gone.
            if ready and ((pressed := os.read(sys.stdin.fileno(), 64)) == b"" or b"q" in pressed.lower()):
                return True
        return False
