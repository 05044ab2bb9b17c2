"""What AWS Glue and EMR Serverless read from a job's parameters, and what they pass on to the script."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

EMR_ICEBERG = "/usr/share/aws/iceberg/lib/"
"""Where EMR has Iceberg's jar: a job that names one of these has Iceberg on its class path."""


@dataclass
class Parameters:
    """What a job's parameters ask of Spark."""

    py_files: list[str] = field(default_factory=list)
    jars: list[str] = field(default_factory=list)
    files: list[str] = field(default_factory=list)
    conf: dict[str, str] = field(default_factory=dict)
    iceberg: bool = False


class BadParameters(ValueError):
    """The parameters cannot be read."""


# --- AWS Glue


def of_glue(arguments: dict[str, str]) -> Parameters:
    """What Glue itself reads from a run's merged arguments. BadParameters for a --conf that is none."""
    return Parameters(
        py_files=_listed(arguments.get("--extra-py-files")),
        jars=_listed(arguments.get("--extra-jars")),
        files=_listed(arguments.get("--extra-files")),
        conf=glue_conf(arguments.get("--conf", "")),
        iceberg="iceberg" in _listed(arguments.get("--datalake-formats")),
    )


def glue_conf(value: str) -> dict[str, str]:
    """The settings in Glue's one --conf: "a=1 --conf b=2"."""
    return _settings(part for part in re.split(r"(?:^|\s+)--conf(?:\s+|=)", value.strip()) if part.strip())


def glue_argv(arguments: dict[str, str], job: str, run_id: str) -> list[str]:
    """What a script finds in sys.argv after its own name: every argument of the run, those that Glue reads itself
    included, and what Glue adds. An argument without a value is its name alone.
    """
    added = {"--JOB_ID": f"j_{job}", "--JOB_RUN_ID": run_id, "--JOB_NAME": job}
    argv = []
    for name, value in {**added, **arguments}.items():
        argv += [name] if value == "" else [name, value]
    return argv


# --- EMR Serverless


def of_emr(submit: dict[str, Any], overrides: dict[str, Any]) -> Parameters:
    """What spark-submit's parameters and the configuration overrides of a job run say; the parameters win, as on
    EMR. BadParameters for an option without a value, or one that EMR Serverless does not take.
    """
    defaults: dict[str, str] = {}
    for classification in overrides.get("applicationConfiguration") or []:
        if classification.get("classification") == "spark-defaults":
            defaults.update(classification.get("properties") or {})
    found = Parameters(conf=defaults)
    jars: list[str] = []
    for option, value in _options(submit.get("sparkSubmitParameters") or ""):
        if option == "--conf":
            found.conf.update(_settings([value]))
        elif option == "--py-files":
            found.py_files += _listed(value)
        elif option == "--jars":
            jars += _listed(value)
        elif option == "--files":
            found.files += _listed(value)
        elif option in _SIZES:
            found.conf[_SIZES[option]] = value
        elif option not in ("--name", "--class"):
            raise BadParameters(f"spark-submit's {option} is not one that EMR Serverless takes")
    jars += _listed(found.conf.pop("spark.jars", None))
    found.py_files += _listed(found.conf.pop("spark.submit.pyFiles", None))
    found.files += _listed(found.conf.pop("spark.files", None))
    found.iceberg = any(jar.startswith(EMR_ICEBERG) for jar in jars)
    found.jars = [jar for jar in jars if not jar.startswith(EMR_ICEBERG)]
    return found


_SIZES = {
    "--driver-memory": "spark.driver.memory",
    "--driver-cores": "spark.driver.cores",
    "--executor-memory": "spark.executor.memory",
    "--executor-cores": "spark.executor.cores",
    "--num-executors": "spark.executor.instances",
}


def _options(text: str) -> list[tuple[str, str]]:
    """`--name value` and `--name=value`, in order."""
    try:
        words = shlex.split(text)
    except ValueError as error:
        raise BadParameters(f"sparkSubmitParameters cannot be read: {error}") from error
    found = []
    rest = iter(words)
    for word in rest:
        name, given, value = word.partition("=")
        if not name.startswith("--"):
            raise BadParameters(f"sparkSubmitParameters: {word!r} belongs to no option")
        if not given:
            value = next(rest, "")
            if not value:
                raise BadParameters(f"sparkSubmitParameters: {name} has no value")
        found.append((name, value))
    return found


def _settings(parts: Iterable[str]) -> dict[str, str]:
    found = {}
    for part in parts:
        name, given, value = part.strip().partition("=")
        if not given or not name or any(mark.isspace() for mark in name):
            raise BadParameters(f"--conf {part.strip()!r} is no name=value")
        found[name] = value
    return found


def _listed(value: str | None) -> list[str]:
    return [part.strip() for part in (value or "").split(",") if part.strip()]
