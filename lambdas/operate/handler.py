"""Operate: what a person asked the API for is done, and what came of it is kept."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from lambdas.operate.verification import verify_ledger
from lambdas.runtime import logger, platform, tracer
from medallion.steps.operate import operate
from medallion.steps.operations import OperationKind


@logger.inject_lambda_context(clear_state=True)
@tracer.capture_lambda_handler(capture_response=False)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, str]:
    operation_id = str(event["operation_id"])
    logger.append_keys(operation_id=operation_id)
    done = operate(platform(), operation_id, {OperationKind.VERIFY_LEDGER: verify_ledger})
    about = {"kind": done.kind, "subject": done.subject, "status": done.status, "problem": done.problem_kind}
    logger.info("operated", extra=about)
    return {"operation_id": operation_id, "status": done.status}
