"""What a month costs: by what was counted, and by the same prices as docs/cost.md."""

from __future__ import annotations

import math
from datetime import date, timedelta
from pathlib import Path

import pytest

from medallion.control.items import Run, RunKind, RunStatus
from medallion.control.usage import Used, used
from medallion.errors import InvalidPeriod
from medallion.prices import Prices
from medallion.steps.cost import NOT_INCLUDED, cost_of, usage_between
from tests.unit.control.waiting import NOW, InMemory

PAGE = (Path(__file__).parents[3] / "docs" / "cost.md").read_text(encoding="utf-8")
TODAY = NOW.date()


@pytest.fixture
def platform() -> InMemory:
    return InMemory.at()


def ran(platform: InMemory, run_id: str, status: RunStatus, mb_seconds: int = 0, lane: str = "lambda") -> None:
    run = Run(run_id=run_id, kind=RunKind.INGEST, subject="orders", created_at=NOW, lane=lane)
    platform.control.create_run(run)
    platform.control.end(run_id, status, NOW, mb_seconds=mb_seconds)


def dollars(platform: InMemory, service: str, month: date = TODAY) -> float:
    return sum(one.dollars for one in cost_of(platform, month).lines if one.service == service)


def test_a_tenant_costs_what_stands_when_nothing_was_done(platform: InMemory) -> None:
    cost = cost_of(platform, TODAY)
    assert (cost.month, cost.until, cost.not_included) == (f"{TODAY:%Y-%m}", TODAY, NOT_INCLUDED)
    used_lines = [one for one in cost.lines if one.service != "idle"]
    assert not any(one.dollars for one in used_lines)
    # In dev no alarms stand; a month that goes on counts as far as it has come.
    whole = sum(Prices.read().idle(0, alarms=False).values())
    assert math.isclose(cost.total, whole * TODAY.day / 30, rel_tol=1e-4)


def test_runs_cost_their_functions_steps_and_jobs_when_they_ended(platform: InMemory) -> None:
    price = Prices.read()
    ran(platform, "r1", RunStatus.PROMOTED, mb_seconds=1024 * 1000)
    ran(platform, "r2", RunStatus.FAILED)
    ran(platform, "r3", RunStatus.PROMOTED, lane="glue")
    refused = Run(run_id="r4", kind=RunKind.INGEST, subject="x", created_at=NOW, status=RunStatus.REFUSED)
    platform.control.create_run(refused)
    assert math.isclose(dollars(platform, "AWS Step Functions"), 3 * 12 * price["step_functions_transition"])
    assert math.isclose(dollars(platform, "AWS Glue"), price.least_glue_job, rel_tol=1e-3)
    assert math.isclose(
        dollars(platform, "AWS Lambda"), 1000 * price["lambda_gb_second"] + 3 * price.of_run["AWS Lambda"], rel_tol=1e-3
    )


def test_queries_cost_what_they_scanned_when_they_did_not_fail(platform: InMemory) -> None:
    table = platform.table
    for of, read in (("succeeded", 2**40), ("failed", 2**40), ("cancelled", 0)):
        table.add(used(platform.layout.tenant, TODAY, Used.QUERY, of, read=read))
    assert math.isclose(dollars(platform, "Amazon Athena"), Prices.read()["athena_tb"])


def test_a_month_that_has_not_begun_has_no_cost(platform: InMemory) -> None:
    with pytest.raises(InvalidPeriod, match="has not begun"):
        cost_of(platform, TODAY + timedelta(days=40))


@pytest.mark.parametrize(("first", "last"), [(0, -1), (0, 366)])
def test_usage_is_told_of_a_year_at_most(platform: InMemory, first: int, last: int) -> None:
    with pytest.raises(InvalidPeriod, match="ask about 1 to 366 days"):
        usage_between(platform, TODAY + timedelta(days=first), TODAY + timedelta(days=last))


def test_the_page_says_the_prices_and_what_is_idle() -> None:
    """`make bench` writes it from what it measured; what needs no measurement is held to the code here."""
    price = Prices.read()
    for name, value in price.of.items():
        assert f"| {name.replace('_', ' ')} | {f'{value:.10f}'.rstrip('0').rstrip('.')} |" in PAGE
    for what, cost in price.idle(5).items():
        assert f"| {what} | {cost:.2f} |" in PAGE
    assert f"A run costs {sum(price.of_run.values()):.5f} before its first record" in PAGE
