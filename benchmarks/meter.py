"""What a piece of work takes: wall time, CPU of this process and of all that it started, and memory."""

from __future__ import annotations

import os
import platform
import time
from dataclasses import dataclass
from pathlib import Path

import psutil

BUSY = 0.15
"""A machine of which others use more than this share is no place to measure."""
_PATIENCE = 120


class LoadedMachine(RuntimeError):
    """Others work on this machine, and go on doing so."""


@dataclass(frozen=True)
class Spent:
    """Seconds by the clock, and CPU seconds in user and system mode."""

    wall: float
    cpu: float


class Meter:
    """Begins where it is made. A JVM that this process started counts, as long as it lives."""

    def __init__(self) -> None:
        self._wall, self._cpu = time.perf_counter(), _cpu()

    def read(self) -> Spent:
        return Spent(round(time.perf_counter() - self._wall, 3), round(_cpu() - self._cpu, 3))


def peak_mb() -> int:
    """The most that this process and those that it started held, each at its own moment, in MB of 1,048,576 bytes."""
    return sum(_peak(one.pid) for one in _family()) // 1024


def age() -> float:
    """Seconds since this process began, its interpreter's start included."""
    return time.time() - psutil.Process().create_time()


def machine() -> str:
    """Cores, processor and memory, as a reader of figures wants them."""
    named = (line for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines() if "model name" in line)
    processor = next((line.partition(":")[2].strip() for line in named), platform.processor())
    return f"{os.cpu_count()} cores ({processor}) and {psutil.virtual_memory().total / 2**30:.0f} GiB"


def wait_until_idle() -> None:
    """Return when nobody else works on the machine; LoadedMachine if that does not come about."""
    deadline = time.monotonic() + _PATIENCE
    while (share := psutil.cpu_percent(interval=2) / 100) > BUSY:
        if time.monotonic() > deadline:
            raise LoadedMachine(
                f"{share:.0%} of {os.cpu_count()} cores are in use by others; figures taken now would say nothing. "
                "Stop what runs beside, then run this again: what was measured so far is kept"
            )


def _family() -> list[psutil.Process]:
    own = psutil.Process()
    return [own, *own.children(recursive=True)]


def _cpu() -> float:
    total = 0.0
    for one in _family():
        used = one.cpu_times()
        total += used.user + used.system + used.children_user + used.children_system
    return total


def _peak(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace")
    # A process that has ended and was not waited for yet has none.
    _, said, rest = status.partition("VmHWM:")
    return int(rest.split()[0]) if said else 0
