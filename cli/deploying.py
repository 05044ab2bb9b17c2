"""`medallion synth` and `medallion deploy`: the CDK command with this project's app."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.errors import ToolFailed
from cli.options import Options, options
from cli.output import Json, Progress, print_facts, print_json, print_table, progress
from cli.target import Where, project_root

ASSEMBLY = "cdk.out"
_LAST_LINES = 25

Stacks = Annotated[list[str] | None, typer.Argument(metavar="[STACK]...", help="Stacks by name; default: all.")]


def synth(
    context: typer.Context,
    stacks: Stacks = None,
    as_json: Json = False,
) -> None:
    """Synthesize CloudFormation into cdk.out. A security finding that is not acknowledged is an error."""
    root, environment = project_root(), options(context).environment
    with progress("synthesizing") as tell:
        arguments = ["synth", "--quiet", "--context", f"environment={environment}", *(stacks or [])]
        run_cdk(root, arguments, {}, tell)
    templates = synthesized(root / ASSEMBLY)
    if as_json:
        print_json({"assembly": str(root / ASSEMBLY), "stacks": templates})
        return
    print_table(
        ("stack", "resources", "template"),
        ((one["stack"], one["resources"], one["template"]) for one in templates),
        right=("resources",),
    )


def deploy(
    context: typer.Context,
    stacks: Stacks = None,
    as_json: Json = False,
) -> None:
    """Deploy the app. An account must be bootstrapped for the CDK once; the embedded AWS is, by itself."""
    deploy_stacks(context, stacks, as_json=as_json)


def deploy_stacks(
    context: typer.Context,
    stacks: list[str] | None,
    *,
    exclusively: bool = False,
    tenants: Path | None = None,
    as_json: bool = False,
) -> None:
    """Deploy these stacks, or all, and print what stands then. `exclusively` leaves out those that they depend on;
    `tenants` is the tenants' folder, where it is another than the project's.
    """
    root, chosen = project_root(), options(context)
    target = chosen.target()
    more = ["--exclusively"] if exclusively else []
    if target.where is Where.LOCAL and (chosen.state_dir / "local.json").exists():
        more += ["--tenants", str(tenants)] if tenants else []
        _deploy_embedded(context, [*more, *(stacks or [])], chosen, as_json=as_json)
        return
    with progress(f"deploying to {target.layout.account}, {target.layout.region}") as tell:
        arguments = [
            "deploy",
            "--require-approval",
            "never",
            "--progress",
            "events",
            "--outputs-file",
            "build/outputs.json",
        ]
        arguments += more + (["--context", f"tenants={tenants}"] if tenants else [])
        arguments += ["--context", f"environment={chosen.environment}", *(stacks or ["--all"])]
        (root / "build").mkdir(exist_ok=True)
        run_cdk(root, arguments, target.variables(), tell)
    outputs = json.loads((root / "build" / "outputs.json").read_text(encoding="utf-8"))
    result = {"account": target.layout.account, "region": target.layout.region, "environment": chosen.environment}
    if as_json:
        print_json(result | {"stacks": outputs})
    else:
        print_facts([*result.items(), ("stacks", ", ".join(outputs))])


def run_cdk(root: Path, arguments: list[str], variables: Mapping[str, str], tell: Progress) -> None:
    """Run the project's CDK command with this interpreter's environment. ToolFailed with its last lines."""
    command = root / "node_modules" / ".bin" / "cdk"
    if not command.exists():
        raise ToolFailed(f"The CDK command is not at {command}. Install it: make setup")
    # cdk.json says `python3 app.py`: that must be the interpreter that holds the CDK.
    path = os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", "")))
    environment = {**os.environ, **variables, "PATH": path, "NO_COLOR": "1", "CI": "true"}
    lines: list[str] = []
    with subprocess.Popen(
        [str(command), *arguments, "--no-notices"],
        cwd=root,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        for line in process.stdout or ():
            if line.strip():
                lines.append(line.rstrip())
                tell(lines[-1][:100])
    if process.returncode != 0:
        last = "\n".join(lines[-_LAST_LINES:])
        raise ToolFailed(f"`cdk {arguments[0]}` ended with exit code {process.returncode}; it said:\n{last}")


def synthesized(assembly: Path) -> list[dict[str, Any]]:
    """The stacks of a cloud assembly: name, how many resources, and the template's file."""
    manifest = json.loads((assembly / "manifest.json").read_text(encoding="utf-8"))
    found = []
    for artifact in manifest["artifacts"].values():
        if artifact["type"] != "aws:cloudformation:stack":
            continue
        template = assembly / artifact["properties"]["templateFile"]
        resources = json.loads(template.read_text(encoding="utf-8"))["Resources"]
        name = artifact["properties"].get("stackName", artifact.get("displayName", ""))
        found.append({"stack": name, "resources": len(resources), "template": str(template)})
    return sorted(found, key=lambda one: str(one["stack"]))


def _deploy_embedded(context: typer.Context, asked: list[str], chosen: Options, *, as_json: bool) -> None:
    """Hand over to the embedded AWS's own command: it bootstraps, and tells what it only records."""
    root = context.find_root()
    where = ["--state-dir", str(chosen.state_dir), "--environment", chosen.environment]
    arguments = ["local", "deploy", *where, *(["--json"] if as_json else []), *asked]
    root.command.main(arguments, prog_name=root.info_name, obj=root.obj)
