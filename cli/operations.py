"""What takes an engine and goes no other way than directly, in this process and with this person's own permissions."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from cli.target import Target
from medallion.contracts.model import Contract, Load
from medallion.control.closings import Closing
from medallion.engines.resources import Resources
from medallion.steps import onboard
from medallion.steps.closing import close as closing
from medallion.steps.closing.close import Tell
from medallion.steps.closing.freeze import reopen
from medallion.steps.closing.model import Order, Plan
from medallion.steps.closing.verification import Verify
from medallion.steps.draft import Draft, draft
from medallion.steps.platform import Platform


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


def _platform(target: Target, tenant: str) -> Platform:
    # The engines find AWS as every AWS client does: by the process's environment.
    os.environ.update(target.variables())
    return Platform(target.tenant(tenant), target.session, Resources(region=target.layout.region))
