"""A scenario as data, how it is played, and what came of it."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from medallion.layout import Task
from tests.chaos.chain import broken
from tests.chaos.checker import Checker, Verdict
from tests.chaos.points import Point
from tests.chaos.reader import Reader
from tests.chaos.stage import Stage
from tests.chaos.steps import Step
from tests.chaos.switchboard import Switchboard
from tests.integration.pipeline.deployed import Deployed

PROMOTED = "promoted"


@dataclass(frozen=True)
class Scenario:
    """What happens to a source of its own, where it is hit, and how it must stand in the end.

    `ends`: each object's run (promoted unless named); `records`: the source's records by outcome over all promoted
    runs; `settings`: the source's contract settings. `alone`: its faults cannot be kept to its own source. `story`: the
    steps in words, where a machine made them; its points need not all be met.
    """

    name: str
    steps: tuple[Step, ...]
    records: Mapping[str, int]
    points: tuple[Point, ...] = ()
    ends: Mapping[str, str] = field(default_factory=dict)
    settings: Mapping[str, str] = field(default_factory=dict)
    clocks: Mapping[str, float] = field(default_factory=dict)
    timeouts: Mapping[str, int] = field(default_factory=dict)
    modelled: bool = False
    story: str = ""

    @property
    def alone(self) -> bool:
        return bool(self.clocks or self.timeouts)

    @property
    def source(self) -> str:
        """The source's name, from the scenario's."""
        return "".join(letter if letter.isalnum() else "_" for letter in self.name.lower())[:57].strip("_")

    @property
    def crash_point(self) -> str:
        named = [f"{point.name} ({point.says})" for point in self.points]
        named += [f"clock of {task} {seconds:+.0f} s" for task, seconds in self.clocks.items()]
        return self.story or "; ".join(named) or "none"


@dataclass
class Result:
    """What came of a scenario: a line of build/chaos.json."""

    name: str
    crash_point: str
    outcome: str = ""
    lost: int = 0
    doubled: int = 0
    half_published: int = 0
    reruns: int = 0
    polls: int = 0
    seconds: float = 0.0
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def told(self) -> dict[str, Any]:
        return asdict(self)


def play(scenario: Scenario, deployed: Deployed, faults: Switchboard) -> Result:
    """Play the scenario and check it. Whatever goes wrong is in the result."""
    if scenario.timeouts:
        with _shortened(scenario.timeouts, deployed):
            return play(replace(scenario, timeouts={}), deployed, faults)
    begun = time.monotonic()
    result = Result(scenario.name, scenario.crash_point)
    stage = Stage(deployed, faults, scenario.source)
    catalog = deployed.catalog
    reader = Reader(catalog, deployed.client("glue"), deployed.client("s3"), deployed.layout, scenario.source)
    checker = Checker(catalog, deployed.layout, scenario.source)
    try:
        with reader:
            faults.set(
                *(point.rule(scenario.source) for point in scenario.points),
                clocks={f"*-{task}": seconds for task, seconds in scenario.clocks.items()},
            )
            for step in scenario.steps:
                step(stage)
            stage.recovered()
            if scenario.modelled:
                stage.built(checker.gold)
        runs = stage.runs()
        verdict = checker.check(stage.given.values(), runs, reader, stage.lease())
        verdict.problems += checker.gold() if scenario.modelled else []
        verdict.problems += broken(deployed.layout, scenario.source, reader.s3, stage.table, runs)
        _judge(scenario, stage, verdict, result)
    except Exception as failed:  # noqa: BLE001  # one scenario's end is not the others'
        result.problems.append(f"{type(failed).__name__}: {failed}")
    finally:
        missed = (
            []
            if scenario.story
            else [
                name for name, count in faults.fired().items() if name.startswith(f"{scenario.source}:") and not count
            ]
        )
        result.problems += [f"nothing met the point {name.partition(':')[2]!r}" for name in missed]
        faults.clear(f"{scenario.source}:*")
        for task in scenario.clocks:
            faults.clear(f"*-{task}")
    result.polls = reader.polls
    result.notes = stage.notes
    result.reruns = max(stage.reruns.values(), default=0)
    result.seconds = round(time.monotonic() - begun, 1)
    return result


@contextmanager
def _shortened(timeouts: Mapping[str, int], deployed: Deployed) -> Iterator[None]:
    """Give the tasks' Lambdas so many seconds only."""
    functions = deployed.client("lambda")
    names = {task: deployed.layout.function(Task(task)) for task in timeouts}
    usual = {task: functions.get_function_configuration(FunctionName=name)["Timeout"] for task, name in names.items()}
    try:
        for task, seconds in timeouts.items():
            functions.update_function_configuration(FunctionName=names[task], Timeout=seconds)
        yield
    finally:
        for task, seconds in usual.items():
            functions.update_function_configuration(FunctionName=names[task], Timeout=seconds)


def _judge(scenario: Scenario, stage: Stage, verdict: Verdict, result: Result) -> None:
    result.lost, result.doubled, result.half_published = verdict.lost, verdict.doubled, verdict.half_published
    result.problems += verdict.problems
    if result.lost or result.doubled:
        result.problems.append(f"{result.lost} records lost, {result.doubled} doubled")
    stood = {name: count for name, count in verdict.totals.items() if count}
    if stood != dict(scenario.records):
        result.problems.append(f"the records are {stood}, expected {dict(scenario.records)}")
    ends = {name: str(stage.settled(name).status) for name in stage.given}
    expected = {name: scenario.ends.get(name, PROMOTED) for name in stage.given}
    if ends != expected:
        result.problems.append(f"the runs ended {ends}, expected {expected}")
    if any(count > 1 for count in stage.reruns.values()):
        result.problems.append("a run was done again more than once")
    how = "by itself"
    if stage.swept:
        how = "swept in"
    if any(stage.reruns.values()):
        how = "after one rerun"
    result.outcome = f"{', '.join(sorted(set(ends.values())))} {how}"
