"""Activation: an approved proposal becomes its source's contract. The first makes the source live, with no deploy."""

from __future__ import annotations

from collections.abc import Sequence

from packaging.version import Version

from medallion.contracts.model import Frozen
from medallion.control.items import ContractVersion
from medallion.control.proposals import Proposal, ProposalStatus
from medallion.people import Person
from medallion.steps.batch import start_waiting
from medallion.steps.platform import Platform
from medallion.steps.proposals import check_approved, check_succession, contract_of
from medallion.steps.seed import register_version


class Activated(Frozen):
    """What an activation did: the version that it replaced (empty for a new source), the proposals that it overtook,
    and the runs of objects that waited for it.
    """

    source: str
    version: str
    replaced: str = ""
    overtaken: tuple[str, ...] = ()
    started: tuple[str, ...] = ()


def activate(platform: Platform, source: str, proposal_id: str, person: Person) -> Activated:
    """Make the proposal its source's contract, with tables and schedules. Records of the next run are judged by it;
    those that are published are taken up again by a backfill alone.

    ProposalNotOpen if it is not approved, InvalidContract if it cannot follow what is active by now, SourceChanged if
    either moved meanwhile. Done twice, it is done once.
    """
    control = platform.control
    proposal = control.proposals.proposal(source, proposal_id)
    check_approved(proposal)
    if proposal.status is ProposalStatus.APPROVED:
        contract = contract_of(proposal)
        check_succession(platform, contract)
        register_version(platform, contract, proposal.text, person, proposal)
    live, versions = control.source(source), control.contracts(source)
    lower = [one for one in versions if Version(one.version) < Version(proposal.version)]
    return Activated(
        source=source,
        version=proposal.version,
        replaced=max((one.version for one in lower), key=Version, default=""),
        overtaken=tuple(_overtake(platform, proposal, lower)),
        started=tuple(start_waiting(platform, live)) if live.at_once and live.pause is None else (),
    )


def _overtake(platform: Platform, active: Proposal, lower: Sequence[ContractVersion]) -> list[str]:
    """End the proposals that the version leaves no room for: open ones that are not higher, and those active before."""
    proposals = platform.control.proposals
    waiting = proposals.open_of(active.source)
    before = [proposals.find(active.source, one.proposal_id) for one in lower if one.proposal_id]
    overtaken = [
        *(one for one in waiting if Version(one.version) <= Version(active.version)),
        *(one for one in before if one is not None and one.status is ProposalStatus.ACTIVE),
    ]
    return [
        one.proposal_id
        for one in overtaken
        if proposals.move(one, ProposalStatus.SUPERSEDED, overtaken_by=active.version)
    ]
