"""Proposals: a contract version is proposed, compared with the active one, and decided. No engine takes part."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import datetime

from packaging.version import Version

from medallion.contracts import parse_contract
from medallion.contracts.compare import Change, breaking_changes, changes, says_so
from medallion.contracts.model import Column, Contract
from medallion.contracts.references import loose_references
from medallion.contracts.ruleset import ruleset_hash
from medallion.control.items import ContractVersion
from medallion.control.proposals import Decision, Proposal, ProposalStatus
from medallion.errors import InvalidContract, OwnProposal, ProposalNotOpen, UnknownSource
from medallion.people import Person
from medallion.plan.tables import tables
from medallion.steps.platform import Platform


def propose(platform: Platform, source: str, text: str, person: Person) -> Proposal:
    """Propose the contract as the next version of the source, which may be a new one.

    InvalidContract lists what is wrong with it, or says why it cannot follow the version that is active.
    """
    contract = parse_contract(text, "the contract")
    _check_source(contract, source)
    active = check_succession(platform, contract)
    found = changes(active, contract) if active is not None else []
    proposal = Proposal(
        proposal_id=proposal_id_of(person.at),
        source=source,
        version=contract.version,
        text=text,
        ruleset=ruleset_hash(contract),
        proposed=Decision.of(person),
        against="" if active is None else active.version,
        compatible=tuple(one.said for one in found if not one.breaking),
        breaking=tuple(one.said for one in found if one.breaking),
    )
    platform.control.proposals.create(proposal)
    return proposal


def approve(platform: Platform, source: str, proposal_id: str, person: Person) -> Proposal:
    """Say that the proposal may become active.

    OwnProposal where another than who proposed it has to; InvalidContract if it cannot follow what is active now;
    ProposalNotOpen if it is decided already.
    """
    proposal = platform.control.proposals.proposal(source, proposal_id)
    if proposal.proposed.is_by(person) and platform.control.tenant().approvals_by_another:
        raise OwnProposal(
            f"proposal {proposal_id} of source {source} is by {proposal.proposed.by}, and so would its "
            f"approval be: in environment {platform.layout.environment} another person approves it"
        )
    _check_stands(proposal, ProposalStatus.PROPOSED)
    check_succession(platform, contract_of(proposal))
    return _decide(platform, proposal, ProposalStatus.APPROVED, person)


def reject(platform: Platform, source: str, proposal_id: str, person: Person) -> Proposal:
    """Say that the proposal is not to become active: one that was approved, too. ProposalNotOpen if it has ended."""
    proposal = platform.control.proposals.proposal(source, proposal_id)
    return _decide(platform, proposal, ProposalStatus.REJECTED, person)


def withdraw(platform: Platform, source: str, proposal_id: str, person: Person) -> Proposal:
    """Take the proposal back. ProposalNotOpen if it has ended."""
    proposal = platform.control.proposals.proposal(source, proposal_id)
    return _decide(platform, proposal, ProposalStatus.WITHDRAWN, person)


def compare(platform: Platform, source: str, before: str, after: str) -> list[Change]:
    """What the later of two versions that were ever active changes of the earlier."""
    return changes(version_of(platform, source, before), version_of(platform, source, after))


def compare_proposal(platform: Platform, source: str, proposal_id: str) -> list[Change]:
    """What the proposal changes of the version that is active now; nothing where its source is new."""
    active = active_version(platform, source)
    proposal = platform.control.proposals.proposal(source, proposal_id)
    return [] if active is None else changes(active, contract_of(proposal))


def check_succession(platform: Platform, contract: Contract) -> Contract | None:
    """The version that is active and that the contract may follow; None where its source is new.

    InvalidContract where it may not: its number is no higher, it breaks the active one without saying so, a table could
    not take it, or a reference would lead nowhere.
    """
    active = active_version(platform, contract.source)
    where = f"source {contract.source} of tenant {platform.layout.tenant}: version {contract.version}"
    if active is not None:
        if Version(contract.version) <= Version(active.version):
            raise InvalidContract(f"{where} is not higher than {active.version}, which is active; raise the version")
        check_follows(active, contract, where)
    _check_references(platform, active, contract, where)
    return active


def check_follows(active: Contract, contract: Contract, where: str) -> None:
    """InvalidContract if the contract breaks the active one without saying so, or a table could not take it."""
    broken = breaking_changes(active, contract)
    if broken and not says_so(active, contract):
        raise InvalidContract(
            f"{where} breaks {active.version}: {'; '.join(broken)}. Raise the first number, or only add to it"
        )
    stands = {one.name: one.type for one in tables(active).silver}
    moved = [
        f"column {one.name} is {one.type}, not {stands[one.name]}"
        for one in tables(contract).silver
        if stands.get(one.name, one.type) != one.type
    ]
    if moved:
        raise InvalidContract(
            f"{where}: {'; '.join(moved)}. A table's column never changes its type: give the new one another name"
        )


def active_version(platform: Platform, source: str) -> Contract | None:
    """The contract that is active for the source; None where there is none yet."""
    try:
        known = platform.control.source(source)
    except UnknownSource:
        return None
    return version_of(platform, source, known.contract_version)


def version_of(platform: Platform, source: str, version: str) -> Contract:
    """That version of the source's contract, which is or was active; UnknownSource if there is none."""
    return parse_contract(registered(platform, source, version).text, f"{source} {version}")


