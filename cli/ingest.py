"""`medallion ingest`: put a file into Landing, where its arrival starts a run."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cli.exits import code_of_run
from cli.options import Source, Tenant, Timeout, Wait, port
from cli.output import Json, print_facts, print_json, progress
from cli.runs import show_run
from cli.watching import wait_for_object


def ingest(
    context: typer.Context,
    file: Annotated[
        Path, typer.Argument(exists=True, dir_okay=False, readable=True, help="The file to put into Landing.")
    ],
    tenant: Tenant,
    source: Source,
    name: Annotated[str | None, typer.Option(help="The object's name below the source; default: the file's.")] = None,
    wait: Wait = False,
    timeout: Timeout = 900,
    as_json: Json = False,
) -> None:
    """Put FILE into the tenant's Landing bucket. Its arrival starts a run; so does a new version of the same name."""
    chosen = port(context, tenant)
    with progress(f"putting {file.name} into Landing") as tell:
        identity = chosen.reading.ingest(source, name or file.name, file, tell)
    if wait:
        with progress(f"{file.name} is in Landing") as tell:
            run = wait_for_object(chosen, source, identity, timeout, tell)
        show_run(run, as_json=as_json)
        raise typer.Exit(code_of_run(run.status))
    bucket, _, place = identity.removeprefix("s3://").partition("/")
    key = place.rpartition("?version=")[0]
    placed = {"source_file_id": identity, "bucket": bucket, "key": key, "bytes": file.stat().st_size}
    if as_json:
        print_json(placed)
    else:
        follow = f"medallion runs --tenant {chosen.tenant}"
        print_facts([("in Landing", identity), ("bytes", placed["bytes"]), ("follow it", follow)])
