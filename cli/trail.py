"""`medallion audit` and `operations`: who changed what, and what was asked for."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from cli.documents.people import OperationDetail
from cli.options import Limit, Tenant, port
from cli.output import Json, moment, print_facts, print_json, print_table, progress, say, status_text

operations = typer.Typer(name="operations", help="What was asked for that takes an engine.", no_args_is_help=True)


def audit(context: typer.Context, tenant: Tenant, limit: Limit = 20, as_json: Json = False) -> None:
    """List who changed what, newest first; what was refused, too."""
    with progress("reading the trail"):
        found = port(context, tenant).people.audit(limit)
    if as_json:
        print_json([one.plain() for one in found])
        return
    print_table(
        ("at (UTC)", "by", "role", "what", "of", "answer"),
        (
            (moment(one.at), one.by, one.role, one.action, ", ".join(one.subject.values()), str(one.status))
            for one in found
        ),
        right=("answer",),
        spare=("role",),
    )
    if not found:
        say("Nothing was changed through the API or the command yet.")


@operations.command(name="ls")
def list_operations(context: typer.Context, tenant: Tenant, limit: Limit = 20, as_json: Json = False) -> None:
    """List what was asked for through the API, newest first. What is done directly is no operation."""
    with progress("reading operations"):
        found = port(context, tenant).people.operations(limit)
    if as_json:
        print_json([one.plain() for one in found])
        return
    print_table(
        ("operation", "kind", "of", "status", "asked (UTC)", "by"),
        (
            (
                one.operation_id,
                one.kind,
                one.subject,
                status_text(one.status),
                moment(one.created_at),
                one.requested_by,
            )
            for one in found
        ),
        whole=("operation",),
        spare=("by", "asked (UTC)"),
    )
    if not found:
        say("Nothing was asked for in the last 90 days.")


@operations.command()
def show(
    context: typer.Context,
    operation_id: Annotated[str, typer.Argument(metavar="OPERATION_ID", help="As `medallion operations ls` shows it.")],
    tenant: Tenant,
    as_json: Json = False,
) -> None:
    """Show an operation, and what came of it."""
    found = port(context, tenant).people.operation(operation_id)
    if as_json:
        print_json(found.plain())
    else:
        _show(found)


def _show(one: OperationDetail) -> None:
    print_facts(
        [
            ("operation", one.operation_id),
            ("kind", one.kind),
            ("of", one.subject),
            ("status", status_text(one.status)),
            ("why", one.problem),
            ("run", one.run_id),
            ("asked by", f"{one.requested_by}: {one.reason}"),
            ("asked (UTC)", moment(one.created_at)),
            ("ended (UTC)", moment(one.ended_at)),
            ("tries", one.tries),
            ("came of it", one.result and json.dumps(one.result, indent=1)),
        ]
    )
