"""Deploy the app's own cloud assembly to the embedded AWS, through the real CDK command."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from pydantic import BaseModel, ConfigDict

from local.errors import DeployFailed
from local.recorded import is_recorded
from local.settings import SIGNING, Settings

Progress = Callable[[str], None]

_ROOT_RELATIVE = Path("node_modules") / ".bin" / "cdk"


class StackReport(BaseModel):
    """One deployed stack."""

    model_config = ConfigDict(frozen=True)

    name: str
    status: str
    resources: int


class DeployReport(BaseModel):
    """What a deployment made. Types under `recorded_only` are stored and nothing more: no service stands behind
    them."""

    model_config = ConfigDict(frozen=True)

    stacks: tuple[StackReport, ...]
    bootstrap_seconds: float
    deploy_seconds: float
    emulated: dict[str, int]
    """Resource type → how many."""
    recorded_only: dict[str, int]


def deploy(
    settings: Settings,
    project: Path,
    *,
    assembly: Path | None = None,
    output: Path | None = None,
    stacks: tuple[str, ...] = ("--all",),
    exclusively: bool = False,
    context: dict[str, str] | None = None,
    cdk: Path | None = None,
    progress: Progress = lambda text: None,
) -> DeployReport:
    """Bootstrap the account where it is not, deploy the stacks, and report.

    `project` is the CDK app's folder, synthesized to `output` (cdk.out there if none is given); with `assembly`, an
    assembly synthesized before is deployed as it is. `exclusively` leaves out the stacks that the named ones depend on.
    Raises DeployFailed with the command's last lines, which name the
    resource and the reason.
    """
    command = cdk or project / _ROOT_RELATIVE
    if not command.exists():
        raise DeployFailed(f"The CDK command is not at {command}. Install it: npm ci (in {project}), or `make setup`")
    started = time.monotonic()
    if not _bootstrapped(settings):
        progress("bootstrapping the account")
        # Inside the app's folder the command would synthesize the app first.
        with tempfile.TemporaryDirectory() as elsewhere:
            _run(
                [str(command.resolve()), "bootstrap", f"aws://{settings.account}/{settings.region}", "--no-notices"],
                Path(elsewhere),
                settings,
                progress,
            )
    bootstrapped = time.monotonic()
    arguments = [str(command.resolve()), "deploy", *stacks, "--require-approval", "never", "--no-notices"]
    arguments += ["--concurrency", "4", "--progress", "events", *(["--exclusively"] if exclusively else [])]
    if output is not None:
        arguments += ["--output", str(output)]
    if assembly is not None:
        arguments += ["--app", str(assembly.resolve())]
    for name, value in (context or {}).items():
        arguments += ["--context", f"{name}={value}"]
    _run(arguments, project, settings, progress)
    return _report(settings, bootstrapped - started, time.monotonic() - bootstrapped)


def client(settings: Settings, service: str) -> Any:
    """A boto3 client of the embedded AWS, as the account's administrator."""
    return boto3.client(
        service,  # type: ignore[call-overload]  # the name is a variable
        endpoint_url=settings.endpoint,
        region_name=settings.region,
        aws_access_key_id=settings.account,
        aws_secret_access_key=SIGNING,
        config=Config(retries={"max_attempts": 3, "mode": "standard"}),
    )


def deployed(settings: Settings) -> Iterator[tuple[StackReport, Counter[str]]]:
    """Every stack but the bootstrap one, with its resources by type."""
    cloudformation = client(settings, "cloudformation")
    for stack in cloudformation.describe_stacks()["Stacks"]:
        if stack["StackName"] == "CDKToolkit":
            continue
        types: Counter[str] = Counter()
        for page in cloudformation.get_paginator("list_stack_resources").paginate(StackName=stack["StackName"]):
            types.update(
                summary["ResourceType"]
                for summary in page["StackResourceSummaries"]
                if summary["ResourceStatus"] != "DELETE_COMPLETE"
            )
        yield StackReport(name=stack["StackName"], status=stack["StackStatus"], resources=types.total()), types


def _report(settings: Settings, bootstrap_seconds: float, deploy_seconds: float) -> DeployReport:
    stacks, total = [], Counter[str]()
    for stack, types in deployed(settings):
        stacks.append(stack)
        total += types
    return DeployReport(
        stacks=tuple(stacks),
        bootstrap_seconds=round(bootstrap_seconds, 2),
        deploy_seconds=round(deploy_seconds, 2),
        emulated={name: count for name, count in sorted(total.items()) if not is_recorded(name)},
        recorded_only={name: count for name, count in sorted(total.items()) if is_recorded(name)},
    )


def _bootstrapped(settings: Settings) -> bool:
    stacks = client(settings, "cloudformation").describe_stacks()["Stacks"]
    return any(stack["StackName"] == "CDKToolkit" for stack in stacks)


def _run(arguments: list[str], folder: Path, settings: Settings, progress: Progress) -> None:
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "CDK_"))},
        **settings.client_environment(),
        "AWS_ENDPOINT_URL_S3": settings.endpoint,
        # cdk.json says `python3 app.py`: that must be the interpreter that holds the CDK.
        "PATH": os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", ""))),
        "CDK_DEFAULT_ACCOUNT": settings.account,
        "CDK_DEFAULT_REGION": settings.region,
        "CDK_DISABLE_VERSION_CHECK": "1",
        "NO_COLOR": "1",
        "CI": "true",
    }
    lines: list[str] = []
    with subprocess.Popen(
        arguments, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        for line in process.stdout or ():
            if line.strip():
                lines.append(line.rstrip())
                progress(lines[-1])
    if process.returncode != 0:
        shown = "\n".join(lines[-25:])
        raise DeployFailed(f"`cdk {arguments[1]}` ended with exit code {process.returncode}:\n{shown}")
