"""An object arrived, or a source's window or schedule is due: claim the objects, and start their runs once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from medallion.control.items import ObjectClaim
from medallion.errors import UnknownSource
from medallion.layout import Zone, source_file_id
from medallion.steps.batch import (
    MANIFEST,
    ArrivedObject,
    Manifest,
    ManifestObject,
    refuse,
    resume,
    run_id_of,
    start_alone,
    start_execution,
    start_if_full,
    start_waiting,
)
from medallion.steps.platform import Platform
from medallion.steps.schedules import too_late

__all__ = ["MANIFEST", "ArrivedObject", "Manifest", "ManifestObject", "run_id_of", "start_execution"]


def on_arrival(platform: Platform, arrived: ArrivedObject) -> str | None:
    """Claim the object and start its run, if it is to have one of its own or fills a batch. The run's id, or None while
    the object waits, as all do while their source is paused.

    An object of an unknown source is a refused run: visible, with its reason. It waits until its source is registered
    and due. TenantFrozen, and the object stays as it is in Landing, while the tenant is being closed.
    """
    platform.control.refuse_if_frozen()
    claim = platform.control.claim(_claim(platform, arrived))
    try:
        source = platform.control.source(claim.source)
    except UnknownSource as unknown:
        return refuse(platform, claim, str(unknown), final=False)
    if source.pause is not None:
        return claim.run_id
    if claim.run_id is not None:
        return resume(platform, claim.run_id, source)
    if source.at_once:
        return start_alone(platform, source, claim)
    return start_if_full(platform, source) if source.on_arrival else None


def on_window(platform: Platform, source_name: str) -> list[str]:
    """Start the runs of every object of the source that waits, unless it is paused."""
    platform.control.refuse_if_frozen()
    source = platform.control.source(source_name)
    return start_waiting(platform, source) if source.pause is None else []


def on_schedule(platform: Platform, source_name: str, due: datetime | None = None) -> list[str]:
    """Start the runs of every object of the source that waits: those whose event never came are found by listing
    Landing. None are started while the source is paused.

    `due` is the moment at which the schedule was due. One that is told of too late is left out, where the schedule
    catches up with nothing.
    """
    control, now = platform.control, platform.clock()
    control.refuse_if_frozen()
    source = control.source(source_name)
    for page in _listed(platform, source_name):
        known = {claim.source_file_id for claim in control.claims_among(source_name, list(page))}
        for identity in page.keys() - known:
            control.claim(page[identity])
    if source.pause is not None:
        return []
    schedule = control.schedules.of(source_name)
    left_out = schedule is not None and due is not None and too_late(schedule, due, now)
    started = [] if left_out else start_waiting(platform, source)
    # Last, so that a moment whose work broke off is one that was missed.
    control.schedules.settle(source_name, due or now)
    return started


def _claim(platform: Platform, arrived: ArrivedObject) -> ObjectClaim:
    return ObjectClaim(
        source_file_id=source_file_id(platform.layout.bucket(Zone.LANDING), arrived.key, arrived.version),
        source=platform.layout.source_of(arrived.key),
        **arrived.model_dump(),
    )


def _listed(platform: Platform, source: str) -> Iterator[dict[str, ObjectClaim]]:
    """The source's object versions in Landing, a thousand at a time, by their identity."""
    pages = platform.s3.get_paginator("list_object_versions").paginate(
        Bucket=platform.layout.bucket(Zone.LANDING), Prefix=platform.layout.landing_key(source, "")
    )
    for page in pages:
        found = [
            ArrivedObject(key=one["Key"], version=one["VersionId"], size=one["Size"], arrived_at=one["LastModified"])
            for one in page.get("Versions", [])
        ]
        yield {claim.source_file_id: claim for claim in (_claim(platform, one) for one in found)}
