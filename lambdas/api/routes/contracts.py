"""Contracts: versions that were active, and proposals from the first word to the last."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import Path, Query, Response
from packaging.version import Version
from pydantic import BaseModel, ConfigDict, Field

from lambdas.api.caller import Decider, Engineer, Steward, Viewer
from lambdas.api.entries import SourceName
from lambdas.api.operations import ASKED, OperationView, Reason, Wait, asked_for
from lambdas.api.pages import Cursor, Limit, Page, place_of
from lambdas.api.pages import cursor as cursor_to
from lambdas.api.routes.sources import ReasonRequest
from lambdas.api.routing import router
from medallion.contracts.compare import Change
from medallion.control.items import ContractVersion
from medallion.control.proposals import Proposal, ProposalPage, ProposalStatus
from medallion.layout import API_STAGE
from medallion.steps import proposals
from medallion.steps.operations import OperationKind

routes = router("contracts", "Contracts: what a source promises, proposed, decided and made active.")
_VERSIONS, _PROPOSALS, _OPEN = "contracts", "proposals", "open proposals"

VersionNumber = Annotated[str, Field(pattern=r"^\d{1,9}\.\d{1,9}\.\d{1,9}$", examples=["1.2.0"])]
ProposalId = Annotated[str, Path(max_length=40, pattern=r"^[0-9a-z-]+$", description="The proposal's id.")]
ContractText = Annotated[
    str,
    Field(min_length=1, max_length=100_000, description="The contract: a YAML document of the standard ODCS 3.1."),
]


class VersionView(BaseModel):
    """A version of a source's contract that is or was active."""

    version: VersionNumber
    active: bool
    registered_at: datetime
    registered_by: Annotated[str, Field(description="Who made it active; empty: it came with the tenant's folder.")]
    proposal_id: Annotated[str, Field(description="By which proposal; empty if by none.")]
    ruleset: Annotated[str, Field(description="A hash of all that decides over records: equal hashes judge alike.")]


class VersionText(VersionView):
    """A version, with its text."""

    text: ContractText


class StepView(BaseModel):
    """Who said so, why and when."""

    by: str
    reason: str
    at: datetime


class ProposalView(BaseModel):
    """A contract version that someone proposed."""

    proposal_id: str
    source: str
    version: VersionNumber
    status: Annotated[
        ProposalStatus,
        Field(description="proposed → approved → active; or rejected, withdrawn, superseded by another version."),
    ]
    proposed: StepView
    against: Annotated[str, Field(description="The version that was active then; empty: the source was new.")]
    compatible: Annotated[list[str], Field(description="What it changes of that version and anybody can live with.")]
    breaking: Annotated[list[str], Field(description="What it changes that a reader or a sender could not live with.")]
    decision: Annotated[StepView | None, Field(description="The approval, the rejection or the withdrawal.")]
    activation: StepView | None
    overtaken_by: Annotated[str, Field(description="The version that became active instead, or later.")]


class ProposalText(ProposalView):
    """A proposal, with its text."""

    text: ContractText


class ProposalRequest(BaseModel):
    """What is proposed, and why."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "text": 'apiVersion: v3.1.0\nkind: DataContract\nid: shop-goods\nversion: "1.0.0"\nstatus: active\n'
                    "schema:\n  - name: goods\n    properties:\n      - name: number\n        logicalType: integer\n"
                    "        required: true\n        primaryKey: true\n",
                    "reason": "the shop sends its goods from May on",
                }
            ]
        },
    )

    text: ContractText
    reason: Reason


class TrialRequest(BaseModel):
    """The contract that is tried."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"text": "apiVersion: v3.1.0\n…"}]})

    text: ContractText


class Comparison(BaseModel):
    """Every difference of two versions, those that break something first."""

    changes: list[Change]
    breaking: Annotated[bool, Field(description="Whether any of them breaks what a reader or a sender relies on.")]
    said: Annotated[list[str], Field(description="The same, a sentence each.")]


# --- versions


@routes.get("/sources/{source}/contracts", operation_id="list_contracts")
def list_contracts(caller: Viewer, source: SourceName, limit: Limit = 50, cursor: Cursor = None) -> Page[VersionView]:
    """List the versions that a source's contract had, the highest first."""
    active = caller.platform.control.source(source).contract_version
    [below] = place_of(cursor, _VERSIONS) or ("",)
    found = sorted(caller.platform.control.contracts(source), key=lambda one: Version(one.version), reverse=True)
    left = [one for one in found if not below or Version(one.version) < Version(below)]
    beyond = left[limit - 1].version if len(left) > limit else ""
    return Page(items=[_version(one, active) for one in left[:limit]], next=cursor_to(_VERSIONS, beyond))


@routes.get("/sources/{source}/contracts/{version}", operation_id="get_contract")
def get_contract(caller: Viewer, source: SourceName, version: VersionNumber) -> VersionText:
    """Show a version of a source's contract, with its text."""
    active = caller.platform.control.source(source).contract_version
    found = proposals.registered(caller.platform, source, version)
    return VersionText(**_version(found, active).model_dump(), text=found.text)


@routes.get("/sources/{source}/comparison", operation_id="compare_contracts")
def compare_contracts(
    caller: Viewer,
    source: SourceName,
    before: Annotated[VersionNumber, Query(description="The earlier version.")],
    after: Annotated[VersionNumber, Query(description="The later version.")],
) -> Comparison:
    """Tell what one version of a source's contract changes of another."""
    return _comparison(proposals.compare(caller.platform, source, before, after))


