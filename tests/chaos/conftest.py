"""One deployment for all scenarios; they are played side by side, each on a source of its own."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import pytest

from local.settings import Settings
from tests.chaos import tenant
from tests.chaos.scenario import Result, Scenario, play
from tests.chaos.switchboard import Switchboard
from tests.integration.local.conftest import free_port
from tests.integration.pipeline.deployed import PROJECT, Deployed, deployment

SIDE_BY_SIDE = 8
"""Scenarios at once: as many as keep two cores busy, for each waits more than it works."""

REPORT = PROJECT / "build/chaos.json"


@dataclass(frozen=True)
class Played:
    """The scenarios' results, each once it is there."""

    results: dict[str, Future[Result]]

    def of(self, scenario: Scenario) -> Result:
        return self.results[scenario.name].result()


@pytest.fixture(scope="session")
def chosen(request: pytest.FixtureRequest) -> list[Scenario]:
    """The scenarios whose tests were selected, in their order."""
    asked = [item.callspec.params["scenario"] for item in request.session.items if hasattr(item, "callspec")]
    return [one for one in asked if isinstance(one, Scenario)]


@pytest.fixture(scope="session")
def faulty(tmp_path_factory: pytest.TempPathFactory, chosen: list[Scenario]) -> Iterator[Settings]:
    folder = tmp_path_factory.mktemp("chaos")
    sources = {one.source: one.settings for one in chosen}
    assert len(sources) == len(chosen), "two scenarios share a source"
    tenants = tenant.write(folder / "tenants", sources, frozenset(one.source for one in chosen if one.modelled))
    settings = Settings(state_dir=folder / "state", port=free_port(), faults=True, lambda_slots=5, lambda_idle=24)
    with pytest.MonkeyPatch.context() as patch:
        # A state machine's waits between tries are as long as its file says times this.
        patch.setenv("SFN_WAIT_SCALE", "0.5")
        with deployment(settings, tenants):
            yield settings


@pytest.fixture(scope="session")
def played(faulty: Settings, chosen: list[Scenario]) -> Iterator[Played]:
    results: dict[str, Future[Result]] = {one.name: Future() for one in chosen}
    # boto3's sessions are not for two threads.
    of_thread = threading.local()

    def run(scenario: Scenario) -> None:
        if not hasattr(of_thread, "deployed"):
            of_thread.deployed = Deployed.on(faulty, tenant.TENANT)
        results[scenario.name].set_result(play(scenario, of_thread.deployed, Switchboard(faulty)))
        _report([future.result() for future in results.values() if future.done()])

    def one_after_the_other(scenarios: list[Scenario]) -> None:
        for scenario in scenarios:
            run(scenario)

    with ThreadPoolExecutor(1) as conductor:

        def conduct() -> None:
            with ThreadPoolExecutor(SIDE_BY_SIDE) as players:
                list(players.map(run, [one for one in chosen if not one.alone]))
            one_after_the_other([one for one in chosen if one.alone])

        conductor.submit(conduct)
        yield Played(results)


def _report(results: list[Result]) -> None:
    totals = {name: sum(getattr(one, name) for one in results) for name in ("lost", "doubled", "half_published")}
    REPORT.parent.mkdir(exist_ok=True)
    REPORT.write_text(json.dumps({**totals, "scenarios": [one.told() for one in results]}, indent=1) + "\n")
