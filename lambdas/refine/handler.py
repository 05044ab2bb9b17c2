"""Refine: Landing → Bronze, Silver on the run's branch, quarantine; says in which lane the run goes on."""

from __future__ import annotations

from aws_lambda_powertools.utilities.typing import LambdaContext

from lambdas.runtime import logger, platform, ticket_of, tracer
from medallion.contracts.model import Lane
from medallion.errors import LaneNotAvailable
from medallion.steps.refine import refine


@logger.inject_lambda_context(clear_state=True)
@tracer.capture_lambda_handler(capture_response=False)
def handler(event: dict[str, object], context: LambdaContext) -> dict[str, str]:
    ticket = ticket_of(event)
    if ticket.lane not in (Lane.LAMBDA, Lane.AUTO):
        raise LaneNotAvailable(
            f"source {ticket.subject} asks for lane {ticket.lane}, which this deployment does not have; "
            "set its lane to auto or lambda"
        )
    refine(platform(), ticket)
    return {"lane": Lane.LAMBDA}
