"""The steps of a run that a person starts, in this process and with this person's own permissions."""

from __future__ import annotations

from cli.target import Target
from medallion.control.items import Run
from medallion.engines.duckdb.session import Resources
from medallion.steps.hold import decide
from medallion.steps.platform import Platform
from medallion.steps.rerun import rerun


def decide_over(target: Target, tenant: str, run_id: str, *, approved: bool, by: str, reason: str) -> Run:
    """Approve or reject a held run. UnknownRun if it is not held."""
    return decide(_platform(target, tenant), run_id, approved=approved, by=by, reason=reason)


def run_again(target: Target, tenant: str, run_id: str) -> Run:
    """Start a failed or rejected run again, as its next attempt."""
    return rerun(_platform(target, tenant), run_id)


def _platform(target: Target, tenant: str) -> Platform:
    return Platform(target.tenant(tenant), target.session, Resources(region=target.layout.region))
