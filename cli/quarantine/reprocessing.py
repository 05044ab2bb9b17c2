"""`medallion quarantine reprocess`: open records go through the contract once more, in a run of their own."""

from __future__ import annotations

import typer

from cli.choosing import Codes, Columns, Objects, Rows, Runs, Since, Until, choose
from cli.deciding import By, Reason, finish, said
from cli.options import DryRun, Source, Tenant, Timeout, Wait, port
from cli.output import Json, progress
from cli.quarantine.corrections import Constants, Expressions, FromFile, asked
from cli.replaying import nothing, print_forecast


def reprocess(
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
    wait: Wait = False,
    timeout: Timeout = 900,
    as_json: Json = False,
) -> None:
    """Try open records once more, corrected first where --set, --expr or --from say how.

    What passes is published with the run; what fails again, unchanged under the same rules, is condemned.
    """
    correction = asked(constants, expressions, file)
    which, words = choose(codes, columns, objects, runs, since, until, rows), said(by, reason)
    chosen = port(context, tenant)
    if dry_run:
        with progress("trying without writing"):
            told = chosen.quarantine.foresee_reprocess(source, which, correction, words)
        print_forecast(told, as_json=as_json)
        return
    with progress("taking records up"):
        run_id = chosen.quarantine.reprocess(source, which, correction, words)
    if run_id is None:
        nothing(as_json=as_json)
        return
    finish(chosen, run_id, wait=wait, timeout=timeout, as_json=as_json)
