"""The steps of a run that a person starts, in this process and with this person's own permissions."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import UTC, datetime

from cli.target import Target
from medallion.control.items import Breaker, Run
from medallion.control.rollbacks import Rollback
from medallion.engines.duckdb.entries import Person
from medallion.engines.duckdb.session import Resources
from medallion.engines.duckdb.trial import Trial
from medallion.layout import Zone
from medallion.plan.gold import Input
from medallion.steps import what_if
from medallion.steps.breaker import close
from medallion.steps.explain import Explained, explain
from medallion.steps.hold import decide
from medallion.steps.platform import Platform
from medallion.steps.rerun import rerun
from medallion.steps.rollback import rollback


def decide_over(target: Target, tenant: str, run_id: str, *, approved: bool, by: str, reason: str) -> Run:
    """Approve or reject a held run. UnknownRun if it is not held."""
    return decide(_platform(target, tenant), run_id, approved=approved, by=by, reason=reason)


def run_again(target: Target, tenant: str, run_id: str) -> Run:
    """Start a failed or rejected run again, as its next attempt."""
    return rerun(_platform(target, tenant), run_id)


def roll_back(target: Target, tenant: str, zone: Zone, subject: str, run_id: str, *, by: str, reason: str) -> Rollback:
    """Make readers of a source or model see what they saw after that run."""
    return rollback(_platform(target, tenant), zone, subject, run_id, by=by, reason=reason)


def try_contract(target: Target, tenant: str, text: str, where: str) -> Trial:
    """What a changed contract would do. Nothing is written."""
    return what_if.try_contract(_platform(target, tenant), text, where)


def apply_contract(target: Target, tenant: str, text: str, where: str, *, by: str, reason: str) -> Run | None:
    """Make a changed contract the active one, and take its source's records through it. The backfill's run."""
    person = Person(by, reason, datetime.now(UTC))
    return what_if.apply_contract(_platform(target, tenant), text, where, person)


def explain_row(target: Target, tenant: str, table: Input, key: Mapping[str, str], *, limit: int) -> Explained:
    """What stands behind a published row. UnknownRow if there is none."""
    return explain(_platform(target, tenant), table, key, limit=limit)


def close_breaker(target: Target, tenant: str, source: str, *, by: str, reason: str) -> Breaker:
    """Close a source's breaker. BreakerNotOpen if it is not open."""
    return close(_platform(target, tenant), source, by=by, reason=reason)


def _platform(target: Target, tenant: str) -> Platform:
    # The engines find AWS as every AWS client does: by the process's environment.
    os.environ.update(target.variables())
    return Platform(target.tenant(tenant), target.session, Resources(region=target.layout.region))
