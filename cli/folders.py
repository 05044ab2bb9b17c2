"""The tenants' folder, which seeds what is deployed: where it is, and what of a tenant stands in it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cli.errors import BadArgument
from cli.target import project_root
from medallion.layout import checked_tenant
from medallion.tenants import CONTRACT_SUFFIX, MODEL_SUFFIX, SETTINGS, Tenant, load_tenant

Folder = Annotated[Path, typer.Option("--folder", help="The folder that holds the tenants' folders.")]
DEFAULT = Path("tenants")


def tenants_folder(folder: Path) -> Path:
    """The folder, from the project's on where it is no whole path."""
    return folder if folder.is_absolute() else project_root() / folder


def tenant_folder(folder: Path, tenant: str) -> Path:
    """The tenant's own folder; BadArgument where there is none."""
    found = tenants_folder(folder) / checked_tenant(tenant)
    if not (found / SETTINGS).is_file():
        raise BadArgument(f"{found}: no tenant's folder is here. Make one: medallion tenant new {tenant} --name …")
    return found


def contract_file(folder: Path, source: str) -> Path:
    """Where the contract of a source stands in a tenant's folder."""
    return folder / "contracts" / f"{source}{CONTRACT_SUFFIX}"


def model_file(folder: Path, model: str) -> Path:
    """Where a Gold model stands in a tenant's folder."""
    return folder / "gold" / f"{model}{MODEL_SUFFIX}"


def known_tenant(folder: Path, tenant: str) -> Tenant:
    """All that stands in the tenant's folder. InvalidTenant or InvalidContract tell what is amiss there."""
    return load_tenant(tenant_folder(folder, tenant))
