"""The app without AWS: tenants in memory, and callers as API Gateway tells of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache, cached_property
from itertools import count
from typing import Any

import boto3
from fastapi import FastAPI
from starlette.testclient import TestClient
from starlette.types import Receive, Scope, Send

from lambdas.api.app import make_app
from lambdas.api.caller import Tenancy
from medallion.control.items import Tenant
from medallion.control.keys import OPERATORS, Role
from medallion.control.plane import ControlPlane
from medallion.engines.resources import Resources
from medallion.errors import UnknownTenant
from medallion.layout import Environment, EnvironmentLayout, Task, TenantLayout
from medallion.steps.platform import Platform
from tests.unit.control.memory import MemoryTable
from tests.unit.control.waiting import States

LAYOUT = EnvironmentLayout(Environment.DEV, "000000000000", "eu-west-1")
_NUMBERS = count()
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@dataclass(frozen=True)
class MemoryPlatform(Platform):
    """A tenant's platform whose control plane is in memory. `invoked` are the functions that were called."""

    table: MemoryTable = field(default_factory=MemoryTable, kw_only=True)
    waiting: States = field(default_factory=States, kw_only=True)
    invoked: list[tuple[Task, dict[str, Any]]] = field(default_factory=list, kw_only=True)

    def invoke(self, task: Task, event: dict[str, Any]) -> None:
        self.invoked.append((task, event))

    @cached_property
    def states(self) -> Any:
        return self.waiting

    @cached_property
    def control(self) -> ControlPlane:
        return ControlPlane(self.table, self.layout)


class MemoryTenancy:
    """Tenants in one table, as they are in the environment's."""

    def __init__(self, *tenants: str, session: Any = None) -> None:
        self.table = MemoryTable()
        session = session or boto3.Session(region_name="eu-west-1")
        self._platforms = {
            one: MemoryPlatform(
                TenantLayout.of(LAYOUT, one), session, Resources(region="eu-west-1"), lambda: NOW, table=self.table
            )
            for one in tenants
        }
        for one, platform in self._platforms.items():
            platform.control.save_tenant(Tenant(id=one, name=one.capitalize()))

    def platform(self, tenant: str, role: Role) -> MemoryPlatform:
        if tenant not in self._platforms:
            raise UnknownTenant(f"tenant {tenant!r} does not exist in this environment")
        return self._platforms[tenant]

    def tenants(self) -> list[str]:
        return sorted(self._platforms)


@cache
def _app() -> FastAPI:
    """To make it takes longer than most of what is asked of it: one serves every tenancy, each request with its own."""
    return make_app(MemoryTenancy())


class _Gateway:
    """API Gateway: it says who the caller is."""

    def __init__(self, tenancy: Tenancy, context: Mapping[str, Any]) -> None:
        self._tenancy, self._context = tenancy, dict(context)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        app = _app()
        app.state.tenancy = self._tenancy
        scope["aws.event"] = {"requestContext": {"requestId": f"request-{next(_NUMBERS)}", **self._context}}
        await app(scope, receive, send)


def as_key(
    tenancy: Tenancy, owner: str, role: Role, key_id: str = "0123456789ab", holder: str = "a test"
) -> TestClient:
    """A client with a key of that owner (a tenant, or OPERATORS) and role."""
    admitted = {"owner": owner, "role": role.value, "key_id": key_id, "name": "a test", "holder": holder}
    return _client(tenancy, {"authorizer": admitted})


def as_signer(tenancy: Tenancy, arn: str) -> TestClient:
    """A client that signs with IAM."""
    return _client(tenancy, {"identity": {"userArn": arn}})


def as_nobody(tenancy: Tenancy) -> TestClient:
    return _client(tenancy, {})


def as_operator(tenancy: Tenancy, tenant: str | None = None) -> TestClient:
    """An operator's client, for that tenant where one is named."""
    client = as_key(tenancy, OPERATORS, Role.OPERATOR)
    if tenant is not None:
        client.headers["Medallion-Tenant"] = tenant
    return client


def once(key: str = "a-key-of-its-own") -> dict[str, str]:
    return {"Idempotency-Key": key}


def _client(tenancy: Tenancy, context: Mapping[str, Any]) -> TestClient:
    return TestClient(_Gateway(tenancy, context), raise_server_exceptions=False)
