"""The steps of a run that a person starts, in this process and with this person's own permissions."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from cli.quarantine.corrections import Asked
from cli.target import Target
from medallion.contracts.model import Contract, Load
from medallion.control.closings import Closing
from medallion.control.items import Breaker, Run
from medallion.control.rollbacks import Rollback
from medallion.engines.duckdb.trial import Trial
from medallion.engines.model import Corrected, Forecast
from medallion.engines.resources import Resources
from medallion.layout import Zone
from medallion.people import Person
from medallion.plan.gold import Input
from medallion.plan.quarantine import Chosen
from medallion.steps import entries, forecast, onboard, replay, what_if
from medallion.steps.breaker import close
from medallion.steps.closing import close as closing
from medallion.steps.closing.close import Tell
from medallion.steps.closing.freeze import reopen
from medallion.steps.closing.model import Order, Plan
from medallion.steps.closing.verification import Verify
from medallion.steps.draft import Draft, draft
from medallion.steps.explain import Explained, explain
from medallion.steps.hold import decide
from medallion.steps.platform import Platform
from medallion.steps.rerun import rerun
from medallion.steps.rollback import rollback

Said = tuple[str, str]
"""Who decides, and why."""


def decide_over(target: Target, tenant: str, run_id: str, *, approved: bool, by: str, reason: str) -> Run:
    """Approve or reject a held run. NotHeld if it is not."""
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


def draft_contract(
    sample: Path,
    tenant: str,
    source: str,
    *,
    key: Sequence[str],
    load: Load,
    order_by: str | None,
    header_is_sure: bool,
) -> Draft:
    """Draft a contract from a file. UnreadableSample or NotAKey where that cannot be done."""
    # The engine is asked of this machine's files alone, and no region.
    here = Resources(region="")
    return draft(sample, tenant, source, here, key=key, load=load, order_by=order_by, header_is_sure=header_is_sure)


def add_source(target: Target, tenant: str, contract: Contract, text: str) -> list[str]:
    """Make a contract its source's active one, with tables and schedules. The runs of what waited for it."""
    return onboard.add_source(_platform(target, tenant), contract, text)


def add_model(target: Target, tenant: str, name: str, text: str) -> str:
    """Keep a Gold model, and ask for its build. The build's run."""
    return onboard.add_model(_platform(target, tenant), name, text)


def explain_row(target: Target, tenant: str, table: Input, key: Mapping[str, str], *, limit: int) -> Explained:
    """What stands behind a published row. UnknownRow if there is none."""
    return explain(_platform(target, tenant), table, key, limit=limit)


def close_breaker(target: Target, tenant: str, source: str, *, by: str, reason: str) -> Breaker:
    """Close a source's breaker. BreakerNotOpen if it is not open."""
    return close(_platform(target, tenant), source, by=by, reason=reason)


def foresee_correction(target: Target, tenant: str, source: str, chosen: Chosen, asked: Asked) -> Corrected:
    """What a correction would change."""
    return entries.foresee_correction(_platform(target, tenant), source, chosen, asked.expressions, asked.records)


def correct_entries(target: Target, tenant: str, source: str, chosen: Chosen, asked: Asked, person: Said) -> int:
    """Give open entries other texts. How many changed."""
    platform = _platform(target, tenant)
    said = _person(platform, person)
    return entries.correct(platform, source, chosen, asked.expressions, said, asked.records)


def count_condemned(target: Target, tenant: str, source: str, chosen: Chosen) -> int:
    """How many entries a release would bring back."""
    return entries.condemned(_platform(target, tenant), source, chosen)


def release_entries(target: Target, tenant: str, source: str, chosen: Chosen, person: Said) -> int:
    """Bring condemned entries back. How many."""
    platform = _platform(target, tenant)
    return entries.release(platform, source, chosen, _person(platform, person))


def foresee_reprocess(target: Target, tenant: str, source: str, chosen: Chosen, asked: Asked) -> Forecast:
    """What would become of open entries, corrected so first."""
    return forecast.foresee_reprocess(_platform(target, tenant), source, chosen, asked.expressions, asked.records)


def reprocess_entries(target: Target, tenant: str, source: str, chosen: Chosen, person: Said) -> Run | None:
    """Start a run of open entries; None where there is nothing to take up."""
    platform = _platform(target, tenant)
    return replay.reprocess(platform, source, chosen, _person(platform, person))


def arrived(target: Target, tenant: str, source: str, since: datetime | None, until: datetime | None) -> list[str]:
    """The source's published objects that arrived in that time."""
    return replay.published_objects(_platform(target, tenant), source, since, until)


def foresee_backfill(target: Target, tenant: str, source: str, objects: Sequence[str]) -> Forecast:
    """What would become of the objects' records."""
    return forecast.foresee_backfill(_platform(target, tenant), source, objects)


def backfill_objects(target: Target, tenant: str, source: str, objects: Sequence[str], person: Said) -> Run | None:
    """Start a run of all records of the objects; None where there is none."""
    platform = _platform(target, tenant)
    return replay.backfill(platform, source, objects, _person(platform, person))


def plan_closing(target: Target, tenant: str, *, abandon_open: bool) -> Plan:
    """What closing the tenant would remove and keep, and what stands in the way. Nothing is written."""
    return closing.plan(_platform(target, tenant), abandon_open=abandon_open)


def close_tenant(target: Target, tenant: str, order: Order, verify: Verify, tell: Tell) -> Closing:
    """Close the tenant, or go on with it."""
    return closing.close(_platform(target, tenant), order, verify, tell)


def approve_closing(target: Target, tenant: str, *, by: str) -> Closing:
    """Agree to the tenant's closing."""
    return closing.approve(_platform(target, tenant), by)


def reopen_tenant(target: Target, tenant: str, *, by: str, reason: str) -> Closing:
    """Take the tenant's closing back. The closing as it stood."""
    return reopen(_platform(target, tenant), by, reason)


def _person(platform: Platform, said: Said) -> Person:
    return Person(*said, platform.clock())


def _platform(target: Target, tenant: str) -> Platform:
    # The engines find AWS as every AWS client does: by the process's environment.
    os.environ.update(target.variables())
    return Platform(target.tenant(tenant), target.session, Resources(region=target.layout.region))
