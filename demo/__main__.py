"""`python -m demo`: what `make demo` runs. Exit code 0 if everything that the demo promises was seen, else 1."""

from __future__ import annotations

import argparse
import shutil
import socket
import sys
from collections.abc import Sequence
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console

from cli.exits import explain
from cli.target import project_root
from demo.run import Demo
from demo.stage import Stage
from demo.summary import print_summary
from local import process
from local.settings import HOST, Settings
from medallion.errors import MedallionError

_WIDTH_WITHOUT_TERMINAL = 140
_INTERRUPTED = 130
LANES = ("auto", "lambda", "glue", "emr")


def main(arguments: Sequence[str] | None = None) -> int:
    """Show the demo; what was started is stopped, unless --keep."""
    parser = argparse.ArgumentParser(
        prog="python -m demo", description="Carry real files from Landing to Gold on an embedded AWS, and prove it."
    )
    parser.add_argument("--keep", action="store_true", help="leave the embedded AWS running, to look around in it")
    parser.add_argument("--port", type=int, help="the embedded AWS's port (default: a free one)")
    parser.add_argument("--lane", choices=LANES, default="auto", help="the engine (default: auto, by size)")
    given = parser.parse_args(arguments)
    root = project_root()
    folder = root / "build" / "demo"
    settings = Settings(state_dir=folder / "state", port=given.port or _free_port(), spark_slots=2)
    try:
        return _show(root, folder, settings, given.lane, keep=given.keep)
    except MedallionError as error:
        sys.stderr.write(f"demo: {error}\n")
    except (BotoCoreError, ClientError) as error:
        sys.stderr.write(f"demo: {explain(error)}\n")
    except KeyboardInterrupt:
        sys.stderr.write("demo: interrupted\n")
        return _INTERRUPTED
    sys.stderr.write(f"demo: what the embedded AWS said is in {settings.log_file.relative_to(root)}\n")
    return 1


def _show(root: Path, folder: Path, settings: Settings, lane: str, *, keep: bool) -> int:
    stage = Stage()
    process.down(settings.state_dir)
    shutil.rmtree(folder, ignore_errors=True)
    ended_well = False
    try:
        with stage.act(f"Start an embedded AWS on port {settings.port}") as tell:
            process.up(settings, tell)
        report = Demo(stage, settings, root, folder, lane).show()
        ended_well = True
    finally:
        if not (keep and ended_well):
            process.down(settings.state_dir)
    written = root / "build" / "demo.json"
    written.write_text(report.model_dump_json(indent=2) + "\n", encoding="utf-8")
    console = Console(width=None if sys.stdout.isatty() else _WIDTH_WITHOUT_TERMINAL, highlight=False)
    print_summary(report, console)
    console.print(f"\nAll of it: {written.relative_to(root)}")
    if keep:
        _tell_how_to_ask(console, root, settings)
    return 0 if report.ok else 1


def _tell_how_to_ask(console: Console, root: Path, settings: Settings) -> None:
    state = settings.state_dir.relative_to(root)
    example = "medallion query --tenant skyline 'SELECT * FROM fleet_age_by_carrier'"
    console.print(
        f"\nThe embedded AWS goes on at {settings.endpoint}. Look around:\n\n"
        f"  export MEDALLION_LOCAL_STATE={state} PATH=.venv/bin:$PATH\n"
        "  medallion runs --tenant skyline\n"
        f"  {example}\n"
        "  medallion quarantine ls --tenant acme\n"
        "  medallion local down",
        markup=False,
    )


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    sys.exit(main())
