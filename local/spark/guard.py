"""Stands between the embedded AWS and a Spark job: when the one ends, whatever the way, so does the other.

Runs in a process of its own, started by path at the head of a new process group. Its standard input is a pipe that the
embedded AWS holds open and never writes to: the pipe's end is the server's end.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading


def main() -> int:
    """Run the command that the arguments are; its exit code, 128 + n where signal n ended it."""
    job = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL)
    threading.Thread(target=_end_with_the_server, daemon=True).start()
    code = job.wait()
    return code if code >= 0 else 128 - code


def _end_with_the_server() -> None:
    while os.read(0, 1):
        pass
    os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    sys.exit(main())
