"""`medallion tenant deploy` and `ls`: a tenant's stacks made, and which tenants there are."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Annotated

import typer

from cli.deploying import deploy_stacks
from cli.errors import Unreachable
from cli.folders import DEFAULT, Folder, known_tenant, tenants_folder
from cli.options import Options, options
from cli.output import Json, print_json, print_table, progress, say
from cli.target import Target
from medallion.layout import TENANT_STACKS
from medallion.tenants import SETTINGS, about_tenant

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient

Tenant = Annotated[str, typer.Argument(metavar="ID", help="The tenant's id.")]


def deploy(context: typer.Context, tenant: Tenant, folder: Folder = DEFAULT, as_json: Json = False) -> None:
    """Deploy the tenant's stacks, and what tenants share if it is not all there. Its folder's sources come with it."""
    known_tenant(folder, tenant)
    target = options(context).target()
    there = set(target.layout.shared_stacks) <= _stacks(target).keys()
    chosen = None if folder == DEFAULT else tenants_folder(folder)
    deploy_stacks(context, [f"{target.tenant(tenant).scope}/*"], exclusively=there, tenants=chosen, as_json=as_json)


def list_tenants(context: typer.Context, folder: Folder = DEFAULT, as_json: Json = False) -> None:
    """List the tenants of the folder beside those that are deployed."""
    home = tenants_folder(folder)
    named = {(one := about_tenant(file.parent)).id: one.name for file in sorted(home.glob(f"*/{SETTINGS}"))}
    standing = _deployed(options(context))
    found = [
        {
            "tenant": tenant,
            "name": named.get(tenant, ""),
            "in_folder": tenant in named,
            "stacks": None if standing is None else standing.get(tenant, {}),
        }
        for tenant in sorted(named.keys() | (standing or {}).keys())
    ]
    if as_json:
        print_json(found)
        return
    print_table(
        ("tenant", "name", "in the folder", "deployed"),
        (
            (one["tenant"], one["name"], "yes" if one["in_folder"] else "no", _told(standing, str(one["tenant"])))
            for one in found
        ),
    )


def _told(standing: dict[str, dict[str, str]] | None, tenant: str) -> str:
    if standing is None:
        return "?"
    stacks = standing.get(tenant, {})
    unwell = sorted({status for status in stacks.values() if not status.endswith("_COMPLETE") or "ROLLBACK" in status})
    if not stacks or (len(stacks) == len(TENANT_STACKS) and not unwell):
        return "yes" if stacks else "no"
    return f"{len(stacks)} of {len(TENANT_STACKS)} stacks" + (f": {', '.join(unwell)}" if unwell else "")


def _deployed(chosen: Options) -> dict[str, dict[str, str]] | None:
    """Each deployed tenant's stacks with their status; None, and a remark, where AWS cannot be asked."""
    try:
        with progress("asking which stacks there are"):
            target = chosen.target()
            found: dict[str, dict[str, str]] = defaultdict(dict)
            for stack, status in _stacks(target).items():
                if (tenant := target.layout.tenant_of_stack(stack)) is not None:
                    found[tenant][stack] = status
    except Unreachable as problem:
        say(f"Which are deployed is not known: {problem}")
        return None
    return dict(found)


def _stacks(target: Target) -> dict[str, str]:
    """Every stack of the account and region, with its status."""
    cloudformation: CloudFormationClient = target.session.client("cloudformation")
    pages = cloudformation.get_paginator("describe_stacks").paginate()
    return {one["StackName"]: one["StackStatus"] for page in pages for one in page["Stacks"]}
