"""Gate: the committed evidence is counted and judged."""

from __future__ import annotations

from aws_lambda_powertools.utilities.typing import LambdaContext

from lambdas.runtime import logger, platform, ticket_of, tracer
from medallion.steps.gate import gate


@logger.inject_lambda_context(clear_state=True)
@tracer.capture_lambda_handler(capture_response=False)
def handler(event: dict[str, object], context: LambdaContext) -> dict[str, str]:
    ticket = ticket_of(event)
    with platform().metered(ticket.run_id):
        judgement = gate(platform(), ticket)
    logger.info("judged", extra={"decision": judgement.decision, "reasons": judgement.reasons})
    return {"decision": judgement.decision}
