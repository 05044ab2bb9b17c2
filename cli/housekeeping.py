"""`medallion housekeeping`: keep a tenant's tables now, or see what would be done."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer
from botocore.config import Config

from cli.errors import ToolFailed
from cli.options import Tenant, options
from cli.output import Json, print_json, print_table, progress, say
from medallion.layout import Task

_LONGEST = 910
"""Seconds: a Lambda's 15 minutes, and some for the answer."""


def housekeeping(
    context: typer.Context,
    tenant: Tenant,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Change nothing: show what would be done.")] = False,
    only: Annotated[
        list[str] | None, typer.Option(help="Keep this source or model alone (silver#flights); may be given often.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Compact small files, forget old snapshots, remove what nothing refers to: as the nightly schedule does."""
    target = options(context).target()
    target.control(tenant)
    patient = Config(read_timeout=_LONGEST, retries={"total_max_attempts": 1})
    client = target.session.client("lambda", config=patient)
    with progress("looking at every table"):
        answer = client.invoke(
            FunctionName=target.tenant(tenant).function(Task.HOUSEKEEP),
            Payload=json.dumps({"dry_run": dry_run, "only": only or []}).encode(),
        )
        told: dict[str, Any] = json.loads(answer["Payload"].read())
    if answer.get("FunctionError"):
        raise ToolFailed(
            f"Housekeeping of tenant {tenant} broke off: {told.get('errorMessage', 'no message')}. What it had done "
            "stands; run it again, and look into the function's log if it breaks off again"
        )
    if as_json:
        print_json(told)
        return
    tables = [table for subject in told["subjects"] for table in subject["tables"]]
    numbers = (
        "compacted",
        "into",
        "rows",
        "with a job",
        "snapshots expired",
        "files removed",
        "bytes removed",
        "branches removed",
    )
    print_table(
        ("table", *numbers, "skipped"),
        (
            (
                one["table"],
                one["files_before"],
                one["files_after"],
                one["rows"],
                one["at_work"],
                one["snapshots_expired"],
                one["files_removed"],
                one["bytes_removed"],
                len(one["branches_removed"]),
                one["skipped"],
            )
            for one in tables
        ),
        right=numbers,
    )
    if told["left"]:
        say(f"There was no time for {', '.join(told['left'])}: they come first the next time")
    if dry_run:
        say("Nothing was changed. Files of snapshots that expire now go in a later housekeeping, and are not counted.")
