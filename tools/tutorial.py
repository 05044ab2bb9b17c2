"""Follow docs/tutorial.md as a new user would: a fresh clone, an environment of its own, each command as it stands.

`make tutorial` prints how long each command took, and fails where one does, or where all take more than ten minutes.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import textwrap
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = Path("docs") / "tutorial.md"
SETUP = "make setup"
_BLOCK = re.compile(r"(?:^(?:    .*)?\n)+", re.MULTILINE)
_MINUTES = 10


@dataclass(frozen=True)
class Done:
    """A command that was run: its first line, its exit code, what it printed, and its seconds."""

    command: str
    code: int
    printed: str
    seconds: float


def commands(page: str) -> list[str]:
    """What the page tells to type, in its order: a line each, or all lines up to the end of a text that one reads."""
    found: list[str] = []
    until: str | None = None
    for line in _typed(page):
        if until is None:
            found.append(line)
            heredoc = re.search(r"<<'(\w+)'", line)
            until = heredoc[1] if heredoc else None
        else:
            found[-1] += f"\n{line}"
            until = None if line == until else until
    return found


def _typed(page: str) -> Iterator[str]:
    """The page's indented lines, without those of its fences."""
    prose = re.sub(r"^```.*?^```$", "", page, flags=re.MULTILINE | re.DOTALL)
    for block in _BLOCK.findall(prose):
        yield from (line for line in textwrap.dedent(block).splitlines() if line)


def follow(folder: Path, told: list[str], environment: Mapping[str, str]) -> Iterator[Done]:
    """Run the commands one after the other in the folder; the first that fails is the last."""
    for command in told:
        begun = time.monotonic()
        ended = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", command],  # noqa: S607  # the user's own shell
            cwd=folder,
            env=dict(environment),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        yield Done(command.partition("\n")[0], ended.returncode, ended.stdout, time.monotonic() - begun)
        if ended.returncode:
            return


def environment(folder: Path, *first: Path) -> dict[str, str]:
    """This process's environment for a project in `folder`: no AWS but its own, `first` at the head of the path."""
    others = ("AWS_", "CDK_", "MAKE", "MEDALLION_", "MFLAGS", "PYTHON", "VIRTUAL_ENV")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(others)}
    own = {"MEDALLION_LOCAL_STATE": str(folder / ".medallion")}
    return kept | own | {"PATH": os.pathsep.join((*map(str, first), os.environ["PATH"]))}


def main() -> int:
    """Clone, follow, tell. 1 where a command fails or the ten minutes are over; the installation is told apart."""
    with tempfile.TemporaryDirectory() as scratch:
        clone = Path(scratch) / "medallion"
        subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)  # noqa: S607  # the user's git
        told = [one for one in commands((clone / PAGE).read_text(encoding="utf-8")) if not one.startswith("export ")]
        variables = environment(clone, clone / ".venv" / "bin")
        installing = following = 0.0
        try:
            for done in follow(clone, told, variables):
                sys.stdout.write(f"{done.seconds:7.1f} s  {done.command}\n")
                sys.stdout.flush()
                if done.code:
                    sys.stdout.write(done.printed)
                    return 1
                if done.command == SETUP:
                    installing = done.seconds
                else:
                    following += done.seconds
        finally:
            subprocess.run(
                [str(clone / ".venv" / "bin" / "medallion"), "local", "down"],
                env=variables,
                cwd=clone,
                stdout=subprocess.DEVNULL,
                check=False,
            )
    sys.stdout.write(f"{following:7.1f} s  all commands; the installation before them took {installing:.1f} s\n")
    return int(following > _MINUTES * 60)


if __name__ == "__main__":
    sys.exit(main())
