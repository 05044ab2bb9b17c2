"""`medallion approve`, `reject` and `rerun`: what a person decides over a run."""

from __future__ import annotations

from typing import Annotated

import typer

from cli.engines import operations
from cli.errors import BadArgument
from cli.exits import Exit, code_of_run
from cli.options import RunId, Tenant, Timeout, Wait, options
from cli.output import Json, progress
from cli.runs import show_run
from cli.watching import wait_for_run
from medallion.control.items import Run, RunStatus

By = Annotated[str, typer.Option("--by", help="Who decides; it is recorded.")]
Reason = Annotated[str, typer.Option("--reason", help="Why; it is recorded.")]


def approve(
    context: typer.Context,
    run_id: RunId,
    tenant: Tenant,
    by: By,
    reason: Reason,
    wait: Wait = False,
    timeout: Timeout = 900,
    as_json: Json = False,
) -> None:
    """Let a held run go on. It is refined again on what is published now; if that changes it, it is held again."""
    decided = _decide(context, tenant, run_id, by=by, reason=reason, approved=True)
    finish(context, tenant, decided, wait=wait, timeout=timeout, as_json=as_json)


def reject(
    context: typer.Context,
    run_id: RunId,
    tenant: Tenant,
    by: By,
    reason: Reason,
    wait: Wait = False,
    timeout: Timeout = 900,
    as_json: Json = False,
) -> None:
    """End a held run without publishing it. Its records stay in Bronze; its quarantine entries are withdrawn."""
    decided = _decide(context, tenant, run_id, by=by, reason=reason, approved=False)
    finish(context, tenant, decided, wait=wait, timeout=timeout, as_json=as_json)


def rerun(
    context: typer.Context,
    run_id: RunId,
    tenant: Tenant,
    wait: Wait = False,
    timeout: Timeout = 900,
    as_json: Json = False,
) -> None:
    """Do a failed, rejected or rolled-back run again, as its next attempt. No record is taken twice."""
    target = options(context).target()
    target.control(tenant)
    again = operations.run_again(target, tenant, run_id)
    finish(context, tenant, again, wait=wait, timeout=timeout, as_json=as_json)


def _decide(context: typer.Context, tenant: str, run_id: str, *, by: str, reason: str, approved: bool) -> Run:
    who, why = checked_person(by, reason)
    target = options(context).target()
    target.control(tenant)
    return operations.decide_over(target, tenant, run_id, approved=approved, by=who, reason=why)


def checked_person(by: str, reason: str) -> tuple[str, str]:
    """Who decides, and why; BadArgument where one of them says nothing."""
    if not by.strip() or not reason.strip():
        raise BadArgument("--by and --reason are recorded: say who decides, and why")
    return by.strip(), reason.strip()


def finish(context: typer.Context, tenant: str, decided: Run, *, wait: bool, timeout: float, as_json: bool) -> None:
    """Show the run that was decided over or started again; with `wait`, as it ends."""
    target = options(context).target()
    if not wait:
        show_run(target, decided, as_json=as_json)
        return
    with progress("the run goes on") as tell:
        ended = wait_for_run(target.control(tenant), decided.run_id, timeout, tell)
    show_run(target, ended, as_json=as_json)
    expected = ended.status is RunStatus.REJECTED and decided.approval is not None and not decided.approval.approved
    raise typer.Exit(Exit.OK if expected else code_of_run(ended.status))
