"""`medallion ingest`: put a file into Landing, where its arrival starts a run."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cli.exits import code_of_run
from cli.options import Tenant, Timeout, Wait, options
from cli.output import Json, Progress, print_facts, print_json, progress
from cli.runs import show_run
from cli.target import Target
from cli.watching import wait_for_object
from medallion.layout import TenantLayout, Zone, source_file_id


def ingest(
    context: typer.Context,
    file: Annotated[
        Path, typer.Argument(exists=True, dir_okay=False, readable=True, help="The file to put into Landing.")
    ],
    tenant: Tenant,
    source: Annotated[str, typer.Option("--source", "-s", help="The source that the file belongs to.")],
    name: Annotated[str | None, typer.Option(help="The object's name below the source; default: the file's.")] = None,
    wait: Wait = False,
    timeout: Timeout = 900,
    as_json: Json = False,
) -> None:
    """Put FILE into the tenant's Landing bucket. Its arrival starts a run; so does a new version of the same name."""
    target = options(context).target()
    plane = target.control(tenant)
    plane.source(source)
    layout = target.tenant(tenant)
    key = layout.landing_key(source, name or file.name)
    with progress(f"putting {file.name} into Landing") as tell:
        identity = upload(target, layout, file, key, tell)
    if wait:
        with progress(f"{file.name} is in Landing") as tell:
            run = wait_for_object(plane, source, identity, timeout, tell)
        show_run(target, run, as_json=as_json)
        raise typer.Exit(code_of_run(run.status))
    placed = {
        "source_file_id": identity,
        "bucket": layout.bucket(Zone.LANDING),
        "key": key,
        "bytes": file.stat().st_size,
    }
    if as_json:
        print_json(placed)
    else:
        print_facts(
            [("in Landing", identity), ("bytes", placed["bytes"]), ("follow it", f"medallion runs --tenant {tenant}")]
        )


def upload(target: Target, layout: TenantLayout, file: Path, key: str, tell: Progress) -> str:
    """Put the file at `key` in Landing, and return the identity of the object version that it became."""
    bucket, size, sent = layout.bucket(Zone.LANDING), max(file.stat().st_size, 1), 0

    def count(more: int) -> None:
        nonlocal sent
        sent += more
        tell(f"{sent / size:.0%}")

    s3 = target.session.client("s3")
    s3.upload_file(str(file), bucket, key, Callback=count)
    return source_file_id(bucket, key, s3.head_object(Bucket=bucket, Key=key)["VersionId"])
