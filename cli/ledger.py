"""`medallion ledger`: the receipts that runs left, and the verification of everything that they say."""

from __future__ import annotations

from typing import Annotated, Any

import boto3
import typer

from cli.exits import Exit
from cli.options import Limit, Tenant, options
from cli.output import Json, print_facts, print_json, print_table, progress, say, status_text
from cli.target import Target
from medallion.control.items import Anchor
from medallion.engines.resources import Resources
from medallion.steps.ledger import receipt
from medallion.steps.platform import Platform
from verifier import Places, Report, verify

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
    target = options(context).target()
    anchors = [one for one in target.control(tenant).anchors() if chain in (None, one.chain)]
    found: list[dict[str, Any]] = []
    with progress("reading receipts") as tell:
        for anchor in anchors:
            tell(anchor.chain)
            found += _newest(target, tenant, anchor, limit)
    if as_json:
        print_json(found)
        return
    print_table(
        ("chain", "no.", "run", "attempt", "status", "at (UTC)", "hash"),
        (
            (
                one["chain"],
                one["sequence"],
                one["run_id"],
                one["attempt"],
                status_text(one["status"]),
                one["at"][:19].replace("T", " "),
                one["hash"][:16],
            )
            for one in found
        ),
        right=("no.", "attempt"),
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
    target = options(context).target()
    target.control(tenant)
    said = receipt(_platform(target, tenant), chain, sequence).document
    if as_json:
        print_json(said)
        return
    shown = ("chain", "sequence", "previous", "run_id", "attempt", "kind", "status", "reason", "at")
    more = ("contract_version", "ruleset", "plan", "model", "execution_arn")
    print_facts([(name.replace("_", " "), said[name]) for name in (*shown, *more)])
    print_facts([(f"snapshot {name}", snapshot) for name, snapshot in said["snapshots"].items()])
    typer.echo()
    print_table(("object", "rows in"), ((one["source_file_id"], one["rows_in"]) for one in said["objects"]))
    typer.echo()
    print_table(
        ("table", "outcome", "rows", "object", "digest"),
        (
            (one["table"], one["outcome"], int(one["digest"].split(":")[0]), one["source_file_id"], one["digest"])
            for one in said["contents"]["holdings"]
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
    """Derive every figure again from tables and objects, and compare. Ends with 1 if anything is amiss."""
    target = options(context).target()
    target.control(tenant)
    with progress("verifying") as tell:
        report = verify(places_of(target, tenant), tell, only)
    if as_json:
        print_json(report.document())
    else:
        _print_report(report)
    raise typer.Exit(Exit.OK if report.clean else Exit.FAILED)


def _print_report(report: Report) -> None:
    if report.problems:
        print_table(("problem", "what"), ((one.kind, one.message) for one in report.problems))
    for remark in report.remarks:
        say(f"remark: {remark}")
    print_facts(sorted(report.checked.items()))
    say("The ledger is clean." if report.clean else f"{len(report.problems)} problems.")


def _newest(target: Target, tenant: str, anchor: Anchor, limit: int) -> list[dict[str, Any]]:
    platform, first = _platform(target, tenant), max(1, anchor.sequence - limit + 1)
    kept = (receipt(platform, anchor.chain, number) for number in range(anchor.sequence, first - 1, -1))
    return [{"hash": one.hash, **one.document} for one in kept]


def _platform(target: Target, tenant: str) -> Platform:
    return Platform(target.tenant(tenant), target.session, Resources(region=target.layout.region))


def places_of(target: Target, tenant: str) -> Places:
    """Where the verifier finds what it compares. It forms no name itself, and trusts none of the platform's code."""
    layout = target.tenant(tenant)
    session = target.session
    if target.endpoint is not None:
        named = target.variables()
        session = boto3.Session(
            aws_access_key_id=named["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=named["AWS_SECRET_ACCESS_KEY"],
            region_name=layout.region,
        )
    return Places(session=session, endpoint=target.endpoint, catalog_properties={}, **layout.ledger_places)
