"""A source that is registered, once."""

from __future__ import annotations

from medallion.contracts.model import Lane, Trigger
from medallion.control.items import Source
from medallion.control.plane import ControlPlane


def save_source(control: ControlPlane, name: str = "orders") -> None:
    source = Source(
        name=name,
        contract_version="1.0.0",
        ruleset="r",
        trigger=Trigger.ON_ARRIVAL,
        lane=Lane.AUTO,
        approval="automatic",
    )
    control.activate(source, None, None)
