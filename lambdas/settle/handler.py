"""Settle: the run's record ends, its metrics are counted, its lease goes on."""

from __future__ import annotations

from aws_lambda_powertools.utilities.typing import LambdaContext

from lambdas.runtime import count_run, logger, metrics, platform, ticket_of, tracer
from medallion.ledger.gate import Decision
from medallion.steps.settle import settle


@logger.inject_lambda_context(clear_state=True)
@tracer.capture_lambda_handler(capture_response=False)
@metrics.log_metrics
def handler(event: dict[str, object], context: LambdaContext) -> None:
    count_run(settle(platform(), ticket_of(event), Decision(str(event["decision"]))))
