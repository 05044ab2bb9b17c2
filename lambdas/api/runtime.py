"""The API's logger. Tenant and caller are added to each request's lines.

No tracer: X-Ray's package takes as long to start as half of all else, and Lambda traces each request by itself.
"""

from __future__ import annotations

import os

from aws_lambda_powertools import Logger

logger = Logger(
    service="api", log_uncaught_exceptions=True, environment=os.environ.get("MEDALLION_ENVIRONMENT", "none")
)
