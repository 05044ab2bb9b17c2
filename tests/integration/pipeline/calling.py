"""The API of a deployed environment, as its callers reach it: through API Gateway, with a key or a signature."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import httpx2
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from local.settings import Settings
from medallion.control.keys import OPERATORS, ApiKeys, Role
from medallion.control.table import ControlTable
from medallion.layout import API_STAGE
from tests.integration.pipeline.deployed import Deployed


def address(deployed: Deployed, settings: Settings) -> str:
    """Where the environment's API answers."""
    name = deployed.layout.shared.api_parameter
    found = deployed.client("ssm").get_parameter(Name=name)["Parameter"]["Value"]
    return f"{settings.endpoint}/_aws/execute-api/{found}/{API_STAGE}"


@dataclass(frozen=True)
class Caller:
    """Someone with a key; an operator names the tenant."""

    base: str
    token: str
    tenant: str = ""

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> httpx2.Response:
        """The answer. A POST has a key of its own unless one is given."""
        sent = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        if self.tenant:
            sent["Medallion-Tenant"] = self.tenant
        if method == "POST":
            sent["Idempotency-Key"] = str(uuid4())
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        return httpx2.request(method, f"{self.base}{path}", json=body, headers=sent, timeout=60)

    def get(self, path: str) -> httpx2.Response:
        return self.ask("GET", path)

    def post(self, path: str, body: Any = None, **headers: str) -> httpx2.Response:
        return self.ask("POST", path, {} if body is None else body, **headers)


def key(deployed: Deployed, role: Role, owner: str = "") -> str:
    """A new key's token, made as the account's administrator makes one."""
    table = ControlTable.named(deployed.layout.shared.control_table, deployed.layout.region, deployed.session)
    now = datetime.now(UTC)
    _, token = ApiKeys(table, owner or deployed.layout.tenant).create("a test", role, by="a test", now=now)
    return str(token)


def operator(deployed: Deployed, settings: Settings) -> Caller:
    """An operator at work for that tenant."""
    return Caller(address(deployed, settings), key(deployed, Role.OPERATOR, OPERATORS), deployed.layout.tenant)


def holder(deployed: Deployed, settings: Settings, role: Role) -> Caller:
    """The holder of a key of that tenant."""
    return Caller(address(deployed, settings), key(deployed, role))


def signed(
    deployed: Deployed, settings: Settings, path: str, method: str = "GET", credentials: Credentials | None = None
) -> httpx2.Response:
    """What is signed below /iam: by the account's administrator, or with those credentials."""
    url = f"{address(deployed, settings)}/iam{path}"
    request = AWSRequest(method, url, headers={"Medallion-Tenant": deployed.layout.tenant})
    signer = credentials or deployed.session.get_credentials()
    assert signer is not None
    SigV4Auth(signer, "execute-api", deployed.layout.region).add_auth(request)
    return httpx2.request(method, url, headers=dict(request.headers.items()), timeout=60)
