"""Who is let in, as whom, and what a problem says."""

from __future__ import annotations

import json

import pytest

from lambdas.api.document import FILE, admitted, document, routes
from medallion.control.keys import Role
from tests.unit.api.calling import MemoryTenancy, as_key, as_nobody, as_operator, as_signer


@pytest.fixture
def tenancy() -> MemoryTenancy:
    return MemoryTenancy("acme", "skyline")


def test_the_tenant_is_the_keys_own_when_another_is_named(tenancy: MemoryTenancy) -> None:
    client = as_key(tenancy, "acme", Role.VIEWER)
    told = client.get("/me", headers={"Medallion-Tenant": "skyline"}).json()
    assert told == {"tenant": "acme", "role": "viewer", "name": "key 0123456789ab (a test)"}


def test_an_operator_reaches_the_tenant_that_it_names(tenancy: MemoryTenancy) -> None:
    assert as_operator(tenancy, "skyline").get("/tenant").json()["name"] == "Skyline"


def test_who_signs_with_iam_is_an_operator_by_its_arn(tenancy: MemoryTenancy) -> None:
    client = as_signer(tenancy, "arn:aws:iam::000000000000:user/ada")
    told = client.get("/me", headers={"Medallion-Tenant": "acme"}).json()
    assert told == {"tenant": "acme", "role": "operator", "name": "arn:aws:iam::000000000000:user/ada"}


@pytest.mark.parametrize("named", ["nobody", "../acme", "A" * 200])
def test_a_tenant_that_is_not_there_is_a_problem_when_it_is_named(tenancy: MemoryTenancy, named: str) -> None:
    answer = as_operator(tenancy, named).get("/tenant")
    assert (answer.status_code, answer.json()["type"]) == (404, "/problems/unknown-tenant")
    assert answer.headers["content-type"] == "application/problem+json"


def test_an_operator_is_asked_for_the_tenant_when_it_names_none(tenancy: MemoryTenancy) -> None:
    answer = as_operator(tenancy).get("/tenant")
    assert (answer.status_code, answer.json()["type"]) == (400, "/problems/tenant-not-named")


def test_nobody_is_let_in_when_no_key_was_checked(tenancy: MemoryTenancy) -> None:
    assert as_nobody(tenancy).get("/tenant").status_code == 401
    assert as_nobody(tenancy).get("/health").json() == {"status": "ok"}


def test_operators_alone_see_the_tenants_when_they_are_listed(tenancy: MemoryTenancy) -> None:
    assert as_key(tenancy, "acme", Role.ENGINEER).get("/tenants").status_code == 403
    first = as_operator(tenancy).get("/tenants", params={"limit": 1}).json()
    assert [one["id"] for one in first["items"]] == ["acme"]
    second = as_operator(tenancy).get("/tenants", params={"limit": 1, "cursor": first["next"]}).json()
    assert second == {"items": [{"id": "skyline"}], "next": None}


@pytest.mark.parametrize("cursor", ["", "x", "e30", "WyJrZXlzIiwiYSJd"])
def test_a_cursor_of_another_list_is_a_problem_when_it_is_sent(tenancy: MemoryTenancy, cursor: str) -> None:
    answer = as_operator(tenancy).get("/tenants", params={"cursor": cursor})
    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/invalid-cursor")


def test_a_fault_of_the_platforms_says_nothing_but_its_request_when_it_happens(
    tenancy: MemoryTenancy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tenancy, "tenants", lambda: 1 / 0)
    answer = as_operator(tenancy).get("/tenants")
    assert (answer.status_code, answer.json()["type"]) == (500, "/problems/internal-error")
    assert answer.json()["request_id"].startswith("request-")
    assert "ZeroDivisionError" not in answer.text


def test_the_document_is_as_the_app_says_when_it_is_read() -> None:
    assert json.loads(FILE.read_text(encoding="utf-8")) == document(), "run `make openapi`"


def test_every_route_says_who_may_when_it_asks_for_a_key() -> None:
    opened = {route.path for route in routes() if not admitted(route)}
    assert opened == {"/health"}
