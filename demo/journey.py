"""Carry files from Landing to Gold, and look at what became of every record."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from cli.direct import Direct
from cli.direct.reading import upload
from cli.target import Target
from cli.watching import wait_for_object
from demo.files import SourceFile, waves
from demo.report import Held
from medallion.contracts import parse_contract
from medallion.control.items import GoldModel, Run, RunKind, RunStatus
from medallion.control.plane import ControlPlane
from medallion.errors import MedallionError
from medallion.layout import TableLayout, Task, TenantLayout, Zone
from medallion.plan.quarantine import Chosen, State, current_entries
from medallion.steps.history import step_seconds
from medallion.steps.quarantine import entries
from medallion.steps.query import Answer, ask

RUN_SECONDS = 600.0
GOLD_SECONDS = 600.0
"""On Spark, where builds wait for their turn. Elsewhere they take seconds."""
_POLL_SECONDS = 0.5
_QUIET_LOOKS = 2
"""An event that starts a build is on its way for less than this many looks."""
_PUBLISHED = (RunStatus.PROMOTED, RunStatus.UNCHANGED)

Tell = Callable[[str], None]


@dataclass(frozen=True)
class Travelled:
    """A file that went through: its run, and the seconds from the end of its upload to its Silver being published."""

    file: SourceFile
    identity: str
    run: Run
    seconds: float


class Traveller:
    """One tenant of the running platform, as its user sees it."""

    def __init__(self, target: Target, tenant: str) -> None:
        self.target = target
        self.layout: TenantLayout = target.tenant(tenant)
        self.control: ControlPlane = target.control(tenant)
        self.port = Direct.at(target, tenant)

    def order(self) -> list[list[str]]:
        """The registered sources, those that others refer to first."""
        contracts = []
        for source in self.control.sources():
            kept = self.control.contract(source.name, source.contract_version)
            if kept is not None:
                contracts.append(parse_contract(kept.text, source.name))
        return waves(contracts)

    def drop(self, file: SourceFile) -> tuple[str, datetime]:
        """Put the file into Landing. The object version that it became, and when it was there."""
        key = self.layout.landing_key(file.source, file.path.name)
        identity = upload(self.target.session, self.layout, file.path, key, lambda text: None)
        return identity, datetime.now(UTC)

    def follow(self, file: SourceFile, dropped: tuple[str, datetime], tell: Tell) -> Travelled:
        """Wait for the file's run to end. Raises WaitedEnough."""
        identity, landed = dropped
        told = wait_for_object(
            self.port, file.source, identity, RUN_SECONDS, lambda text: tell(f"{file.label}: {text}")
        )
        run = self.control.run(told.run_id)
        ended = run.ended_at or datetime.now(UTC)
        return Travelled(file, identity, run, round((ended - landed).total_seconds(), 2))

    def tell_again(self, one: Travelled) -> list[str]:
        """Tell the platform once more of an object version that it knows, as EventBridge may. The runs it names."""
        bucket, key = self.layout.bucket(Zone.LANDING), self.layout.landing_key(one.file.source, one.file.path.name)
        told = {"key": key, "version-id": one.identity.rpartition("?version=")[2], "size": one.file.path.stat().st_size}
        event = {
            "detail-type": "Object Created",
            "source": "aws.s3",
            "time": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "detail": {"bucket": {"name": bucket}, "object": told},
        }
        function = self.layout.function(Task.TRIGGER)
        answer = self.target.session.client("lambda").invoke(FunctionName=function, Payload=json.dumps(event).encode())
        named = json.loads(answer["Payload"].read())
        if answer.get("FunctionError"):
            raise MedallionError(f"{function} did not take the event: {named.get('errorMessage')}; see its log group")
        return [str(run_id) for run_id in named]

    def held(self, source: str, run_id: str | None = None) -> Held:
        """What the source's tables hold, by Athena; of one run where one is named."""
        where = "" if run_id is None else f" WHERE run_id = '{run_id}'"
        log = current_entries(_named(self.layout.quarantine(source)))
        of_run = "" if run_id is None else f" AND run_id = '{run_id}'"
        counts = {
            "bronze": f"{_named(self.layout.bronze(source))}{where}",
            "silver": f"{_named(self.layout.silver(source))}{where}",
            "quarantine": f"({log}) AS entry WHERE state = '{State.OPEN}'{of_run}",
            "duplicates": f"{_named(self.layout.duplicates(source))}{where}",
        }
        columns = ", ".join(f"(SELECT COUNT(*) FROM {table}) AS {name}" for name, table in counts.items())  # noqa: S608  # names come from the layout, ids from the platform
        return Held.model_validate(self.ask(f"SELECT {columns}").records()[0])

    def codes(self, source: str, run_id: str) -> dict[str, int]:
        """The run's quarantined records by error code, counted from the entries themselves."""
        counts: dict[str, int] = {}
        for entry in entries(self.target.session, self.layout, source, Chosen(runs=(run_id,)), State.OPEN):
            for code in {error.code for error in entry.errors}:
                counts[code] = counts.get(code, 0) + 1
        return dict(sorted(counts.items()))

    def ask(self, sql: str, limit: int | None = None) -> Answer:
        """Ask Athena; a table's name without a database is one of Gold's."""
        return ask(self.target.session, self.layout, sql, zone=Zone.GOLD, limit=limit)

    def steps(self, run: Run) -> dict[str, float]:
        """Seconds in each of the run's steps."""
        return step_seconds(self.target.session, run.execution_arn)

    # --- Gold

    def await_quiet(self, tell: Tell) -> None:
        """Wait until no run goes on, Gold's builds among them."""
        deadline = time.monotonic() + GOLD_SECONDS
        quiet = 0
        while quiet < _QUIET_LOOKS:
            going_on = [run.subject for run in self.control.runs() if not run.status.ended]
            quiet = 0 if going_on else quiet + 1
            if time.monotonic() > deadline:
                raise MedallionError(
                    f"Runs of {self.layout.tenant} still go on after {GOLD_SECONDS:.0f} s: {', '.join(going_on)}. "
                    f"See: medallion runs --tenant {self.layout.tenant}"
                )
            tell(f"{self.layout.tenant}: {', '.join(going_on) or 'quiet'}")
            time.sleep(_POLL_SECONDS)

    def await_gold(self, tell: Tell) -> dict[str, Run]:
        """Wait until every model is built from the Silver that is published now. Each model's last run."""
        deadline = time.monotonic() + GOLD_SECONDS
        while True:
            runs = self.control.runs()
            silver = _published_silver(runs)
            built = {model.name: self._current(model, runs, silver) for model in self.control.models()}
            late = sorted(name for name, run in built.items() if run is None)
            if not late and all(run.status.ended for run in runs):
                return {name: run for name, run in built.items() if run is not None}
            if time.monotonic() > deadline:
                raise MedallionError(
                    f"Gold of {self.layout.tenant} did not catch up within {GOLD_SECONDS:.0f} s "
                    f"({', '.join(late) or 'runs go on'}). See: medallion runs --tenant {self.layout.tenant}"
                )
            tell(f"{self.layout.tenant}: {', '.join(late) or 'finishing'}")
            time.sleep(_POLL_SECONDS)

    def _current(self, model: GoldModel, runs: Sequence[Run], silver: dict[str, str]) -> Run | None:
        """The model's last run, if it was built from these snapshots."""
        mine = (run for run in runs if run.kind is RunKind.MODEL and run.subject == model.name and run.status.ended)
        run = next(mine, None)
        if run is None or run.status not in _PUBLISHED or model.pending_run_id is not None:
            return None
        read = run.snapshots
        return run if all(read[name] == snapshot for name, snapshot in silver.items() if name in read) else None


def _published_silver(runs: Iterable[Run]) -> dict[str, str]:
    """The snapshot of each source's Silver that readers see, by the relation's name; `runs` are newest first."""
    found: dict[str, str] = {}
    for run in runs:
        if run.kind is RunKind.INGEST and run.status is RunStatus.PROMOTED:
            found.setdefault(f"{Zone.SILVER}__{run.subject}", run.snapshots["silver"])
    return found


def _named(table: TableLayout) -> str:
    return f'"{table.database}"."{table.name}"'


def plain(answer: Answer) -> tuple[tuple[Any, ...], ...]:
    """An answer's rows as JSON has them."""
    return tuple(
        tuple(cell if isinstance(cell, (int, float, bool)) else _text(cell) for cell in row) for row in answer.rows
    )


def _text(cell: Any) -> str | None:
    return None if cell is None else str(cell)
