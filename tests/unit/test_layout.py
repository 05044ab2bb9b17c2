"""Names lead back to what they name."""

from __future__ import annotations

import pytest

from medallion.layout import Environment, EnvironmentLayout, branch, run_of


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


@pytest.mark.parametrize(
    ("stack", "tenant"),
    [
        ("medallion-dev-acme-pipeline", "acme"),
        ("medallion-dev-shared", None),
        ("medallion-dev-api", None),
        ("medallion-prod-acme-pipeline", None),
        ("medallion-dev-acme-else", None),
        ("CDKToolkit", None),
    ],
)
def test_tenant_is_told_by_its_stacks_when_an_account_lists_all(stack: str, tenant: str | None) -> None:
    layout = EnvironmentLayout(Environment.DEV, "000000000000", "eu-west-1")
    assert layout.tenant_of_stack(stack) == tenant
