"""The demo's story: deploy, carry, ask, do it again, tell."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from cli.deploying import run_cdk
from cli.output import Progress
from cli.target import Where, find_target
from demo import proof
from demo.answers import question
from demo.files import SourceFile, prepare
from demo.journey import Travelled, Traveller, plain
from demo.memory import MemoryWatch
from demo.report import (
    AgainReport,
    DemoReport,
    DeploymentReport,
    GoldReport,
    SourceReport,
    TenantReport,
    Totals,
)
from demo.stage import Stage
from demo.transactions import expected
from local.deploy import DeployReport, deploy
from local.settings import Settings
from medallion.control.items import Run
from medallion.layout import Environment

OUTCOMES = ("inserted", "updated", "duplicates", "quarantined", "condemned")


@dataclass
class Demo:
    """One showing. What is off is collected in `problems`, a sentence each."""

    stage: Stage
    settings: Settings
    root: Path
    folder: Path
    lane: str = "auto"
    problems: list[str] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)

    def show(self) -> DemoReport:
        """Everything, in order. The embedded AWS runs already."""
        began = time.monotonic()
        with MemoryWatch() as memory:
            deployed = self._deploy()
            files = self._prepare()
            target = find_target(Where.LOCAL, Environment.DEV, self.settings.state_dir, {})
            tenants = {name: Traveller(target, name) for name in dict.fromkeys(file.tenant for file in files)}
            travelled = self._carry(tenants, files)
            sources = self._examine(tenants, travelled)
            gold = self._gold(tenants, "Gold")
            again = self._again(tenants, travelled)
            self._compare_gold(tenants, gold)
        self.seconds["total"] = round(time.monotonic() - began, 1)
        flights = sources["skyline"]["flights"].landing_to_silver_seconds
        beyond = proof.check_targets(flights, memory.peak_mb, self.seconds["total"])
        reports = {
            name: TenantReport(sources=sources[name], gold=gold[name], dropped_again=again[name]) for name in tenants
        }
        every = [source for tenant in sources.values() for source in tenant.values()]
        return DemoReport(
            ok=not self.problems,
            problems=tuple(self.problems),
            beyond_targets=tuple(beyond),
            seconds=self.seconds,
            peak_memory_mb=memory.peak_mb,
            deployment=DeploymentReport(
                stacks=len(deployed.stacks), emulated=deployed.emulated, recorded_only=deployed.recorded_only
            ),
            totals=Totals(**{name: sum(getattr(one, name) for one in every) for name in Totals.model_fields}),
            tenants=reports,
        )

    # --- the acts

    def _deploy(self) -> DeployReport:
        assembly = self.folder / "cdk.out"
        here = {"CDK_DEFAULT_ACCOUNT": self.settings.account, "CDK_DEFAULT_REGION": self.settings.region}
        with self._timed("synth", "Synthesize the CDK app") as tell:
            settings = json.dumps({"lane": self.lane, "emr": self.lane == "emr"})
            asked = ["synth", "--all", "--quiet", "--output", str(assembly), "--context", f"settings={settings}"]
            run_cdk(self.root, asked, here, tell)
        with self._timed("deploy", "Deploy it with the CDK command to an embedded AWS") as tell:
            return deploy(self.settings, self.root, assembly=assembly, progress=tell)

    def _prepare(self) -> list[SourceFile]:
        with self._timed("prepare", "Unpack real flights, generate transactions, count their records"):
            return prepare(self.folder / "files")

    def _carry(self, tenants: dict[str, Traveller], files: list[SourceFile]) -> list[Travelled]:
        """Drop every file into its Landing: first those that others refer to. Each wave has the machine to itself."""
        travelled: list[Travelled] = []
        with self._timed("landing_to_silver", "Drop the files into Landing, follow their runs to Silver") as tell:
            orders = {name: traveller.order() for name, traveller in tenants.items()}
            for wave in range(max(map(len, orders.values()))):
                due = {(name, source) for name, order in orders.items() if wave < len(order) for source in order[wave]}
                for traveller in tenants.values():
                    traveller.await_quiet(tell)
                now = [file for file in files if (file.tenant, file.source) in due]
                dropped = [(file, tenants[file.tenant].drop(file)) for file in now]
                travelled += [tenants[file.tenant].follow(file, landed, tell) for file, landed in dropped]
        for one in travelled:
            self.problems += proof.check_run(one)
        return travelled

    def _examine(self, tenants: dict[str, Traveller], travelled: list[Travelled]) -> dict[str, dict[str, SourceReport]]:
        """Hold each run's record against the file and against its tables."""
        found: dict[str, dict[str, SourceReport]] = {name: {} for name in tenants}
        with self._timed("examine", "Count every record again, through Athena") as tell:
            for one in travelled:
                tell(one.file.label)
                traveller, label = tenants[one.file.tenant], one.file.label
                report = _source_report(traveller, one)
                found[one.file.tenant][one.file.source] = report
                held = traveller.held(one.file.source, one.run.run_id)
                codes = traveller.codes(one.file.source, one.run.run_id)
                self.problems += proof.check_sum(label, report)
                self.problems += proof.check_tables(label, report, held, codes)
                if one.file.tenant == "acme":
                    self.problems += proof.check_expected(label, report, expected())
        return found

    def _gold(self, tenants: dict[str, Traveller], name: str) -> dict[str, dict[str, GoldReport]]:
        with self._timed(name.lower(), "Wait for Gold, ask it through Athena") as tell:
            return {
                tenant: _gold_reports(traveller, traveller.await_gold(tell)) for tenant, traveller in tenants.items()
            }

    def _again(self, tenants: dict[str, Traveller], travelled: list[Travelled]) -> dict[str, dict[str, AgainReport]]:
        """Tell of each object version once more, then drop each file once more."""
        found: dict[str, dict[str, AgainReport]] = {name: {} for name in tenants}
        with self._timed("again", "Drop the same files again") as tell:
            before = {one.file.label: tenants[one.file.tenant].held(one.file.source) for one in travelled}
            told = {one.file.label: tenants[one.file.tenant].tell_again(one) for one in travelled}
            after = {one.file.label: tenants[one.file.tenant].held(one.file.source) for one in travelled}
            dropped = [(one, tenants[one.file.tenant].drop(one.file)) for one in travelled]
            for one, landed in dropped:
                traveller, label = tenants[one.file.tenant], one.file.label
                twice = traveller.follow(one.file, landed, tell)
                self.problems += proof.check_run(twice)
                again = AgainReport(
                    run_id=twice.run.run_id,
                    status=twice.run.status,
                    before=before[label],
                    after_told_again=after[label],
                    after_dropped_again=traveller.held(one.file.source),
                    runs_for_told_again=len({one.run.run_id, *told[label]}),
                    rows_in=twice.run.total("rows_in"),
                    duplicates=twice.run.total("duplicates"),
                )
                found[one.file.tenant][one.file.source] = again
                self.problems += proof.check_again(label, again)
        return found

    def _compare_gold(self, tenants: dict[str, Traveller], before: dict[str, dict[str, GoldReport]]) -> None:
        after = self._gold(tenants, "gold_again")
        for tenant in tenants:
            self.problems += proof.check_gold(tenant, before[tenant], after[tenant])

    @contextmanager
    def _timed(self, name: str, doing: str) -> Iterator[Progress]:
        began = time.monotonic()
        with self.stage.act(doing) as tell:
            yield tell
        self.seconds[name] = round(time.monotonic() - began, 1)


def _source_report(traveller: Traveller, one: Travelled) -> SourceReport:
    run: Run = one.run
    return SourceReport(
        run_id=run.run_id,
        status=run.status,
        rows_in=one.file.rows,
        **{name: run.total(name) for name in OUTCOMES},
        quarantined_by_code=run.quarantined_by_code,
        snapshots=run.snapshots,
        warnings=run.warnings,
        step_seconds=traveller.steps(run),
        landing_to_silver_seconds=one.seconds,
    )


def _gold_reports(traveller: Traveller, runs: dict[str, Run]) -> dict[str, GoldReport]:
    found = {}
    for model, run in sorted(runs.items()):
        words, sql = question(model)
        answer = traveller.ask(sql)
        counted = traveller.ask(f'SELECT COUNT(*) AS n FROM "{model}"').rows[0][0]  # noqa: S608  # a registered model's name is checked
        found[model] = GoldReport(
            rows=counted,
            snapshot=run.snapshots.get("gold", ""),
            question=words,
            columns=tuple(column.name for column in answer.columns),
            answer=plain(answer),
        )
    return found
