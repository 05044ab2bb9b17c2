"""`python -m local`: the embedded AWS in the foreground."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from local.errors import LocalError
from local.server import serve
from local.settings import Settings, default_state_dir


def parse(arguments: list[str]) -> Settings:
    """The settings that the command line asks for."""
    parser = argparse.ArgumentParser(prog="python -m local", description="Serve the embedded AWS in the foreground.")
    fields = Settings.model_fields
    parser.add_argument("--port", type=int, default=fields["port"].default)
    parser.add_argument("--account", default=fields["account"].default)
    parser.add_argument("--region", default=fields["region"].default)
    parser.add_argument("--state-dir", type=Path, default=default_state_dir())
    parser.add_argument("--lambda-slots", type=int, default=fields["lambda_slots"].default)
    parser.add_argument("--lambda-idle", type=int, default=fields["lambda_idle"].default)
    parser.add_argument("--spark-slots", type=int, default=fields["spark_slots"].default)
    parser.add_argument("--spark-memory-mb", type=int, default=fields["spark_memory_mb"].default)
    parser.add_argument("--no-iam", action="store_true", help="do not verify signatures, nor enforce IAM")
    parser.add_argument("--persist", action="store_true", help="keep the state over an orderly stop")
    given = vars(parser.parse_args(arguments))
    return Settings(enforce_iam=not given.pop("no_iam"), **given)


def main() -> None:
    try:
        serve(parse(sys.argv[1:]))
    except LocalError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
