"""`medallion source ls`, `show`, `pause` and `resume`."""

from __future__ import annotations

from typing import Annotated

import typer

from cli.completing import complete_source
from cli.deciding import By, Reason, said
from cli.documents.sources import SourceDocument
from cli.options import Tenant, port
from cli.output import Json, moment, print_facts, print_json, print_table, progress, say, status_text

Name = Annotated[str, typer.Argument(metavar="SOURCE", autocompletion=complete_source, help="The source.")]


def list_sources(context: typer.Context, tenant: Tenant, as_json: Json = False) -> None:
    """List the tenant's sources, each as it stands."""
    with progress("looking at each source"):
        found = port(context, tenant).sources.all()
    if as_json:
        print_json([one.plain() for one in found])
        return
    print_table(
        ("source", "contract", "load", "waiting", "stands", "last run", "run"),
        (
            (
                one.name,
                one.contract_version,
                one.load,
                one.waiting,
                _stands(one),
                one.last_run and status_text(one.last_run.status),
                one.last_run and one.last_run.run_id,
            )
            for one in found
        ),
        right=("waiting",),
        whole=("source", "run"),
        spare=("load", "contract", "run"),
    )
    if not found:
        say("There is no source yet: deploy a tenant whose folder has contracts, or propose one.")


def show(context: typer.Context, source: Name, tenant: Tenant, as_json: Json = False) -> None:
    """Show a source: its contract, what waits, why it stands still, its last run."""
    _print(port(context, tenant).sources.source(source), as_json=as_json)


def pause(context: typer.Context, source: Name, tenant: Tenant, by: By, reason: Reason, as_json: Json = False) -> None:
    """Have a source wait. Its objects are claimed as they come, and no run is started for them until it goes on."""
    words = said(by, reason)
    _print(port(context, tenant).sources.pause(source, words), as_json=as_json)


def resume(context: typer.Context, source: Name, tenant: Tenant, by: By, reason: Reason, as_json: Json = False) -> None:
    """Have a source go on: runs of what waited are started."""
    words = said(by, reason)
    with progress("starting what waits"):
        run_ids = port(context, tenant).sources.resume(source, words)
    if as_json:
        print_json({"run_ids": run_ids})
    else:
        print_facts([("source", source), ("stands", "goes on"), ("runs started", "\n".join(run_ids) or "none")])


def _print(one: SourceDocument, *, as_json: bool) -> None:
    if as_json:
        print_json(one.plain())
        return
    last = one.last_run
    print_facts(
        [
            ("source", one.name),
            ("what", one.description),
            ("owner", one.owner),
            ("stands", _stands(one)),
            ("objects waiting", one.waiting),
            ("contract", one.contract_version),
            ("load", one.load),
            ("trigger", one.trigger),
            ("lane", one.lane),
            ("approval", one.approval),
            ("last run", last and last.run_id),
            ("it is", last and status_text(last.status)),
            ("began (UTC)", last and moment(last.created_at)),
            ("why", last and last.reason),
        ]
    )


def _stands(one: SourceDocument) -> str:
    if one.pause is not None:
        return f"paused by {one.pause.by}: {one.pause.reason}"
    return f"stopped: {one.breaker}" if one.breaker else "goes on"
