"""Acquire: the run gets its lease, or a place in the queue. The state machine waits for the task token."""

from __future__ import annotations

from aws_lambda_powertools.utilities.typing import LambdaContext

from lambdas.runtime import logger, platform, ticket_of, tracer
from medallion.steps.lease import acquire


@logger.inject_lambda_context(clear_state=True)
@tracer.capture_lambda_handler(capture_response=False)
def handler(event: dict[str, object], context: LambdaContext) -> None:
    acquire(platform(), ticket_of(event), str(event["task_token"]))
