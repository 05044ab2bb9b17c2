"""`medallion contract apply`: a changed contract's whole way, as far as one person may go it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from cli.deciding import By, Reason, finish, said
from cli.documents.sources import ProposalDocument
from cli.exits import Exit
from cli.options import Tenant, Timeout, Wait, port
from cli.output import Json, progress, say
from cli.port import Decided, Said, Sources, Which
from cli.proposing import contract_text, show_proposal
from cli.replaying import nothing
from medallion.contracts import parse_contract
from medallion.control.proposals import ProposalStatus
from medallion.errors import NotAllowed, OwnProposal

Changed = Annotated[Path, typer.Argument(metavar="NEW.odcs.yaml", help="The changed contract, a higher version.")]
_LOOKED_AT = 50
"""Proposals of a source, the newest, among which that of the same contract is looked for."""
_GOES_ON = (ProposalStatus.PROPOSED, ProposalStatus.APPROVED, ProposalStatus.ACTIVE)
_EVERYTHING = Which(since=datetime(1970, 1, 1, tzinfo=UTC))


def apply(
    context: typer.Context,
    contract: Changed,
    tenant: Tenant,
    by: By,
    reason: Reason,
    wait: Wait = False,
    timeout: Timeout = 900,
    as_json: Json = False,
) -> None:
    """Propose, approve and activate the contract, and take every published record through it: a run, judged as any
    other.

    Where another has to approve it, it waits for that, and the command ends with 5. Said again, it goes on.
    """
    words, chosen, text = said(by, reason), port(context, tenant), contract_text(contract)
    source = parse_contract(text, str(contract)).source
    proposal = _standing(chosen.sources, source, text) or chosen.sources.propose(text, str(contract), words)
    if proposal.status is ProposalStatus.PROPOSED and not _approved(chosen.sources, proposal, words):
        show_proposal(proposal, as_json=as_json)
        say(f"It waits for another's: medallion contract approve {proposal.proposal_id} --source {source}")
        say("Then the same command goes on.")
        raise typer.Exit(Exit.RUN_HELD)
    with progress("making it active"):
        chosen.sources.activate(source, proposal.proposal_id, words)
    with progress("taking records up"):
        run_id = chosen.runs.backfill(source, _EVERYTHING, words)
    if run_id is None:
        say("The contract is active.")
        nothing(as_json=as_json)
        return
    finish(chosen, run_id, wait=wait, timeout=timeout, as_json=as_json)


def _standing(sources: Sources, source: str, text: str) -> ProposalDocument | None:
    """The proposal of this very contract that has not come to nothing."""
    found = (one for one in sources.proposals(source, _LOOKED_AT) if one.status in _GOES_ON)
    return next((one for one in found if sources.proposed_text(source, one.proposal_id) == text), None)


def _approved(sources: Sources, proposal: ProposalDocument, words: Said) -> bool:
    """Whether whoever applies the contract may approve it, and did."""
    try:
        sources.decide_proposal(proposal.source, proposal.proposal_id, Decided.APPROVE, words)
    except (NotAllowed, OwnProposal):
        return False
    return True
