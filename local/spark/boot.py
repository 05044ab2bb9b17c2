"""Runs a job's script in the driver's Python, and notes why it failed.

Submitted to Spark in the script's place, as AWS Glue does it too: what Spark reports of a failed script is an exit code
only. Imports nothing of the project, and lets the script import nothing of it either, but what came with the job.
"""

from __future__ import annotations

import json
import os
import runpy
import sys
import traceback
from pathlib import Path

OUTCOME = "MEDALLION_SPARK_OUTCOME"
"""Names the file into which a failure is written, as {"type", "message", "traceback"}."""

PROJECT = "MEDALLION_SPARK_PROJECT"
"""Names the project's folder, which a job does not see."""


def main() -> None:
    """Run the script that the first argument names, with the others as its arguments."""
    outcome = Path(os.environ.pop(OUTCOME))
    _hide(Path(os.environ.pop(PROJECT)))
    script = sys.argv[1]
    sys.argv = sys.argv[1:]
    sys.path[0] = str(Path(script).parent)
    try:
        runpy.run_path(script, run_name="__main__")
    except SystemExit as leaving:
        if leaving.code not in (None, 0):
            _note(outcome, "SystemExit", str(leaving.code), "")
        raise
    except BaseException as error:  # noqa: BLE001  # whatever a script raises is its outcome
        told = traceback.TracebackException.from_exception(error)
        # The first frames are this file's and runpy's.
        while told.stack and told.stack[0].filename != script:
            del told.stack[0]
        said = "".join(told.format())
        _note(outcome, type(error).__name__, str(error), said)
        sys.stderr.write(said)
        sys.exit(1)


def _hide(project: Path) -> None:
    """Take the project's folder off the path, also where it is installed for editing."""
    sys.meta_path[:] = [finder for finder in sys.meta_path if "__editable__" not in getattr(finder, "__module__", "")]
    sys.path[:] = [entry for entry in sys.path if Path(entry).resolve() != project and "__editable__" not in entry]


def _note(outcome: Path, kind: str, message: str, said: str) -> None:
    # A Java exception's message holds its whole stack: the lines that say something are kept.
    message = "\n".join(line for line in message.splitlines() if not line.startswith(("\tat ", "\t... ")))
    outcome.write_text(json.dumps({"type": kind, "message": message, "traceback": said}), encoding="utf-8")


if __name__ == "__main__":
    main()
