"""Hold: the run waits for a person, without its lease. The state machine waits for the task token."""

from __future__ import annotations

from aws_lambda_powertools.utilities.typing import LambdaContext

from lambdas.runtime import logger, platform, ticket_of, tracer
from medallion.steps.hold import hold


@logger.inject_lambda_context(clear_state=True)
@tracer.capture_lambda_handler(capture_response=False)
def handler(event: dict[str, object], context: LambdaContext) -> None:
    hold(platform(), ticket_of(event), str(event["task_token"]))
