"""Names lead back to what they name."""

from __future__ import annotations

import pytest

from medallion.layout import branch, run_of


@pytest.mark.parametrize(
    ("name", "run"),
    [
        (branch("20260101t001200-774f9196e26e"), "20260101t001200-774f9196e26e"),
        ("run_20260101t001200-774f9196e26e_aside", "20260101t001200-774f9196e26e"),
        ("main", None),
        ("current", None),
    ],
)
def test_run_is_told_by_its_branches_when_its_job_left_one_beside(name: str, run: str | None) -> None:
    assert run_of(name) == run
