"""Proposals: contract versions that someone would have active, from the first word to the last."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar, NamedTuple

from boto3.dynamodb.conditions import Attr

from medallion.control.items import Item, Key
from medallion.control.table import ABSENT, ControlTable, Delete, Put, Update, Write
from medallion.errors import UnknownProposal
from medallion.people import Person, same_person


class ProposalStatus(StrEnum):
    """Where a proposal stands. It is open while it is proposed or approved; the others are its end.

    `active` is what became the source's contract; `superseded` what another version overtook, active or not.
    """

    PROPOSED = "proposed"
    APPROVED = "approved"
    ACTIVE = "active"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    SUPERSEDED = "superseded"

    @property
    def open(self) -> bool:
        return self in (ProposalStatus.PROPOSED, ProposalStatus.APPROVED)


class Decision(Item):
    """Who said so, why and when. `holder` is whose key or credentials it was; empty where `by` says that itself."""

    by: str
    reason: str
    at: datetime
    holder: str = ""

    @classmethod
    def of(cls, person: Person) -> Decision:
        return cls(by=person.by, reason=person.reason, at=person.at, holder=person.holder)

    def is_by(self, person: Person) -> bool:
        """Whether the same person said so, with whichever of its keys."""
        return same_person((self.by, self.holder), (person.by, person.holder))


class Proposal(Item):
    """A contract version that someone proposed for a source, with what it changes of the version that was active then.

    `compatible` and `breaking` are those changes, as sentences; `against` is that version, empty for a new source.
    `decision` is the approval, the rejection or the withdrawal, `activation` who made it active; `overtaken_by` is the
    version that did, where it is superseded. `revision` grows with each of its steps.
    """

    SK: ClassVar[str] = "PROPOSAL#"
    PARTITION: ClassVar[str] = "TENANT#{tenant}#SOURCE#{name}"
    EVIDENCE: ClassVar[bool] = True
    proposal_id: str
    source: str
    version: str
    text: str
    ruleset: str
    proposed: Decision
    against: str = ""
    compatible: tuple[str, ...] = ()
    breaking: tuple[str, ...] = ()
    status: ProposalStatus = ProposalStatus.PROPOSED
    decision: Decision | None = None
    activation: Decision | None = None
    overtaken_by: str = ""
    revision: int = 1

    @staticmethod
    def key_of(tenant: str, source: str, proposal_id: str) -> Key:
        return Key(f"TENANT#{tenant}#SOURCE#{source}", f"{Proposal.SK}{proposal_id}")


class OpenProposal(Item):
    """That a proposal waits for someone: those of all sources are found by it, of sources that are not yet, too."""

    SK: ClassVar[str] = "PROPOSAL#"
    PARTITION: ClassVar[str] = "TENANT#{tenant}#PROPOSALS"
    proposal_id: str
    source: str

    @staticmethod
    def key_of(tenant: str, proposal_id: str) -> Key:
        return Key(f"TENANT#{tenant}#PROPOSALS", f"{OpenProposal.SK}{proposal_id}")


class ProposalPage(NamedTuple):
    """Proposals, newest first. `before` is where the next page begins, or nothing if there is no more."""

    proposals: list[Proposal]
    before: str


class Proposals:
    """One tenant's proposals. Their ids sort by the moment that they were made."""

    def __init__(self, table: ControlTable, tenant: str) -> None:
        self._table = table
        self._tenant = tenant

    def create(self, proposal: Proposal) -> bool:
        """Keep a new proposal; False if one of that id stands already."""
        opened = OpenProposal(proposal_id=proposal.proposal_id, source=proposal.source)
        return self._table.transact(
            [
                Put(proposal, Proposal.key_of(self._tenant, proposal.source, proposal.proposal_id), ABSENT),
                Put(opened, OpenProposal.key_of(self._tenant, proposal.proposal_id), ABSENT),
            ]
        )

    def find(self, source: str, proposal_id: str) -> Proposal | None:
        return self._table.get(Proposal, Proposal.key_of(self._tenant, source, proposal_id))

    def proposal(self, source: str, proposal_id: str) -> Proposal:
        found = self.find(source, proposal_id)
        if found is None:
            raise UnknownProposal(f"source {source!r} has no proposal {proposal_id!r}; list those that there are")
        return found

    def page(self, source: str, limit: int, before: str = "") -> ProposalPage:
        """The newest of a source's proposals, `limit` at most; those before the one of id `before`."""
        pk = Proposal.key_of(self._tenant, source, "").pk
        beyond = f"{Proposal.SK}{before}" if before else ""
        found = self._table.query(Proposal, pk, Proposal.SK, limit=limit + 1, newest_first=True, beyond=beyond)
        shown = found[:limit]
        return ProposalPage(shown, shown[-1].proposal_id if len(found) > limit else "")

    def open(self, limit: int, before: str = "") -> ProposalPage:
        """The newest that are open, of all sources, `limit` at most; those before the one of id `before`."""
        pk = OpenProposal.key_of(self._tenant, "").pk
        beyond = f"{OpenProposal.SK}{before}" if before else ""
        named = self._table.query(OpenProposal, pk, OpenProposal.SK, limit=limit + 1, newest_first=True, beyond=beyond)
        keys = [Proposal.key_of(self._tenant, one.source, one.proposal_id) for one in named[:limit]]
        found = sorted(self._table.get_many(Proposal, keys), key=lambda one: one.proposal_id, reverse=True)
        return ProposalPage(found, named[limit - 1].proposal_id if len(named) > limit else "")

    def open_of(self, source: str) -> list[Proposal]:
        """Those that are open of one source, the newest first."""
        pk = OpenProposal.key_of(self._tenant, "").pk
        named = self._table.query(OpenProposal, pk, OpenProposal.SK, newest_first=True)
        found = [self.find(source, one.proposal_id) for one in named if one.source == source]
        return [one for one in found if one is not None]

    def move(self, proposal: Proposal, status: ProposalStatus, **changes: Any) -> bool:
        """Move it on to that status, with other attributes as JSON values. False if it is not as it was read."""
        return self._table.transact(self.moving(proposal, status, **changes))

    def moving(self, proposal: Proposal, status: ProposalStatus, **changes: Any) -> list[Write]:
        """The writes that move it on: they are refused if it is not as it was read."""
        key = Proposal.key_of(self._tenant, proposal.source, proposal.proposal_id)
        said = {**changes, "status": status.value, "revision": proposal.revision + 1}
        moved = Update(key, said, Attr("revision").eq(proposal.revision))
        closed = Delete(OpenProposal.key_of(self._tenant, proposal.proposal_id), None)
        return [moved] if status.open else [moved, closed]
