"""What stands in a tenant's folder, made live without a deployment: by the functions that seeding calls."""

from __future__ import annotations

from medallion.contracts.model import Contract
from medallion.errors import KeptOut
from medallion.steps.batch import start_waiting
from medallion.steps.build import ask_for_build
from medallion.steps.models import check_inputs, keep_model
from medallion.steps.platform import Platform
from medallion.steps.seed import register_version


def add_source(platform: Platform, contract: Contract, text: str) -> list[str]:
    """Register the contract, with the tables and schedules of its source, and start what waited for it. Those runs.

    KeptOut where the control table has another version by now, and keeps it.
    """
    if kept_out := register_version(platform, contract, text):
        raise KeptOut(f"{'; '.join(kept_out)}. Raise the version in the folder, or look at what is active")
    live = platform.control.source(contract.source)
    return start_waiting(platform, live) if live.at_once and live.pause is None else []


def add_model(platform: Platform, name: str, text: str) -> str:
    """Keep the Gold model's text, and have it built from what is published already. The build's id.

    InvalidModel where it reads what this tenant does not have, KeptOut where a person set another text.
    """
    check_inputs(platform, name, text)
    if kept_out := keep_model(platform, name, text):
        raise KeptOut(f"{'; '.join(kept_out)}. Give the folder that text, or set the model anew")
    return ask_for_build(platform, name)
