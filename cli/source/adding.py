"""`medallion source add`: the contract in a tenant's folder, made live without a deployment."""

from __future__ import annotations

import typer

from cli.engines import operations
from cli.errors import BadArgument
from cli.folders import DEFAULT, Folder, contract_file, known_tenant, tenant_folder
from cli.options import Tenant, options
from cli.output import Json, print_facts, print_json, progress
from cli.source.new import Source
from medallion.layout import checked_source


def add(
    context: typer.Context, source: Source, tenant: Tenant, folder: Folder = DEFAULT, as_json: Json = False
) -> None:
    """Make SOURCE live as its contract in the tenant's folder says: registered, with tables and schedules."""
    checked_source(source)
    standing = known_tenant(folder, tenant)
    file = next((one for one in standing.contracts if one.source == source), None)
    if file is None:
        where = contract_file(tenant_folder(folder, tenant), source)
        raise BadArgument(f"{where}: no such contract. Draft one: medallion source new {source} --from FILE …")
    target = options(context).target()
    target.control(tenant)
    with progress(f"making {source} live"):
        started = operations.add_source(target, tenant, file.contract, file.text)
    result = {"tenant": tenant, "source": source, "version": file.version, "load": file.contract.load}
    if as_json:
        print_json(result | {"started": started})
    else:
        waited = ("runs of what waited for it", ", ".join(started))
        following = ("next", f"medallion ingest FILE --tenant {tenant} --source {source} --wait")
        print_facts([*result.items(), waited, following])
