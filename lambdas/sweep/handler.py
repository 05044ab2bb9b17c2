"""Sweep: what broke off is started, ended or handed on, hour by hour."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from lambdas.runtime import logger, platform, tracer
from medallion.steps.sweep import sweep


@logger.inject_lambda_context(clear_state=True)
@tracer.capture_lambda_handler(capture_response=False)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, list[str]]:
    swept = sweep(platform())
    logger.info("swept", extra=swept.model_dump())
    return {name: list(ids) for name, ids in swept.model_dump().items()}
