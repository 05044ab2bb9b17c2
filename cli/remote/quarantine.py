"""Quarantine, through the API."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from cli.documents.quarantine import Breaker, Corrected, Entry, Forecast, WholeEntry
from cli.errors import BadArgument
from cli.port import Correction, Said, Tell
from cli.remote.asking import part, reason
from cli.remote.client import Client
from medallion.errors import UnknownEntry
from medallion.layout import Zone
from medallion.plan.quarantine import Chosen, current_entries
from medallion.steps.quarantine import Standing


@dataclass(frozen=True)
class RemoteQuarantine:
    client: Client

    def entries(self, source: str | None, chosen: Chosen, standing: Standing, limit: int, tell: Tell) -> list[Entry]:
        found: list[Entry] = []
        for name in [source] if source else self._sources():
            tell(name)
            items, _ = self.client.pages(_path(name), _filters(chosen, standing), limit=limit + 1)
            found += [Entry.model_validate(one) for one in items]
            if len(found) > limit:
                break
        return found[: limit + 1]

    def whole(self, run_id: str, row: int) -> list[WholeEntry]:
        run = self.client.get(f"/runs/{part(run_id)}")
        source = run["subject"]
        named = [one for one in self._listed(source, run_id, row, run["objects"]) if one["source_row"] == row]
        if not named:
            raise UnknownEntry(
                f"Record {row} of run {run_id} is not in quarantine of {source}. "
                f"Those that are: medallion quarantine ls --run {run_id} --state all"
            )
        return [WholeEntry.model_validate(self.client.get(f"{_path(source)}/{one['entry_id']}")) for one in named]

    def view(self, source: str) -> str:
        tables, _ = self.client.pages("/tables", {"zone": Zone.QUARANTINE})
        name = self.client.get(f"/sources/{part(source)}")["name"]
        database = next(one["database"] for one in tables if one["name"] == name)
        return current_entries(f'"{database}"."{name}"')

    def foresee_correction(self, source: str, chosen: Chosen, correction: Correction, said: Said) -> Corrected:
        body = _body(chosen, said, correction)
        return Corrected.model_validate(self.client.operate(f"{_path(source)}/corrections/dry-run", body))

    def correct(self, source: str, chosen: Chosen, correction: Correction, said: Said) -> int:
        done = self.client.operate(f"{_path(source)}/corrections", _body(chosen, said, correction))
        return int(done["entries"])

    def foresee_release(self, source: str, chosen: Chosen, said: Said) -> int:
        return int(self.client.operate(f"{_path(source)}/release/dry-run", _body(chosen, said))["entries"])

    def release(self, source: str, chosen: Chosen, said: Said) -> int:
        return int(self.client.operate(f"{_path(source)}/release", _body(chosen, said))["entries"])

    def foresee_reprocess(self, source: str, chosen: Chosen, correction: Correction, said: Said) -> Forecast:
        body = _body(chosen, said, correction)
        return Forecast.model_validate(self.client.operate(f"{_path(source)}/reprocess/dry-run", body))

    def reprocess(self, source: str, chosen: Chosen, correction: Correction, said: Said) -> str | None:
        done = self.client.operate(f"{_path(source)}/reprocess", _body(chosen, said, correction))
        run_id: str | None = done["run_id"]
        return run_id

    def breaker(self, source: str) -> Breaker:
        return Breaker.model_validate(self.client.get(f"/sources/{part(source)}/breaker"))

    def close_breaker(self, source: str, said: Said) -> Breaker:
        return Breaker.model_validate(self.client.post(f"/sources/{part(source)}/breaker/closing", reason(said)))

    def _sources(self) -> list[str]:
        return [one["name"] for one in self.client.pages("/sources")[0]]

    def _listed(self, source: str, run_id: str, row: int, objects: list[str]) -> Iterator[dict[str, Any]]:
        """The entries of that number of the run. Where the run names its objects, each is asked for by its place."""
        of_run = {"run": run_id, "state": Standing.ALL}
        if not objects:
            yield from self.client.pages(_path(source), of_run)[0]
        for one in objects:
            yield from self.client.pages(_path(source), {**of_run, "object": one, "row": row})[0]


def _path(source: str) -> str:
    return f"/sources/{part(source)}/quarantine"


def _filters(chosen: Chosen, standing: Standing) -> dict[str, Any]:
    objects, rows = list(chosen.objects), [row for _, row in chosen.records]
    moments = {"since": chosen.since, "until": chosen.until}
    return {
        "code": list(chosen.codes),
        "column": list(chosen.columns),
        "object": objects,
        "run": list(chosen.runs),
        "row": rows,
        "state": standing,
        **{name: moment.isoformat() for name, moment in moments.items() if moment is not None},
    }


_RECORDS = 1000


def _body(chosen: Chosen, said: Said, correction: Correction | None = None) -> dict[str, Any]:
    told: dict[str, Any] = chosen.model_dump(mode="json")
    told["records"] = [{"source_file_id": one, "source_row": row} for one, row in chosen.records]
    body = {"chosen": told, **reason(said)}
    if correction is None:
        return body
    if len(correction.records) > _RECORDS:
        raise BadArgument(
            f"The API takes {_RECORDS} single records at once, not {len(correction.records)}: split the file, or work "
            "directly (--target aws)"
        )
    records = [
        {"source_file_id": one, "source_row": row, "texts": dict(texts)}
        for (one, row), texts in correction.records.items()
    ]
    return {**body, "expressions": dict(correction.expressions), "records": records}
