"""The API's logger. Tenant and caller are added to each request's lines."""

from __future__ import annotations

import os

from aws_lambda_powertools import Logger, Tracer

logger = Logger(
    service="api", log_uncaught_exceptions=True, environment=os.environ.get("MEDALLION_ENVIRONMENT", "none")
)
tracer = Tracer(service="api", patch_modules=["botocore"])
