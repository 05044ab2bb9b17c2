"""What an engine in this process may use."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Resources:
    """What the engine may use:
    `memory` for DuckDB's own buffers (the process holds up to 0.8 GB beside them), `threads`, a folder to spill to.
    """

    region: str
    memory: str = "2GB"
    threads: int = 2
    folder: Path | None = None
