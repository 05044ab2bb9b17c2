"""What a shell offers for a half-typed tenant or source: what stands in the tenants' folder. It never fails."""

from __future__ import annotations

from pathlib import Path

import typer

from cli.folders import DEFAULT
from medallion.tenants import CONTRACT_SUFFIX, SETTINGS


def complete_tenant(incomplete: str) -> list[str]:
    """The tenants of the nearest folder that begin so."""
    return [folder.name for folder in _folders() if folder.name.startswith(incomplete)]


def complete_source(context: typer.Context, incomplete: str) -> list[str]:
    """The sources of the tenant that is named, or of any, that begin so."""
    named = context.params.get("tenant")
    folders = [folder for folder in _folders() if named in (None, "", folder.name)]
    names = {name for folder in folders for name in _sources(folder)}
    return sorted(name for name in names if name.startswith(incomplete))


def _folders() -> list[Path]:
    """The tenants' folders, at or above the one that the shell is in."""
    try:
        here = Path.cwd()
        near = (folder / DEFAULT for folder in (here, *here.parents))
        home = next((folder for folder in near if folder.is_dir()), None)
        return [] if home is None else sorted(one.parent for one in home.glob(f"*/{SETTINGS}"))
    except OSError:
        return []


def _sources(folder: Path) -> list[str]:
    try:
        return [file.name.removesuffix(CONTRACT_SUFFIX) for file in folder.glob(f"contracts/*{CONTRACT_SUFFIX}")]
    except OSError:
        return []
