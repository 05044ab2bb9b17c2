"""A tenant's platform in the tenant's own role, with a session policy that narrows it to what the caller may do.

A fault in a route cannot reach another tenant: the credentials that it works with cannot.
"""

from __future__ import annotations

import json
from collections import OrderedDict
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import boto3
from botocore.exceptions import ClientError

from lambdas.api.session_policy import session_policy
from medallion.control.keys import Role
from medallion.engines.resources import Resources
from medallion.errors import UnknownTenant
from medallion.layout import EnvironmentLayout, TenantLayout
from medallion.steps.platform import Platform
from medallion.steps.uploads import TERM

if TYPE_CHECKING:
    from mypy_boto3_ssm import SSMClient
    from mypy_boto3_sts import STSClient

_LIFE = timedelta(minutes=35)
_LEFT = TERM + timedelta(minutes=1)
"""What a session must have left for a request: a form for an upload is good for no longer than what signed it."""
_KEPT = 64


class AssumedTenancy:
    """Tenants' platforms, each in a session of the tenant's API role, kept for as long as its credentials last."""

    def __init__(self, layout: EnvironmentLayout) -> None:
        self._layout = layout
        self._sts: STSClient = boto3.client("sts", region_name=layout.region)
        self._sessions: OrderedDict[tuple[str, Role], tuple[datetime, Platform]] = OrderedDict()

    def platform(self, tenant: str, role: Role) -> Platform:
        now = datetime.now(UTC)
        expires_at, kept = self._sessions.get((tenant, role), (now, None))
        if kept is not None and expires_at - now > _LEFT:
            self._sessions.move_to_end((tenant, role))
            return kept
        made = self._assumed(TenantLayout.of(self._layout, tenant), role)
        self._sessions[tenant, role] = made
        while len(self._sessions) > _KEPT:
            self._sessions.popitem(last=False)
        return made[1]

    def tenants(self) -> list[str]:
        ssm: SSMClient = boto3.client("ssm", region_name=self._layout.region)
        pages = ssm.get_paginator("get_parameters_by_path").paginate(Path=self._layout.tenants_path)
        return sorted(one["Name"].rpartition("/")[2] for page in pages for one in page["Parameters"])

    def _assumed(self, layout: TenantLayout, role: Role) -> tuple[datetime, Platform]:
        try:
            answer = self._sts.assume_role(
                RoleArn=layout.api_role_arn,
                RoleSessionName=f"api-{role}",
                Policy=json.dumps(session_policy(layout, role), separators=(",", ":")),
                DurationSeconds=int(_LIFE.total_seconds()),
            )
        except ClientError as refused:
            # STS tells a role that is not there from one that may not be assumed as little as we do.
            if refused.response["Error"]["Code"] in ("AccessDenied", "AccessDeniedException", "NoSuchEntity"):
                raise UnknownTenant(f"tenant {layout.tenant!r} does not exist in this environment") from None
            raise
        found = answer["Credentials"]
        session = boto3.Session(
            aws_access_key_id=found["AccessKeyId"],
            aws_secret_access_key=found["SecretAccessKey"],
            aws_session_token=found["SessionToken"],
            region_name=layout.region,
        )
        return found["Expiration"], Platform(layout, session, Resources(region=layout.region))
