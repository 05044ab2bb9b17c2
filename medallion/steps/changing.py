"""What a person changes of sources, contracts, schedules and models that takes the tenant's own function."""

from __future__ import annotations

from typing import Any

from medallion.control.operations import Operation
from medallion.steps.activate import activate
from medallion.steps.asked import ActivateAsked, TryAsked
from medallion.steps.build import ask_for_build
from medallion.steps.operations import asked_by
from medallion.steps.platform import Platform
from medallion.steps.schedules import Setting, set_schedule
from medallion.steps.sources import start_what_waits
from medallion.steps.what_if import try_contract

Result = dict[str, Any]


def activate_contract(platform: Platform, operation: Operation) -> Result:
    """Make an approved proposal the source's contract. Found active, it is looked after and left."""
    asked = ActivateAsked.model_validate(operation.asked)
    done = activate(platform, operation.subject, asked.proposal_id, asked_by(operation))
    return done.model_dump(mode="json")


def foresee_contract(platform: Platform, operation: Operation) -> Result:
    """What a contract would make of everything that its source has published."""
    asked = TryAsked.model_validate(operation.asked)
    return try_contract(platform, asked.text, "the contract").model_dump(mode="json")


def apply_schedule(platform: Platform, operation: Operation) -> Result:
    """Set a source's schedule, here and at EventBridge Scheduler. Found set by this request, it is applied again."""
    setting = Setting.model_validate(operation.asked)
    return set_schedule(platform, operation.subject, setting, asked_by(operation)).model_dump(mode="json")


def start_waiting(platform: Platform, operation: Operation) -> Result:
    """Start runs of what waited while the source was paused."""
    return {"run_ids": start_what_waits(platform, operation.subject, operation.created_at)}


def build_model(platform: Platform, operation: Operation) -> Result:
    """Have a model built. While a build waits, it is that one."""
    return {"run_id": ask_for_build(platform, operation.subject)}
