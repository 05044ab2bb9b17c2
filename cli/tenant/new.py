"""`medallion tenant new`: a tenant's folder, and the proof that no other tenant's stacks change with it."""

from __future__ import annotations

import shutil
import time
from pathlib import Path
from typing import Annotated

import typer
import yaml

from cli.errors import BadArgument
from cli.folders import DEFAULT, Folder, tenants_folder
from cli.options import options
from cli.output import Json, print_json, print_table, progress, say
from cli.target import project_root
from cli.tenant.proof import Change, compare
from medallion.layout import checked_tenant
from medallion.tenants import SETTINGS, load_tenant


def new(
    context: typer.Context,
    tenant: Annotated[str, typer.Argument(metavar="ID", help="2 to 12 lower-case letters and digits, a letter first.")],
    name: Annotated[str, typer.Option(help="What people call the tenant.")],
    description: Annotated[str, typer.Option(help="What it has here.")] = "",
    contact: Annotated[str, typer.Option(help="Whom to ask.")] = "",
    folder: Folder = DEFAULT,
    as_json: Json = False,
) -> None:
    """Write the folder of a new tenant, and prove that no other stack changes. Sources can come later."""
    begun = time.monotonic()
    root, home = project_root(), tenants_folder(folder)
    made = home / checked_tenant(tenant)
    if made.exists():
        raise BadArgument(f"{made} is there already; choose another id, or change what stands there")
    try:
        _write(made, {"id": tenant, "name": name, "description": description, "contact": contact})
        load_tenant(made)
        with progress("synthesizing without the tenant and with it") as tell:
            change = compare(root, home, made, options(context).environment, tell)
    except BaseException:
        shutil.rmtree(made, ignore_errors=True)
        raise
    _show(tenant, made, change, time.monotonic() - begun, as_json=as_json)


def _write(folder: Path, about: dict[str, str]) -> None:
    for part in ("contracts", "gold"):
        (folder / part).mkdir(parents=True)
        # git keeps no empty folder.
        (folder / part / ".gitkeep").touch()
    said = {key: value for key, value in about.items() if value}
    (folder / SETTINGS).write_text(yaml.safe_dump(said, sort_keys=False, allow_unicode=True), encoding="utf-8")


def _show(tenant: str, folder: Path, change: Change, seconds: float, *, as_json: bool) -> None:
    if as_json:
        document = {"tenant": tenant, "folder": str(folder), "new": change.new, "unchanged": change.unchanged}
        print_json(document | {"seconds": round(seconds, 1)})
        return
    print_table(("new stack", "resources"), change.new.items(), right=("resources",))
    say(f"The templates of {len(change.unchanged)} other stacks are byte for byte what they were.")
    say(f"{folder} is written. Next: medallion source new SOURCE --tenant {tenant} --from FILE,")
    say(f"and: medallion tenant deploy {tenant}")
