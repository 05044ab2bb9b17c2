"""`medallion contract`: what a changed contract would do, and the way to its doing it."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from cli.applying import Changed, apply
from cli.completing import complete_source
from cli.deciding import By, Reason, said
from cli.options import Limit, Source, Tenant, port
from cli.output import Json, moment, print_facts, print_json, print_table, progress, say, status_text
from cli.port import Decided
from cli.proposing import contract_text, show_proposal

app = typer.Typer(
    name="contract", help="Try a changed contract; propose, decide over and activate one.", no_args_is_help=True
)

ProposalId = Annotated[
    str, typer.Argument(metavar="PROPOSAL_ID", help="The proposal's id, as `medallion contract proposals` shows it.")
]


@app.command(name="ls")
def list_versions(context: typer.Context, tenant: Tenant, source: Source, as_json: Json = False) -> None:
    """List the versions that a source's contract had, the highest first."""
    found = port(context, tenant).sources.versions(source)
    if as_json:
        print_json([one.plain() for one in found])
        return
    print_table(
        ("version", "active", "since (UTC)", "by", "proposal"),
        (
            (
                one.version,
                "yes" if one.active else "",
                moment(one.registered_at),
                one.registered_by or "the tenant's folder",
                one.proposal_id,
            )
            for one in found
        ),
        whole=("version",),
        spare=("proposal",),
    )


@app.command(name="try")
def try_out(context: typer.Context, contract: Changed, tenant: Tenant, as_json: Json = False) -> None:
    """Say what the contract would do to Silver, quarantine and Gold. Nothing is written."""
    chosen = port(context, tenant)
    with progress("every record is judged once more"):
        trial = chosen.sources.try_contract(contract_text(contract), str(contract))
    if as_json:
        print_json(trial)
        return
    _show(trial)


app.command()(apply)


@app.command()
def propose(
    context: typer.Context, contract: Changed, tenant: Tenant, by: By, reason: Reason, as_json: Json = False
) -> None:
    """Propose the contract as its source's next version, or as the first of a new source."""
    words = said(by, reason)
    show_proposal(port(context, tenant).sources.propose(contract_text(contract), str(contract), words), as_json=as_json)


@app.command()
def proposals(
    context: typer.Context,
    tenant: Tenant,
    source: Annotated[
        str | None,
        typer.Option(
            "--source",
            "-s",
            autocompletion=complete_source,
            help="Of this source, ended ones too; default: of every source, those that wait for someone.",
        ),
    ] = None,
    limit: Limit = 20,
    as_json: Json = False,
) -> None:
    """List proposals, newest first."""
    found = port(context, tenant).sources.proposals(source, limit)
    if as_json:
        print_json([one.plain() for one in found])
        return
    print_table(
        ("proposal", "source", "version", "status", "proposed (UTC)", "by", "breaks"),
        (
            (
                one.proposal_id,
                one.source,
                one.version,
                status_text(one.status),
                moment(one.proposed.at),
                one.proposed.by,
                "; ".join(one.breaking),
            )
            for one in found
        ),
        whole=("proposal",),
        spare=("by", "proposed (UTC)", "breaks"),
    )
    if not found:
        say("There is no proposal here.")


@app.command()
def approve(
    context: typer.Context,
    proposal_id: ProposalId,
    tenant: Tenant,
    source: Source,
    by: By,
    reason: Reason,
    as_json: Json = False,
) -> None:
    """Say that a proposal may become active. In production another than who proposed it does."""
    words = said(by, reason)
    done = port(context, tenant).sources.decide_proposal(source, proposal_id, Decided.APPROVE, words)
    show_proposal(done, as_json=as_json)


@app.command()
def reject(
    context: typer.Context,
    proposal_id: ProposalId,
    tenant: Tenant,
    source: Source,
    by: By,
    reason: Reason,
    withdraw: Annotated[bool, typer.Option("--withdraw", help="Take one's own proposal back.")] = False,
    as_json: Json = False,
) -> None:
    """Say that a proposal is not to become active, approved or not."""
    words, decided = said(by, reason), Decided.WITHDRAW if withdraw else Decided.REJECT
    show_proposal(port(context, tenant).sources.decide_proposal(source, proposal_id, decided, words), as_json=as_json)


@app.command()
def activate(
    context: typer.Context,
    proposal_id: ProposalId,
    tenant: Tenant,
    source: Source,
    by: By,
    reason: Reason,
    as_json: Json = False,
) -> None:
    """Make an approved proposal the source's contract. Records that are published are taken up again by a backfill."""
    words, chosen = said(by, reason), port(context, tenant)
    with progress("making it active"):
        done = chosen.sources.activate(source, proposal_id, words)
    if as_json:
        print_json(done)
        return
    print_facts([("source", source), *((name.replace("_", " "), value) for name, value in done.items())])
    say("What is published stays as it is until: medallion backfill")


def _show(trial: dict[str, Any]) -> None:
    print_facts(
        (
            ("recovered from quarantine", trial["recovered"]),
            ("newly rejected", trial["rejected"]),
            ("other values in Silver", trial["changed"]),
            ("unchanged in Silver", trial["unchanged"]),
            ("failing once more", trial["retried"]),
            ("condemned, and would pass", trial["condemned_passing"]),
        )
    )
    for title, rows in (
        (("newly failing with", "records"), list(trial["failing"].items())),
        (("Gold", "new rows", "lost rows", "changed rows"), [tuple(one.values()) for one in trial["gold"]]),
    ):
        if rows:
            typer.echo()
            print_table(title, rows, right=title[1:])
