"""`medallion tenant close`, `approve-close` and `reopen`: a tenant leaves, or stays after all."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from cli.deciding import Named as By
from cli.deciding import Reason, checked_person
from cli.direct.ledger import places_of
from cli.engines import operations
from cli.errors import BadArgument
from cli.exits import Exit
from cli.options import options
from cli.output import Json, moment, print_facts, print_json, print_table, progress, say
from cli.target import Target
from medallion.control.closings import Closing, Stage
from medallion.steps.closing.model import Order
from medallion.steps.closing.verification import Verification
from verifier import verify

TenantArgument = Annotated[str, typer.Argument(metavar="TENANT", help="The tenant's id.")]


def close(
    context: typer.Context,
    tenant: TenantArgument,
    confirm: Annotated[
        str | None, typer.Option("--confirm", metavar="TENANT", help="The tenant's id once more: without, a dry run.")
    ] = None,
    by: Annotated[str, typer.Option("--by", help="Who asks; it is recorded.")] = "",
    reason: Annotated[str, typer.Option("--reason", help="Why; it is recorded.")] = "",
    export: Annotated[
        str, typer.Option("--export", metavar="PLACE", help="A folder, or s3://bucket/prefix, for all that it has.")
    ] = "",
    abandon_open: Annotated[
        bool, typer.Option("--abandon-open", help="Give up open entries of quarantine: they are exported, then gone.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would happen, whatever --confirm says.")] = False,
    as_json: Json = False,
) -> None:
    """Freeze, export and remove a tenant for ever; what must outlive it is kept under another key, and certified.

    Without --confirm it says what would be removed, what would remain, and what stands in the way. Interrupted, the
    same command goes on where it stood. In prod a second person approves it first (`approve-close`).
    """
    target = options(context).target()
    target.control(tenant)
    if dry_run or confirm is None:
        standing = target.control(tenant).closings.current()
        if standing is not None and not standing.stage.reversible:
            _show(standing, as_json=as_json)
            return
        _show_plan(target, tenant, abandon_open=abandon_open, as_json=as_json)
        return
    if confirm != tenant:
        raise BadArgument(f"--confirm {confirm} is not the tenant's id: type {tenant} once more, if you mean it")
    who, why = checked_person(by, reason)
    place = export if export.startswith("s3://") or not export else str(Path(export).resolve())
    order = Order(by=who, reason=why, export=place, abandon_open=abandon_open)
    with progress(f"closing {tenant}") as tell:
        closing = operations.close_tenant(target, tenant, order, lambda: _verified(target, tenant), tell)
    _show(closing, as_json=as_json)


def approve_close(context: typer.Context, tenant: TenantArgument, by: By, as_json: Json = False) -> None:
    """Agree to a tenant's closing: in prod, as another identity of AWS than the one that asked."""
    target = options(context).target()
    target.control(tenant)
    if not by.strip():
        raise BadArgument("--by is recorded: say who approves")
    _show(operations.approve_closing(target, tenant, by=by.strip()), as_json=as_json)
    say("Whoever asked says the same command again: it goes on.")


def reopen(context: typer.Context, tenant: TenantArgument, by: By, reason: Reason, as_json: Json = False) -> None:
    """Take a closing back while nothing was removed; of a tenant that is closed, free its id to be deployed anew."""
    who, why = checked_person(by, reason)
    target = options(context).target()
    target.control(tenant)
    was = operations.reopen_tenant(target, tenant, by=who, reason=why)
    told = {"tenant": tenant, "was": was.stage, "by": who, "reason": why}
    if as_json:
        print_json(told)
        return
    print_facts(told.items())
    anew = "Its id is free: deploy it anew." if was.stage is Stage.CLOSED else "It takes things in again."
    say(anew)


def _show_plan(target: Target, tenant: str, *, abandon_open: bool, as_json: bool) -> None:
    with progress(f"looking {tenant} over"):
        plan = operations.plan_closing(target, tenant, abandon_open=abandon_open)
    if as_json:
        print_json(plan.model_dump(mode="json"))
    else:
        print_table(
            ("would go", "name", "holding", "bytes"),
            ((one.kind, one.name, one.items or "", one.bytes or "") for one in plan.belongings),
            right=("holding", "bytes"),
        )
        typer.echo()
        print_table(
            ("would remain", "how many", "where", "why", "until (UTC)"),
            ((one.what, one.items or "", one.where, one.why, moment(one.until)) for one in plan.retained),
            right=("how many",),
        )
        if plan.leftovers:
            typer.echo()
            print_table(
                ("in the way", "where", "what to do"), ((one.what, one.where, one.remedy) for one in plan.leftovers)
            )
        else:
            say(
                f"Nothing stands in the way. To do it: medallion tenant close {tenant} --confirm {tenant} --by NAME "
                "--reason WHY --export PLACE"
            )
    raise typer.Exit(Exit.FAILED if plan.leftovers else Exit.OK)


def _show(closing: Closing, *, as_json: bool) -> None:
    if as_json:
        said = closing.model_dump(mode="json", exclude={"certificate"})
        print_json({**said, "certificate": json.loads(closing.certificate) if closing.certificate else None})
        return
    print_facts(
        [
            ("stage", closing.stage),
            ("asked", f"{moment(closing.asked_at)} by {closing.asked_by}, {closing.asked_as}: {closing.reason}"),
            ("approved", closing.approved_at and f"{moment(closing.approved_at)} by {closing.approved_by}"),
            *((f"{stage}", moment(at)) for stage, at in closing.ended.items()),
            ("export", closing.export),
            ("certificate", closing.certificate_hash),
        ]
    )
    if closing.stage is Stage.CLOSED:
        say("The certificate stands beside the export (certificate.json, certificate.md), and is retained.")


def _verified(target: Target, tenant: str) -> Verification:
    report = verify(places_of(target, tenant))
    return Verification(problems=len(report.problems), document=json.dumps(report.document(), indent=1))
