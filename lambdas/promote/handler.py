"""Promote: main moves to the run's snapshot, and readers are told."""

from __future__ import annotations

from aws_lambda_powertools.utilities.typing import LambdaContext

from lambdas.runtime import logger, platform, ticket_of, tracer
from medallion.steps.promote import promote


@logger.inject_lambda_context(clear_state=True)
@tracer.capture_lambda_handler(capture_response=False)
def handler(event: dict[str, object], context: LambdaContext) -> None:
    promote(platform(), ticket_of(event))
