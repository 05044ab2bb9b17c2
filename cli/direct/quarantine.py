"""Quarantine, directly."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from cli.direct.acting import Acting
from cli.documents.quarantine import Breaker, Corrected, Entry, Forecast, Opening, WholeEntry
from cli.port import Correction, Said, Tell
from medallion.errors import UnknownEntry
from medallion.plan.quarantine import Chosen
from medallion.steps.asked import EntriesAsked, RecordTexts
from medallion.steps.breaker import close
from medallion.steps.operations import OperationKind
from medallion.steps.quarantine import Standing, entries, history, view, whole_entries

CLOSINGS = 20
"""How many closings of a breaker are told."""


@dataclass(frozen=True)
class DirectQuarantine:
    acting: Acting

    def entries(self, source: str | None, chosen: Chosen, standing: Standing, limit: int, tell: Tell) -> list[Entry]:
        platform, found = self.acting.platform, list[Entry]()
        control = platform.control
        for name in [control.source(source).name] if source else [one.name for one in control.sources()]:
            tell(name)
            some = entries(platform.session, platform.layout, name, chosen, standing.state, limit=limit + 1)
            found += [Entry.of(one) for one in some]
            if len(found) > limit:
                break
        return found[: limit + 1]

    def whole(self, run_id: str, row: int) -> list[WholeEntry]:
        session, layout = self.acting.platform.session, self.acting.platform.layout
        source = self.acting.platform.control.run(run_id).subject
        found = whole_entries(session, layout, source, Chosen(runs=(run_id,)), row=row)
        if not found:
            raise missing(source, run_id, row)
        return [
            WholeEntry.of(
                one,
                history=[
                    said.model_dump() for said in history(session, layout, source, one.source_file_id, one.source_row)
                ],
            )
            for one in found
        ]

    def view(self, source: str) -> str:
        return view(self.acting.platform.layout, self.acting.platform.control.source(source).name)

    def foresee_correction(self, source: str, chosen: Chosen, correction: Correction, said: Said) -> Corrected:
        return Corrected.model_validate(self._do(OperationKind.FORESEE_CORRECTION, source, chosen, said, correction))

    def correct(self, source: str, chosen: Chosen, correction: Correction, said: Said) -> int:
        done = self._do(OperationKind.CORRECT, source, chosen, said, correction)
        self.acting.record("correct_records", said, source=source)
        return int(done["entries"])

    def foresee_release(self, source: str, chosen: Chosen, said: Said) -> int:
        return int(self._do(OperationKind.FORESEE_RELEASE, source, chosen, said)["entries"])

    def release(self, source: str, chosen: Chosen, said: Said) -> int:
        done = self._do(OperationKind.RELEASE, source, chosen, said)
        self.acting.record("release_records", said, source=source)
        return int(done["entries"])

    def foresee_reprocess(self, source: str, chosen: Chosen, correction: Correction, said: Said) -> Forecast:
        return Forecast.model_validate(self._do(OperationKind.FORESEE_REPROCESS, source, chosen, said, correction))

    def reprocess(self, source: str, chosen: Chosen, correction: Correction, said: Said) -> str | None:
        done = self._do(OperationKind.REPROCESS, source, chosen, said, correction)
        self.acting.record("reprocess_records", said, source=source)
        run_id: str | None = done["run_id"]
        return run_id

    def breaker(self, source: str) -> Breaker:
        control = self.acting.platform.control
        name = control.source(source).name
        found, closings = control.breakers.of(name), control.breakers.closings(name, CLOSINGS)
        return Breaker(
            source=name,
            open=found is not None and found.open,
            last=None if found is None else Opening.of(found),
            closings=[Opening.of(one) for one in closings],
        )

    def close_breaker(self, source: str, said: Said) -> Breaker:
        close(self.acting.platform, source, by=said.by or self.acting.caller, reason=said.reason)
        self.acting.record("close_breaker", said, source=source)
        return self.breaker(source)

    def _do(
        self, kind: OperationKind, source: str, chosen: Chosen, said: Said, correction: Correction | None = None
    ) -> dict[str, Any]:
        name = self.acting.platform.control.source(source).name
        asked = EntriesAsked(chosen=chosen)
        if correction is not None:
            records = tuple(
                RecordTexts(source_file_id=one, source_row=row, texts=dict(texts))
                for (one, row), texts in correction.records.items()
            )
            asked = EntriesAsked(chosen=chosen, expressions=dict(correction.expressions), records=records)
        return self.acting.do(kind, name, asked, said)


def missing(source: str, run_id: str, row: int) -> UnknownEntry:
    """That no such record is in quarantine, and how those are found that are."""
    return UnknownEntry(
        f"Record {row} of run {run_id} is not in quarantine of {source}. "
        f"Those that are: medallion quarantine ls --run {run_id} --state all"
    )
