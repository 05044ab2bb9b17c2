"""How much memory the demo takes in all: this process and every process below it."""

from __future__ import annotations

import threading
from types import TracebackType
from typing import Self

import psutil

_PAUSE_SECONDS = 0.5


class MemoryWatch:
    """Samples the process tree while it is open. `peak_mb` is the greatest sum seen, in MB of 1,048,576 bytes."""

    def __init__(self) -> None:
        self.peak_mb = 0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._sample_for_ever, name="memory-watch", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join()

    def _sample_for_ever(self) -> None:
        while not self._ended.wait(_PAUSE_SECONDS):
            self.peak_mb = max(self.peak_mb, tree_memory() // (1 << 20))


def tree_memory() -> int:
    """Bytes of this process and all below it. Pages that processes share count once where the system tells (Linux)."""
    own = psutil.Process()
    return sum(_memory(process) for process in (own, *own.children(recursive=True)))


def _memory(process: psutil.Process) -> int:
    try:
        full = process.memory_full_info()
        return int(getattr(full, "pss", full.rss))
    except psutil.AccessDenied:
        return int(process.memory_info().rss)
    except psutil.NoSuchProcess:
        return 0
