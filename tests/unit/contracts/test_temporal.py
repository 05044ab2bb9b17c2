"""The patterns that dates and timestamps may have."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medallion.contracts.temporal import NotSupported, check_pattern, timestamp_bound
from medallion.plan.timestamps import parse_format

_TOKENS = [
    "yyyy",
    "MM",
    "dd",
    "HH",
    "mm",
    "ss",
    "S",
    "SSS",
    "SSSSSS",
    "X",
    "XXX",
    "-",
    ":",
    " ",
    ".",
    "'T'",
    "'Z'",
    "''",
    "'o''clock'",
]


@pytest.mark.parametrize(
    ("pattern", "zoned"),
    [
        ("yyyy-MM-dd'T'HH:mm:ssX", True),
        ("yyyy-MM-dd'T'HH:mm:ss.SSSXXX", True),
        ("yyyy-MM-dd HH:mm:ss'Z'", True),
        ("dd/MM/yyyy HH:mm", False),
        ("yyyyMMdd", False),
    ],
)
def test_the_zone_is_seen_when_the_pattern_is_supported(pattern: str, *, zoned: bool) -> None:
    assert check_pattern(pattern, clock=True) is zoned


@pytest.mark.parametrize(
    "pattern",
    [
        "",
        "yyyy-MM",
        "yy-MM-dd",
        "d.M.yyyy",
        "yyyy-MM-dd hh:mm",
        "yyyy-MM-dd HH:mm a",
        "yyyy-MM-dd'T",
        "yyyy-MM-dd[ HH:mm]",
        "yyyy-MM-ddX",
        "yyyy-MM-dd HH:mmX:ss",
        "yyyy-MM-dd 'Z' HH",
        "yyyy-MM-dd mm",
        "yyyy-MM-dd HH:ss",
        "yyyy-MM-dd HH.SSS",
        "yyyy-MM-dd HH:mm:ss.SSSSSSS",
        "yyyy-MM-dd HH:mmXX",
        "yyyy-MM-dd-dd",
        "uuuu-MM-dd",
        "yyyy-MM-dd HH:mm VV",
    ],
)
def test_a_pattern_is_refused_when_it_is_not_in_the_subset(pattern: str) -> None:
    with pytest.raises(NotSupported):
        check_pattern(pattern, clock=True)


@pytest.mark.parametrize("pattern", ["yyyy-MM-dd HH:mm", "yyyy-MM-ddX", "yyyy-MM-dd'Z'"])
def test_a_date_is_refused_when_it_has_a_time_of_day(pattern: str) -> None:
    with pytest.raises(NotSupported, match="a date has no time of day"):
        check_pattern(pattern, clock=False)


@given(st.lists(st.sampled_from(_TOKENS), max_size=7).map(lambda more: "yyyy-MM-dd" + "".join(more)))
def test_the_plan_understands_a_pattern_when_it_is_supported(pattern: str) -> None:
    try:
        zoned = check_pattern(pattern, clock=True)
    except NotSupported:
        return
    assert parse_format(pattern).has_zone is zoned


def test_a_bound_is_in_utc_when_it_has_a_zone() -> None:
    assert timestamp_bound("2026-03-01T01:30:00.5+02:00", zoned=True) == "2026-02-28 23:30:00.500000+00:00"
