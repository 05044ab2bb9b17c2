"""Authorize: whose key a request carries. API Gateway asks before anything else runs, and counts by what it is told."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from functools import cache
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from medallion.control.keys import OPERATORS, ApiKey, ApiKeys, Token
from medallion.control.table import ControlTable
from medallion.layout import Environment, EnvironmentLayout, TenantLayout

logger = Logger(log_uncaught_exceptions=True, environment=os.environ["MEDALLION_ENVIRONMENT"])


class Unauthorized(Exception):
    """API Gateway answers 401 where an authorizer fails with this very word."""


@cache
def _layout() -> EnvironmentLayout:
    variables = os.environ
    environment = Environment(variables["MEDALLION_ENVIRONMENT"])
    return EnvironmentLayout(environment, variables["MEDALLION_ACCOUNT"], variables["AWS_REGION"])


@cache
def _table() -> ControlTable:
    return ControlTable.named(_layout().control_table, _layout().region)


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    token = Token.read(event["authorizationToken"].removeprefix("Bearer "))
    key = None if token is None else ApiKeys(_table(), token.owner).find(token.key_id)
    if token is None or key is None or not key.opens(token.secret, datetime.now(UTC)):
        logger.info("refused", extra={"key_id": None if token is None else token.key_id})
        raise Unauthorized("Unauthorized")
    return _admission(key, event["methodArn"])


def _admission(key: ApiKey, method_arn: str) -> dict[str, Any]:
    """The whole stage is open to a valid key: what its role may do there, the API itself says."""
    api, stage, *_ = method_arn.split("/")
    layout = _layout()
    of_operators = key.owner == OPERATORS
    counted_by = layout.operators_usage_key if of_operators else TenantLayout.of(layout, key.owner).usage_key
    return {
        "principalId": f"{key.owner}/{key.key_id}",
        "policyDocument": {
            "Version": "2012-10-17",
            "Statement": [{"Action": "execute-api:Invoke", "Effect": "Allow", "Resource": f"{api}/{stage}/*"}],
        },
        "context": {
            "owner": key.owner,
            "role": key.role.value,
            "key_id": key.key_id,
            "name": key.name,
            "holder": key.held_by,
        },
        "usageIdentifierKey": counted_by,
    }
