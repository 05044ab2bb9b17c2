"""Runs, through the API."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from cli.documents import Page
from cli.documents.quarantine import Forecast
from cli.documents.runs import RolledBack, RunDetail, RunSummary
from cli.port import Said, Which
from cli.remote.asking import part, reason
from cli.remote.client import Client
from medallion.control.items import RunStatus
from medallion.layout import Zone


@dataclass(frozen=True)
class RemoteRuns:
    client: Client

    def page(
        self, limit: int, *, subject: str | None = None, status: RunStatus | None = None, before: str = ""
    ) -> Page[RunSummary]:
        wanted = {"source": subject, "status": status}
        items, following = self.client.pages("/runs", wanted, limit=limit, cursor=before)
        return Page(items=[RunSummary.model_validate(one) for one in items], next=following)

    def held(self, limit: int) -> list[RunSummary]:
        items, _ = self.client.pages("/approvals", limit=limit)
        return [RunSummary.model_validate(one) for one in items]

    def run(self, run_id: str) -> RunDetail:
        return RunDetail.model_validate(self.client.get(f"/runs/{part(run_id)}"))

    def look(self, run_id: str) -> RunDetail:
        return self.run(run_id)

    def run_of(self, source: str, source_file_id: str) -> str | None:
        found = self.client.get(f"/sources/{part(source)}/objects", {"source_file_id": source_file_id})
        return next((one["run_id"] for one in found["items"]), None)

    def decide(self, run_id: str, said: Said, *, approved: bool) -> None:
        decision = "approve" if approved else "reject"
        self.client.post(f"/runs/{part(run_id)}/approval", {"decision": decision, **reason(said)})

    def rerun(self, run_id: str, said: Said) -> None:
        self.client.operate(f"/runs/{part(run_id)}/rerun", reason(said))

    def cancel(self, run_id: str, said: Said) -> None:
        self.client.operate(f"/runs/{part(run_id)}/cancellation", reason(said))

    def roll_back(self, zone: Zone, name: str, run_id: str, said: Said) -> RolledBack:
        done = self.client.operate(f"/tables/{zone}/{part(name)}/rollback", {"run_id": run_id, **reason(said)})
        return RolledBack.model_validate(done)

    def backfill(self, source: str, which: Which, said: Said) -> str | None:
        done = self.client.operate(f"/sources/{part(source)}/backfills", _asked(which, said))
        run_id: str | None = done["run_id"]
        return run_id

    def foresee_backfill(self, source: str, which: Which, said: Said) -> Forecast:
        done = self.client.operate(f"/sources/{part(source)}/backfills/dry-run", _asked(which, said))
        return Forecast.model_validate(done)


def _asked(which: Which, said: Said) -> dict[str, Any]:
    moments = {"since": which.since, "until": which.until}
    told = {name: moment.isoformat() for name, moment in moments.items() if moment is not None}
    return {"objects": list(which.objects), **told, **reason(said)}