@routes.post("/sources/{source}/contract-trials", operation_id="try_contract", status_code=202, responses=ASKED)
def try_contract(
    caller: Decider, source: SourceName, body: TrialRequest, wait: Wait, response: Response
) -> OperationView:
    """Try a contract on everything that a source has published. Nothing is written.

    The operation counts the records that would come to Silver, leave it or change, by code, and the rows of each Gold
    model that would move.
    """
    proposals.check_trial(caller.platform, source, body.text)
    about = {"text": body.text}
    return asked_for(caller, OperationKind.FORESEE_CONTRACT, source, about, "what if", wait, response)


# --- proposals


@routes.get("/proposals", operation_id="list_open_proposals")
def list_open_proposals(caller: Viewer, limit: Limit = 50, cursor: Cursor = None) -> Page[ProposalView]:
    """List the proposals that wait for someone, of all sources, the newest first."""
    [before] = place_of(cursor, _OPEN) or ("",)
    return _page(caller.platform.control.proposals.open(limit, before), _OPEN)


@routes.get("/sources/{source}/proposals", operation_id="list_proposals")
def list_proposals(caller: Viewer, source: SourceName, limit: Limit = 50, cursor: Cursor = None) -> Page[ProposalView]:
    """List the proposals of a source, ended ones too, the newest first. The source need not be there yet."""
    [before] = place_of(cursor, _PROPOSALS) or ("",)
    return _page(caller.platform.control.proposals.page(source, limit, before), _PROPOSALS)


@routes.post("/sources/{source}/proposals", operation_id="propose_contract", status_code=201)
def propose_contract(caller: Engineer, source: SourceName, body: ProposalRequest, response: Response) -> ProposalText:
    """Propose a contract as a source's next version, or as the first of a new source.

    Everything that is wrong with it is told at once; so is what it would break without raising its first number.
    """
    made = proposals.propose(caller.platform, source, body.text, caller.person(body.reason))
    response.headers["Location"] = f"/{API_STAGE}/sources/{source}/proposals/{made.proposal_id}"
    return _text(made)


@routes.get("/sources/{source}/proposals/{proposal_id}", operation_id="get_proposal")
def get_proposal(caller: Viewer, source: SourceName, proposal_id: ProposalId) -> ProposalText:
    """Show a proposal, with its text."""
    return _text(caller.platform.control.proposals.proposal(source, proposal_id))


@routes.get("/sources/{source}/proposals/{proposal_id}/comparison", operation_id="compare_proposal")
def compare_proposal(caller: Viewer, source: SourceName, proposal_id: ProposalId) -> Comparison:
    """Tell what a proposal changes of the version that is active now. Of a new source there is nothing to tell."""
    return _comparison(proposals.compare_proposal(caller.platform, source, proposal_id))


@routes.post("/sources/{source}/proposals/{proposal_id}/approval", operation_id="approve_proposal")
def approve_proposal(caller: Steward, source: SourceName, proposal_id: ProposalId, body: ReasonRequest) -> ProposalView:
    """Say that a proposal may become active. In production another than who proposed it does."""
    return _view(proposals.approve(caller.platform, source, proposal_id, caller.person(body.reason)))


@routes.post("/sources/{source}/proposals/{proposal_id}/rejection", operation_id="reject_proposal")
def reject_proposal(caller: Steward, source: SourceName, proposal_id: ProposalId, body: ReasonRequest) -> ProposalView:
    """Say that a proposal is not to become active, approved or not."""
    return _view(proposals.reject(caller.platform, source, proposal_id, caller.person(body.reason)))


@routes.post("/sources/{source}/proposals/{proposal_id}/withdrawal", operation_id="withdraw_proposal")
def withdraw_proposal(
    caller: Engineer, source: SourceName, proposal_id: ProposalId, body: ReasonRequest
) -> ProposalView:
    """Take a proposal back."""
    return _view(proposals.withdraw(caller.platform, source, proposal_id, caller.person(body.reason)))


@routes.post(
    "/sources/{source}/proposals/{proposal_id}/activation",
    operation_id="activate_proposal",
    status_code=202,
    responses=ASKED,
)
def activate_proposal(
    caller: Engineer, source: SourceName, proposal_id: ProposalId, body: ReasonRequest, wait: Wait, response: Response
) -> OperationView:
    """Make an approved proposal the source's contract, by an operation: tables, schedules, and the source itself.

    A source's first contract makes it live. Records that are published are taken up again by a backfill alone.
    """
    proposals.check_approved(caller.platform.control.proposals.proposal(source, proposal_id))
    about = {"proposal_id": proposal_id}
    return asked_for(caller, OperationKind.ACTIVATE_CONTRACT, source, about, body.reason, wait, response)


def _version(found: ContractVersion, active: str) -> VersionView:
    told = found.model_dump(include=set(VersionView.model_fields))
    return VersionView(**told, active=found.version == active)


def _view(found: Proposal) -> ProposalView:
    return ProposalView.model_validate(found.model_dump(include=set(ProposalView.model_fields)))


def _text(found: Proposal) -> ProposalText:
    return ProposalText.model_validate(found.model_dump(include=set(ProposalText.model_fields)))


def _page(found: ProposalPage, of: str) -> Page[ProposalView]:
    return Page(items=[_view(one) for one in found.proposals], next=cursor_to(of, found.before))


def _comparison(changes: list[Change]) -> Comparison:
    breaking = any(one.breaking for one in changes)
    return Comparison(changes=changes, breaking=breaking, said=[one.said for one in changes])
