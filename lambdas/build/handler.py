"""Build: a Gold model's result is written to the run's branch; or the order for a large lane's job."""

from __future__ import annotations

from aws_lambda_powertools.utilities.typing import LambdaContext

from lambdas.runtime import logger, platform, ticket_of, tracer
from medallion.steps.build import build


@logger.inject_lambda_context(clear_state=True)
@tracer.capture_lambda_handler(capture_response=False)
def handler(event: dict[str, object], context: LambdaContext) -> dict[str, object]:
    ticket = ticket_of(event)
    with platform().metered(ticket.run_id):
        return build(platform(), ticket).model_dump(mode="json")
