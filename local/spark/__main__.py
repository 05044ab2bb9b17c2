"""`python -m local.spark`: fetch what Spark jobs need beside pyspark, once. `make setup-spark` runs it."""

from __future__ import annotations

import sys

from local.errors import LocalError
from local.settings import Settings, default_state_dir
from local.spark import installation, training


def main() -> None:
    """Fetch the jars, and train the JVM on a first job."""
    folder = Settings(state_dir=default_state_dir()).spark_dir
    try:
        _say(f"Fetching the jars of Spark jobs into {folder} (370 MB the first time)")
        found = installation.fetch(folder)
        if not found.archive.exists():
            _say("Running a first job, so that the next ones start faster")
            training.train(found)
    except LocalError as error:
        sys.exit(str(error))
    _say(f"Spark jobs run with {found.java}")


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
