"""Which engine a run goes to."""

from __future__ import annotations

import pytest

from medallion.contracts.model import Lane
from medallion.errors import LaneNotAvailable
from medallion.steps.lanes import LARGE, SMALL, Lanes

EVERY = Lanes(frozenset({Lane.LAMBDA, Lane.GLUE, Lane.EMR}))
NO_EMR = Lanes(frozenset({Lane.LAMBDA, Lane.GLUE}))


@pytest.mark.parametrize(
    ("lanes", "size", "lane"),
    [
        (EVERY, 0, Lane.LAMBDA),
        (EVERY, SMALL, Lane.LAMBDA),
        (EVERY, SMALL + 1, Lane.GLUE),
        (EVERY, LARGE, Lane.GLUE),
        (EVERY, LARGE + 1, Lane.EMR),
        (NO_EMR, LARGE + 1, Lane.GLUE),
        (Lanes(), LARGE + 1, Lane.LAMBDA),
    ],
)
def test_lane_follows_the_bytes_when_nobody_fixed_it(lanes: Lanes, size: int, lane: Lane) -> None:
    assert lanes.choose("orders", Lane.AUTO, size) is lane


def test_source_goes_before_its_environment_when_both_name_a_lane() -> None:
    glue_first = Lanes(EVERY.available, usual=Lane.GLUE)
    assert glue_first.choose("orders", Lane.AUTO, 0) is Lane.GLUE
    assert glue_first.choose("orders", Lane.LAMBDA, LARGE + 1) is Lane.LAMBDA


def test_lane_is_refused_with_the_ones_that_there_are_when_it_is_not_deployed() -> None:
    with pytest.raises(LaneNotAvailable, match=r"orders asks for lane emr.*use glue, lambda or auto"):
        NO_EMR.choose("orders", Lane.EMR, 0)


def test_lanes_are_those_of_the_variables_when_a_function_starts() -> None:
    assert Lanes.of({}) == Lanes()
    assert Lanes.of({"MEDALLION_LANES": "lambda,glue", "MEDALLION_LANE": "glue"}) == Lanes(NO_EMR.available, Lane.GLUE)


def test_a_time_without_zone_stays_away_from_glue_4_0() -> None:
    lanes = Lanes.of({"MEDALLION_LANES": "lambda,glue,emr", "MEDALLION_GLUE_VERSION": "4.0"})
    local, zoned = ("long", "timestamp"), ("long", "timestamptz")
    assert lanes.choose("orders", Lane.AUTO, SMALL + 1, zoned) is Lane.GLUE
    assert lanes.choose("orders", Lane.AUTO, SMALL + 1, local) is Lane.LAMBDA
    assert lanes.choose("orders", Lane.AUTO, LARGE + 1, local) is Lane.EMR
    with pytest.raises(LaneNotAvailable, match=r"orders asks for lane glue.*without a zone.*use emr, lambda or auto"):
        lanes.choose("orders", Lane.GLUE, 0, local)
    newer = Lanes.of({"MEDALLION_LANES": "lambda,glue", "MEDALLION_GLUE_VERSION": "5.1"})
    assert newer.choose("orders", Lane.GLUE, 0, local) is Lane.GLUE
