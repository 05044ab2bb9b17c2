"""Coalesce: what was published asks for the builds of the Gold models that read it."""

from __future__ import annotations

from aws_lambda_powertools.utilities.data_classes import EventBridgeEvent, event_source
from aws_lambda_powertools.utilities.typing import LambdaContext

from lambdas.runtime import logger, platform, tracer
from medallion.layout import Zone
from medallion.steps.build import coalesce


@logger.inject_lambda_context(clear_state=True)
@tracer.capture_lambda_handler(capture_response=False)
@event_source(data_class=EventBridgeEvent)
def handler(event: EventBridgeEvent, context: LambdaContext) -> list[str]:
    zone, name = (
        (Zone.SILVER, event.detail["source"]) if "source" in event.detail else (Zone.GOLD, event.detail["model"])
    )
    return coalesce(platform(), zone, name)
