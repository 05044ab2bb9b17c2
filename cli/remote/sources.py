"""Sources, schedules and contracts, through the API."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from cli.documents.sources import ProposalDocument, ScheduleDocument, SourceDocument, VersionDocument
from cli.port import Decided, Said
from cli.remote.asking import part, reason
from cli.remote.client import Client
from medallion.contracts import parse_contract
from medallion.steps.schedules import Setting

_NOUNS = {Decided.APPROVE: "approval", Decided.REJECT: "rejection", Decided.WITHDRAW: "withdrawal"}


@dataclass(frozen=True)
class RemoteSources:
    client: Client

    def all(self) -> list[SourceDocument]:
        return [SourceDocument.model_validate(one) for one in self.client.pages("/sources")[0]]

    def source(self, name: str) -> SourceDocument:
        return SourceDocument.model_validate(self.client.get(_path(name)))

    def pause(self, name: str, said: Said) -> SourceDocument:
        return SourceDocument.model_validate(self.client.post(f"{_path(name)}/pause", reason(said)))

    def resume(self, name: str, said: Said) -> list[str]:
        return list(self.client.operate(f"{_path(name)}/resumption", reason(said))["run_ids"])

    def schedule(self, source: str, upcoming: int) -> ScheduleDocument:
        return ScheduleDocument.model_validate(self.client.get(f"{_path(source)}/schedule", {"runs": upcoming}))

    def set_schedule(self, source: str, setting: Setting, said: Said) -> None:
        body = {**setting.model_dump(mode="json"), **reason(said)}
        self.client.operate(f"{_path(source)}/schedule", body, method="PUT")

    # --- contracts

    def versions(self, source: str) -> list[VersionDocument]:
        return [VersionDocument.model_validate(one) for one in self.client.pages(f"{_path(source)}/contracts")[0]]

    def try_contract(self, text: str, where: str) -> dict[str, Any]:
        source = parse_contract(text, where).source
        return self.client.operate(f"{_path(source)}/contract-trials", {"text": text})

    def proposals(self, source: str | None, limit: int) -> list[ProposalDocument]:
        path = "/proposals" if source is None else f"{_path(source)}/proposals"
        return [ProposalDocument.model_validate(one) for one in self.client.pages(path, limit=limit)[0]]

    def proposed_text(self, source: str, proposal_id: str) -> str:
        return str(self.client.get(f"{_path(source)}/proposals/{part(proposal_id)}")["text"])

    def propose(self, text: str, where: str, said: Said) -> ProposalDocument:
        source = parse_contract(text, where).source
        made = self.client.post(f"{_path(source)}/proposals", {"text": text, **reason(said)})
        return ProposalDocument.model_validate(made)

    def decide_proposal(self, source: str, proposal_id: str, decided: Decided, said: Said) -> ProposalDocument:
        path = f"{_path(source)}/proposals/{part(proposal_id)}/{_NOUNS[decided]}"
        return ProposalDocument.model_validate(self.client.post(path, reason(said)))

    def activate(self, source: str, proposal_id: str, said: Said) -> dict[str, Any]:
        return self.client.operate(f"{_path(source)}/proposals/{part(proposal_id)}/activation", reason(said))


def _path(source: str) -> str:
    return f"/sources/{part(source)}"
