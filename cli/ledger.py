"""`medallion ledger`: the receipts that runs left, and the verification of everything that they say."""

from __future__ import annotations

import re
from typing import Annotated, Any

import typer

from cli.errors import BadArgument
from cli.exits import Exit
from cli.options import Limit, Tenant, port
from cli.output import Json, moment, print_facts, print_json, print_table, progress, say, status_text

app = typer.Typer(
    name="ledger", help="The receipts that runs left, and whether all they say holds.", no_args_is_help=True
)
_CHAIN = typer.Argument(metavar="CHAIN", help="The chain, as `medallion ledger ls` shows it: silver#flights.")


@app.command(name="ls")
def list_receipts(
    context: typer.Context,
    tenant: Tenant,
    chain: Annotated[str | None, typer.Option("--chain", "-c", help="Only this chain's.")] = None,
    limit: Limit = 20,
    as_json: Json = False,
) -> None:
    """List the newest receipts of each chain."""
    with progress("reading receipts") as tell:
        found = port(context, tenant).ledger.receipts(chain, limit, tell)
    if as_json:
        print_json([one.plain() for one in found])
        return
    print_table(
        ("chain", "no.", "run", "attempt", "status", "at (UTC)", "hash"),
        (
            (
                one.chain,
                one.sequence,
                one.run_id or "gone",
                one.attempt,
                status_text(one.status or ""),
                moment(one.at),
                one.hash[:16],
            )
            for one in found
        ),
        right=("no.", "attempt"),
        whole=("chain",),
        spare=("hash", "attempt", "at (UTC)"),
    )
    if not found:
        say("There is no receipt yet: the first run that ends writes one.")


@app.command()
def show(
    context: typer.Context,
    chain: Annotated[str, _CHAIN],
    sequence: Annotated[int, typer.Argument(metavar="NUMBER", min=1, help="The receipt's number in its chain.")],
    tenant: Tenant,
    as_json: Json = False,
) -> None:
    """Show one receipt: what its run read, what each outcome holds, and its place in the chain."""
    if not re.fullmatch("(silver|gold)#[a-z][a-z0-9_]*", chain):
        raise BadArgument(f"{chain}: name a chain as silver#<source> or gold#<model>, as `medallion ledger ls` does")
    receipt = port(context, tenant).ledger.receipt(chain, sequence)
    if as_json:
        print_json(receipt)
        return
    shown = ("chain", "sequence", "previous", "run_id", "attempt", "kind", "status", "reason", "at")
    more = ("contract_version", "ruleset", "plan", "model", "execution_arn")
    print_facts([(name.replace("_", " "), receipt[name]) for name in (*shown, *more)])
    print_facts([(f"snapshot {name}", snapshot) for name, snapshot in receipt["snapshots"].items()])
    typer.echo()
    print_table(("object", "rows in"), ((one["source_file_id"], one["rows_in"]) for one in receipt["objects"]))
    typer.echo()
    print_table(
        ("table", "outcome", "rows", "object", "digest"),
        (
            (one["table"], one["outcome"], int(one["digest"].split(":")[0]), one["source_file_id"], one["digest"])
            for one in receipt["contents"]["holdings"]
        ),
        right=("rows",),
    )


@app.command(name="verify")
def verify_ledger(
    context: typer.Context,
    tenant: Tenant,
    only: Annotated[
        list[str] | None, typer.Option("--only", help="Only this source's or model's tables; may be said again.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Derive every figure again from tables and objects, and compare. Ends with 1 if anything is amiss.

    Directly, this machine does it, independently of the platform; through the API the tenant's function does.
    """
    with progress("verifying") as tell:
        report = port(context, tenant).ledger.verify(only or (), tell)
    if as_json:
        print_json(report)
    else:
        _print_report(report)
    raise typer.Exit(Exit.OK if report["clean"] else Exit.FAILED)


def _print_report(report: dict[str, Any]) -> None:
    if report["problems"]:
        print_table(("problem", "what"), ((one["kind"], one["message"]) for one in report["problems"]))
    for remark in report["remarks"]:
        say(f"remark: {remark}")
    print_facts(sorted(report["checked"].items()))
    say("The ledger is clean." if report["clean"] else f"{report['problem_count']} problems.")
    say(f"Verified by {report['ran_by']}.")
