"""Who may ask for what: every route, by every role, as docs/api.md says. What is foreign looks as what is missing."""

from __future__ import annotations

import re
from typing import Any

import pytest
from fastapi.routing import APIRoute

from medallion.control.audit import AuditEntry
from medallion.control.items import Run, RunKind, RunStatus
from medallion.control.keys import OPERATORS, Role
from medallion.control.operations import Operation
from tests.unit.api.calling import NOW, MemoryTenancy, as_key, as_nobody
from tests.unit.api.matrix import CALLS, ROLES, ROWS, filled, opened
from tests.unit.api.sources import save_source


@pytest.fixture
def tenancy() -> MemoryTenancy:
    return MemoryTenancy("acme", "skyline")


def ask(tenancy: MemoryTenancy, method: str, path: str, role: Role, owner: str = "acme") -> Any:
    client = as_key(tenancy, OPERATORS if role is Role.OPERATOR else owner, role)
    headers = {"Idempotency-Key": f"{role}-asks", "Medallion-Tenant": owner}
    return client.request(method, path, headers=headers, json={} if method in ("POST", "PUT") else None)


def test_every_route_has_its_row_when_the_page_is_read() -> None:
    assert set(ROWS) == {(method, route.path) for method, route in CALLS}


@pytest.mark.parametrize(("method", "route"), CALLS, ids=lambda part: getattr(part, "operation_id", part))
def test_each_role_is_let_in_as_the_page_says(tenancy: MemoryTenancy, method: str, route: APIRoute) -> None:
    row = ROWS[method, route.path]
    for role in ROLES:
        status = ask(tenancy, method, filled(route), role).status_code
        assert status != 401, role
        assert (status == 403) is (row[role] == ""), (role, status)
    nobody = as_nobody(tenancy).request(method, filled(route)).status_code
    assert (nobody == 401) is not opened(method, route)


@pytest.mark.parametrize(
    ("method", "route"),
    [(method, route) for method, route in CALLS if "{" in route.path],
    ids=lambda part: getattr(part, "operation_id", part),
)
def test_what_is_foreign_looks_as_what_is_missing(tenancy: MemoryTenancy, method: str, route: APIRoute) -> None:
    """Acme has it, skyline asks: for that, and for what nobody has."""
    control = tenancy.platform("acme", Role.OPERATOR).control
    save_source(control)
    control.create_run(Run(run_id="r1", kind=RunKind.INGEST, subject="orders", status=RunStatus.HELD, created_at=NOW))
    about: dict[str, Any] = {"kind": "rerun", "subject": "r1", "asked": {}, "requested_by": "Ada", "created_at": NOW}
    control.operations.create(Operation(operation_id="0123456789ab", expires_at=4_000_000_000, **about))
    control.audit.add(AuditEntry(at=NOW, request_id="1", by="Ada", role="operator", action="x", subject={}, status=200))
    before = dict(tenancy.table.items)
    other = {"run_id": "r2", "source": "orderz", "name": "orderz"}
    foreign = ask(tenancy, method, filled(route), Role.OPERATOR, "skyline")
    missing = ask(tenancy, method, filled(route, **other), Role.OPERATOR, "skyline")
    assert foreign.status_code == missing.status_code
    assert _plain(foreign) == _plain(missing)
    own = {key: item for key, item in tenancy.table.items.items() if key.pk.startswith("TENANT#acme")}
    assert own == {key: item for key, item in before.items() if key.pk.startswith("TENANT#acme")}


def _plain(answer: Any) -> Any:
    """The answer without what it was asked for, and without the request's own id."""
    told = answer.json()
    told.pop("request_id", None)
    return re.sub(r"orderz|orders|\br[12]\b", "…", str(told))
