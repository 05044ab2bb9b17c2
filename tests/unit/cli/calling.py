"""The command by both ways, without AWS: the real API in memory behind HTTP, and the same tenants directly."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import httpx2
import pytest
from starlette.types import ASGIApp, Receive, Scope, Send

from cli.direct import Direct
from cli.main import main
from cli.options import Ways
from cli.target import Target, Where
from lambdas.api.app import make_app
from medallion.control.keys import OPERATORS, ApiKeys, Role, Token
from tests.unit.api.athena import Athena
from tests.unit.api.calling import LAYOUT, NOW, MemoryPlatform, MemoryTenancy

API = "https://api.test/v1"
CALLER = "arn:aws:iam::000000000000:user/ada"
_NUMBERS = count()


@dataclass
class Session:
    """A session with Athena, and someone whom its credentials name."""

    athena: Athena = field(default_factory=Athena)

    def client(self, service: str) -> Any:
        return self if service == "sts" else self.athena.client(service)

    def get_caller_identity(self) -> dict[str, str]:
        return {"Arn": CALLER}


class Gateway:
    """API Gateway and its authorizer: they look the key up that was sent."""

    def __init__(self, tenancy: MemoryTenancy) -> None:
        self._app: ASGIApp = make_app(tenancy)
        self._tenancy = tenancy

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        sent = dict(scope["headers"]).get(b"authorization", b"").decode().removeprefix("Bearer ")
        context: dict[str, Any] = {"requestId": f"request-{next(_NUMBERS)}"}
        token = Token.read(sent)
        key = None if token is None else ApiKeys(self._tenancy.table, token.owner).find(token.key_id)
        if token is not None and key is not None and key.opens(token.secret, NOW):
            told = {"owner": key.owner, "role": key.role.value, "key_id": key.key_id, "name": key.name}
            told["holder"] = key.held_by
            context["authorizer"] = told
        scope["aws.event"] = {"requestContext": context}
        scope["path"] = scope["path"].removeprefix("/v1")
        await self._app(scope, receive, send)


class InMemory(httpx2.BaseTransport):
    """HTTP to the app, without a network. `requests` are those that were sent; `first` answer before the app does."""

    def __init__(self, tenancy: MemoryTenancy) -> None:
        self._transport = httpx2.ASGITransport(Gateway(tenancy), raise_app_exceptions=False)
        self.requests: list[httpx2.Request] = []
        self.first: list[Callable[[httpx2.Request], httpx2.Response]] = []

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        self.requests.append(request)
        if self.first:
            return self.first.pop(0)(request)
        return self.through(request)

    def through(self, request: httpx2.Request) -> httpx2.Response:
        return asyncio.run(self._answer(request))

    async def _answer(self, request: httpx2.Request) -> httpx2.Response:
        sent = httpx2.Request(request.method, request.url, headers=request.headers, content=request.read())
        answer = await self._transport.handle_async_request(sent)
        return httpx2.Response(answer.status_code, headers=answer.headers, content=await answer.aread())


@dataclass(frozen=True)
class Called:
    """How a call ended, and what it printed."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


class Command:
    """Calls of the command, for the tenants of one environment."""

    def __init__(self, patch: pytest.MonkeyPatch, capture: pytest.CaptureFixture[str], *tenants: str) -> None:
        self.session = Session()
        self.tenancy = MemoryTenancy(*tenants, session=self.session)
        self.transport = InMemory(self.tenancy)
        self._patch, self._capture = patch, capture

    def platform(self, tenant: str = "acme") -> MemoryPlatform:
        return self.tenancy.platform(tenant, Role.OPERATOR)

    def key(self, role: Role, owner: str = "acme") -> str:
        """The token of a new key."""
        keys = ApiKeys(self.tenancy.table, OPERATORS if role is Role.OPERATOR else owner)
        return str(keys.create("a test", role, by="a test", now=NOW)[1])

    def plainly(self, *arguments: str) -> Called:
        """With nothing said but what the environment and this machine's files say."""
        return self._call(*arguments)

    def directly(self, *arguments: str) -> Called:
        self._patch.delenv("MEDALLION_API_KEY", raising=False)
        return self._call("--target", "local", *arguments)

    def by_api(self, role: Role, *arguments: str) -> Called:
        self._patch.setenv("MEDALLION_API_KEY", self.key(role))
        self._patch.setenv("MEDALLION_API", API)
        return self._call(*arguments)

    def _call(self, *arguments: str) -> Called:
        self._patch.setattr(sys, "argv", ["medallion", *arguments])
        target = Target(Where.LOCAL, LAYOUT, self.session)  # type: ignore[arg-type]  # as much of a session as is asked for
        ways = Ways(
            direct=lambda _, tenant: Direct.on(self.tenancy.platform(tenant, Role.OPERATOR)),
            find=lambda *_: target,
            transport=self.transport,
        )
        with pytest.raises(SystemExit) as ended:
            main(ways)
        printed = self._capture.readouterr()
        return Called(int(ended.value.code or 0), printed.out, printed.err)
