"""Trigger: an object arrived in Landing, or a source's window or schedule is due."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from lambdas.runtime import logger, platform, tracer
from medallion.steps.trigger import ArrivedObject, on_arrival, on_schedule, on_window


@logger.inject_lambda_context(clear_state=True)
@tracer.capture_lambda_handler(capture_response=False)
def handler(event: dict[str, Any], context: LambdaContext) -> list[str]:
    if event.get("scheduled"):
        logger.append_keys(source=event["source"])
        due = datetime.fromisoformat(event["time"]) if "time" in event else None
        return _told(on_schedule(platform(), event["source"], due))
    if event.get("window"):
        logger.append_keys(source=event["source"])
        return _told(on_window(platform(), event["source"]))
    told = event["detail"]["object"]
    arrived = ArrivedObject(
        key=told["key"],
        version=told.get("version-id") or told["etag"],
        size=told["size"],
        sequencer=told.get("sequencer", ""),
        arrived_at=datetime.fromisoformat(event["time"]),
    )
    logger.append_keys(source=platform().layout.source_of(arrived.key))
    run_id = on_arrival(platform(), arrived)
    return _told([run_id] if run_id else [])


def _told(runs: list[str]) -> list[str]:
    logger.info("claimed", extra={"runs": runs})
    return runs
