"""Every record is accounted for, whatever happens on its way."""

from __future__ import annotations

import pytest

from tests.chaos.conftest import Played
from tests.chaos.scenario import Scenario
from tests.chaos.scenarios import SCENARIOS
from tests.chaos.schedules import SCHEDULES


@pytest.mark.parametrize("scenario", [*SCENARIOS, *SCHEDULES], ids=lambda scenario: scenario.source)
def test_every_record_is_accounted_for_when(scenario: Scenario, played: Played) -> None:
    result = played.of(scenario)
    assert result.problems == [], result.notes
