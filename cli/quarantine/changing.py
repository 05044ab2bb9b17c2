"""`medallion quarantine correct` and `release`: what a person says of entries."""

from __future__ import annotations

import typer

from cli.choosing import Codes, Columns, Objects, Rows, Runs, Since, Source, Until, choose
from cli.deciding import By, Reason, checked_person
from cli.engines import operations
from cli.errors import BadArgument
from cli.options import DryRun, Tenant, options
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
    chosen = choose(codes, columns, objects, runs, since, until, rows)
    person = checked_person(by, reason)
    target = options(context).target()
    target.control(tenant)
    with progress("reading quarantine"):
        found = operations.foresee_correction(target, tenant, source, chosen, correction)
        if not dry_run:
            operations.correct_entries(target, tenant, source, chosen, correction, person)
    if as_json:
        print_json({"entries": found.entries, "columns": found.columns, "written": not dry_run})
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
    chosen = choose(codes, columns, objects, runs, since, until, rows)
    person = checked_person(by, reason)
    target = options(context).target()
    target.control(tenant)
    with progress("reading quarantine"):
        if dry_run:
            count = operations.count_condemned(target, tenant, source, chosen)
        else:
            count = operations.release_entries(target, tenant, source, chosen, person)
    if as_json:
        print_json({"entries": count, "written": not dry_run})
        return
    print_facts([("would release" if dry_run else "released", f"{count:,} entries")])
