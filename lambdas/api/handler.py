"""The API's function: API Gateway's events through the app."""

from __future__ import annotations

import os
from typing import Any

from mangum import Mangum
from mangum.types import LambdaContext

from lambdas.api.app import make_app
from lambdas.api.problems import MEDIA_TYPE
from lambdas.api.runtime import logger
from lambdas.api.tenancy import AssumedTenancy
from medallion.layout import Environment, EnvironmentLayout

_BY_IAM = "/iam"
"""Below it API Gateway lets in who signs with IAM, to the same routes."""

_layout = EnvironmentLayout(
    Environment(os.environ["MEDALLION_ENVIRONMENT"]), os.environ["MEDALLION_ACCOUNT"], os.environ["AWS_REGION"]
)
_serve = Mangum(
    make_app(AssumedTenancy(_layout)),
    lifespan="off",
    api_gateway_base_path=_BY_IAM,
    text_mime_types=["text/", "application/json", MEDIA_TYPE],
)


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    about = event.get("requestContext", {})
    logger.append_keys(request=about.get("requestId"), caller=(about.get("authorizer") or {}).get("key_id"))
    return dict(_serve(event, context))
