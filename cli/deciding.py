"""`medallion approve`, `reject`, `rerun` and `cancel`: what a person decides over a run."""

from __future__ import annotations

from typing import Annotated

import typer

from cli.errors import BadArgument
from cli.exits import Exit, code_of_run
from cli.options import RunId, Tenant, Timeout, Wait, port
from cli.output import Json, progress
from cli.port import Port, Said
from cli.runs import show_run
from cli.watching import wait_for_run
from medallion.control.items import RunStatus

By = Annotated[
    str,
    typer.Option(
        "--by",
        default_factory=lambda: "",
        show_default=False,
        help="Who decides; it is recorded. Unsaid, whom the AWS credentials name. Through the API it is the key.",
    ),
]
Named = Annotated[str, typer.Option("--by", help="Who decides; it is recorded.")]
"""Where a person has to be named, whoever the credentials are of."""
Reason = Annotated[str, typer.Option("--reason", help="Why; it is recorded.")]
_AGAIN = "done again at a person's word"


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
    chosen, words = port(context, tenant), said(by, reason)
    chosen.runs.decide(run_id, words, approved=True)
    finish(chosen, run_id, wait=wait, timeout=timeout, as_json=as_json)


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
    chosen, words = port(context, tenant), said(by, reason)
    chosen.runs.decide(run_id, words, approved=False)
    finish(chosen, run_id, wait=wait, timeout=timeout, as_json=as_json)


def rerun(
    context: typer.Context,
    run_id: RunId,
    tenant: Tenant,
    by: By,
    reason: Annotated[str, typer.Option(help="Why; it is recorded.")] = _AGAIN,
    wait: Wait = False,
    timeout: Timeout = 900,
    as_json: Json = False,
) -> None:
    """Do a failed, rejected, cancelled or rolled-back run again, as its next attempt. No record is taken twice."""
    chosen, words = port(context, tenant), said(by, reason)
    with progress("starting it again"):
        chosen.runs.rerun(run_id, words)
    finish(chosen, run_id, wait=wait, timeout=timeout, as_json=as_json)


def cancel(
    context: typer.Context, run_id: RunId, tenant: Tenant, by: By, reason: Reason, as_json: Json = False
) -> None:
    """Stop a run that has not ended. Nothing of it is published, it ends as failed, and it can be done again."""
    chosen, words = port(context, tenant), said(by, reason)
    with progress("stopping it"):
        chosen.runs.cancel(run_id, words)
    show_run(chosen.runs.run(run_id), as_json=as_json)


def said(by: str, reason: str) -> Said:
    """Who decides, and why; BadArgument where one of them says nothing."""
    if not reason.strip() or (by and not by.strip()):
        raise BadArgument("--by and --reason are recorded: say who decides, and why")
    return Said(reason.strip(), by.strip())


def checked_person(by: str, reason: str) -> tuple[str, str]:
    """Who decides, by name, and why; BadArgument where one of them says nothing."""
    words = said(by, reason)
    if not words.by:
        raise BadArgument("--by and --reason are recorded: say who decides, and why")
    return words.by, words.reason


def finish(chosen: Port, run_id: str, *, wait: bool, timeout: float, as_json: bool) -> None:
    """Show the run that was decided over or started again; with `wait`, as it ends."""
    if not wait:
        show_run(chosen.runs.run(run_id), as_json=as_json)
        return
    with progress("the run goes on") as tell:
        ended = wait_for_run(chosen, run_id, timeout, tell)
    show_run(ended, as_json=as_json)
    expected = ended.status is RunStatus.REJECTED and ended.approval is not None and not ended.approval.approved
    raise typer.Exit(Exit.OK if expected else code_of_run(ended.status))
