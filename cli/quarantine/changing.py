"""`medallion quarantine correct` and `release`: what a person says of entries."""

from __future__ import annotations

import typer

from cli.choosing import Codes, Columns, Objects, Rows, Runs, Since, Until, choose
from cli.deciding import By, Reason, said
from cli.errors import BadArgument
from cli.options import DryRun, Source, Tenant, port
from cli.output import Json, print_facts, print_json, progress
from cli.quarantine.corrections import Constants, Expressions, FromFile, asked


def correct(
    context: typer.Context,
    tenant: Tenant,
    source: Source,
    by: By,
    reason: Reason,
    constants: Constants = None,
    expressions: Expressions = None,
    file: FromFile = None,
    codes: Codes = None,
    columns: Columns = None,
    objects: Objects = None,
    runs: Runs = None,
    since: Since = None,
    until: Until = None,
    rows: Rows = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Say what open records should read. They are tried with it when they are reprocessed; Bronze stays as it was."""
    correction = asked(constants, expressions, file)
    if not correction:
        raise BadArgument("Say what the records should read: --set, --expr or --from")
    which, words = choose(codes, columns, objects, runs, since, until, rows), said(by, reason)
    quarantine = port(context, tenant).quarantine
    with progress("reading quarantine"):
        found = quarantine.foresee_correction(source, which, correction, words)
        if not dry_run:
            quarantine.correct(source, which, correction, words)
    if as_json:
        print_json({**found.plain(), "written": not dry_run})
        return
    told = "\n".join(f"{name} ({count:,})" for name, count in found.columns.items())
    print_facts([("would change" if dry_run else "changed", f"{found.entries:,} entries"), ("in columns", told)])


def release(
    context: typer.Context,
    tenant: Tenant,
    source: Source,
    by: By,
    reason: Reason,
    codes: Codes = None,
    columns: Columns = None,
    objects: Objects = None,
    runs: Runs = None,
    since: Since = None,
    until: Until = None,
    rows: Rows = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Bring condemned records back: they are open again, and their tries count anew."""
    which, words = choose(codes, columns, objects, runs, since, until, rows), said(by, reason)
    quarantine = port(context, tenant).quarantine
    with progress("reading quarantine"):
        do = quarantine.foresee_release if dry_run else quarantine.release
        count = do(source, which, words)
    if as_json:
        print_json({"entries": count, "written": not dry_run})
        return
    print_facts([("would release" if dry_run else "released", f"{count:,} entries")])
