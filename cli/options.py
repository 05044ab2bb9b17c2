"""The options that every command shares."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from cli.target import Target, Where, find_target
from medallion.layout import Environment


@dataclass(frozen=True)
class Options:
    """What was said before the command's name."""

    where: Where | None
    environment: Environment
    state_dir: Path

    def target(self) -> Target:
        return find_target(self.where, self.environment, self.state_dir)


def options(context: typer.Context) -> Options:
    """The shared options of this call."""
    found: Options = context.find_root().obj
    return found


Tenant = Annotated[str, typer.Option("--tenant", "-t", envvar="MEDALLION_TENANT", help="The tenant's id.")]
Limit = Annotated[int, typer.Option("--limit", "-n", min=1, help="At most this many.")]
Wait = Annotated[bool, typer.Option("--wait", help="Wait until the run has ended, or is held.")]
Timeout = Annotated[float, typer.Option("--timeout", min=1, help="With --wait: seconds to wait at most.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would happen, and write nothing.")]
RunId = Annotated[str, typer.Argument(metavar="RUN_ID", help="The run's id, as `medallion runs` shows it.")]
