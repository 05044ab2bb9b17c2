"""Fail, and Reject: the run ends without publishing; nothing half-done stays visible."""

from __future__ import annotations

from aws_lambda_powertools.utilities.typing import LambdaContext

from lambdas.runtime import count_run, logger, metrics, platform, ticket_of, tracer
from medallion.steps.failure import Failure, job_log
from medallion.steps.settle import abandon


@logger.inject_lambda_context(clear_state=True)
@tracer.capture_lambda_handler(capture_response=False)
@metrics.log_metrics
def handler(event: dict[str, object], context: LambdaContext) -> dict[str, str]:
    ticket, failure = ticket_of(event), Failure.model_validate(event["failure"])
    reason = failure.said(platform().control.run(ticket.run_id))
    run = abandon(platform(), ticket, failure.status, reason, job_log(platform(), failure))
    logger.error("ended", extra={"status": run.status, "reason": run.reason})
    count_run(run)
    return {"status": run.status, "reason": run.reason}
