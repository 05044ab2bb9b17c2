"""Sources, schedules and contracts, directly."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from packaging.version import Version

from cli.direct.acting import Acting
from cli.documents.sources import LastRun, ProposalDocument, ScheduleDocument, SourceDocument, VersionDocument
from cli.port import Decided, Said
from medallion.contracts import parse_contract
from medallion.control.items import Source
from medallion.control.proposals import Proposal
from medallion.people import Person
from medallion.steps import proposals, schedules, sources
from medallion.steps.asked import ActivateAsked, TryAsked
from medallion.steps.operations import OperationKind
from medallion.steps.platform import Platform
from medallion.steps.schedules import Setting

_PAGE = 200
_DECIDING: Mapping[Decided, Callable[[Platform, str, str, Person], Proposal]] = MappingProxyType(
    {
        Decided.APPROVE: proposals.approve,
        Decided.REJECT: proposals.reject,
        Decided.WITHDRAW: proposals.withdraw,
    }
)


@dataclass(frozen=True)
class DirectSources:
    acting: Acting

    def all(self) -> list[SourceDocument]:
        return [self._told(one) for one in self.acting.platform.control.sources()]

    def source(self, name: str) -> SourceDocument:
        return self._told(self.acting.platform.control.source(name))

    def pause(self, name: str, said: Said) -> SourceDocument:
        paused = sources.pause(self.acting.platform, name, self.acting.person(said))
        self.acting.record("pause_source", said, source=name)
        return self._told(paused)

    def resume(self, name: str, said: Said) -> list[str]:
        sources.resume(self.acting.platform, name)
        done = self.acting.do(OperationKind.RESUME_SOURCE, name, None, said)
        self.acting.record("resume_source", said, source=name)
        return list(done["run_ids"])

    def schedule(self, source: str, upcoming: int) -> ScheduleDocument:
        platform = self.acting.platform
        found = schedules.schedule_of(platform, source)
        return ScheduleDocument.of(found, next_runs=schedules.upcoming(found, platform.clock(), upcoming))

    def set_schedule(self, source: str, setting: Setting, said: Said) -> None:
        self.acting.do(OperationKind.APPLY_SCHEDULE, source, setting.checked(), said)
        self.acting.record("set_schedule", said, source=source)

    # --- contracts

    def versions(self, source: str) -> list[VersionDocument]:
        control = self.acting.platform.control
        active = control.source(source).contract_version
        found = sorted(control.contracts(source), key=lambda one: Version(one.version), reverse=True)
        return [VersionDocument.of(one, active=one.version == active) for one in found]

    def try_contract(self, text: str, where: str) -> dict[str, Any]:
        source = parse_contract(text, where).source
        proposals.check_trial(self.acting.platform, source, text)
        return self.acting.do(OperationKind.FORESEE_CONTRACT, source, TryAsked(text=text), Said("what if"))

    def proposals(self, source: str | None, limit: int) -> list[ProposalDocument]:
        kept = self.acting.platform.control.proposals
        page = kept.open(limit, "") if source is None else kept.page(source, limit, "")
        return [ProposalDocument.of(one) for one in page.proposals]

    def proposed_text(self, source: str, proposal_id: str) -> str:
        return self.acting.platform.control.proposals.proposal(source, proposal_id).text

    def propose(self, text: str, where: str, said: Said) -> ProposalDocument:
        source = parse_contract(text, where).source
        made = proposals.propose(self.acting.platform, source, text, self.acting.person(said))
        self.acting.record("propose_contract", said, source=source)
        return ProposalDocument.of(made)

    def decide_proposal(self, source: str, proposal_id: str, decided: Decided, said: Said) -> ProposalDocument:
        done = _DECIDING[decided](self.acting.platform, source, proposal_id, self.acting.person(said))
        self.acting.record(f"{decided}_proposal", said, source=source, proposal_id=proposal_id)
        return ProposalDocument.of(done)

    def activate(self, source: str, proposal_id: str, said: Said) -> dict[str, Any]:
        asked = ActivateAsked(proposal_id=proposal_id)
        done = self.acting.do(OperationKind.ACTIVATE_CONTRACT, source, asked, said)
        self.acting.record("activate_proposal", said, source=source, proposal_id=proposal_id)
        return done

    def _told(self, source: Source) -> SourceDocument:
        state = sources.state_of(self.acting.platform, source.name)
        newest = None if state.last_run is None else LastRun.of(state.last_run)
        return SourceDocument.of(source, breaker=state.stopped, waiting=state.waiting, last_run=newest)