def registered(platform: Platform, source: str, version: str) -> ContractVersion:
    """That version as it was written; UnknownSource if there is none."""
    found = platform.control.contract(source, version)
    if found is None:
        raise UnknownSource(f"source {source!r} of tenant {platform.layout.tenant} has no contract version {version!r}")
    return found


def check_trial(platform: Platform, source: str, text: str) -> None:
    """InvalidContract if the text is no contract of that source; UnknownSource if there is no such source."""
    _check_source(parse_contract(text, "the contract"), platform.control.source(source).name)


def contract_of(proposal: Proposal) -> Contract:
    return parse_contract(proposal.text, f"proposal {proposal.proposal_id}")


def proposal_id_of(moment: datetime) -> str:
    """A new id: it sorts by the moment."""
    return f"{moment:%Y%m%dt%H%M%S%f}-{secrets.token_hex(4)}"


def check_approved(proposal: Proposal) -> None:
    """ProposalNotOpen unless it is approved, or active already: only such a one becomes active."""
    _check_stands(proposal, ProposalStatus.APPROVED, ProposalStatus.ACTIVE)


def _check_source(contract: Contract, source: str) -> None:
    if contract.source != source:
        raise InvalidContract(
            f"the contract: schema[0].name: it is for source {contract.source}, not {source}; say it there, or correct "
            "the name"
        )


def _decide(platform: Platform, proposal: Proposal, status: ProposalStatus, person: Person) -> Proposal:
    _check_stands(proposal, ProposalStatus.PROPOSED, ProposalStatus.APPROVED)
    decision = Decision.of(person)
    if not platform.control.proposals.move(proposal, status, decision=decision.model_dump(mode="json")):
        now = platform.control.proposals.proposal(proposal.source, proposal.proposal_id)
        raise ProposalNotOpen(
            f"proposal {proposal.proposal_id} of source {proposal.source} was decided by someone else meanwhile: it is "
            f"{now.status}"
        )
    return platform.control.proposals.proposal(proposal.source, proposal.proposal_id)


def _check_stands(proposal: Proposal, *where: ProposalStatus) -> None:
    if proposal.status not in where:
        raise ProposalNotOpen(
            f"proposal {proposal.proposal_id} of source {proposal.source} is {proposal.status}, not "
            f"{' or '.join(where)}; propose the contract again if it is to be"
        )


def _check_references(platform: Platform, active: Contract | None, contract: Contract, where: str) -> None:
    """The contract's references lead somewhere, and so do those of others that lead to columns of it."""
    own = {column.name: column for column in contract.columns}

    def columns_of(source: str) -> Mapping[str, Column]:
        if source == contract.source:
            return own
        other = active_version(platform, source)
        return {} if other is None else {column.name: column for column in other.columns}

    loose = [said for _, said in loose_references([contract], columns_of)]
    if active is not None and any(own.get(column.name) is None for column in active.columns):
        others = [one for one in platform.control.sources() if one.name != contract.source]
        contracts = [version_of(platform, one.name, one.contract_version) for one in others]
        loose += [f"source {source}: {said}" for source, said in loose_references(contracts, columns_of)]
    if loose:
        raise InvalidContract(f"{where}: {'; '.join(loose)}")
