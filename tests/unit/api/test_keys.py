"""Keys through the API: told once, kept as hashes, rotated with overlap, revoked at once; POST done once."""

from __future__ import annotations

from datetime import timedelta

import pytest
from starlette.testclient import TestClient

from medallion.control.keys import ApiKey, Role, Token
from tests.unit.api.calling import NOW, MemoryTenancy, as_key, as_operator, once

WANTED = {"name": "nightly loader", "role": "engineer"}


@pytest.fixture
def tenancy() -> MemoryTenancy:
    return MemoryTenancy("acme", "skyline")


@pytest.fixture
def operator(tenancy: MemoryTenancy) -> TestClient:
    return as_operator(tenancy, "acme")


def test_a_key_is_told_once_when_it_is_made(operator: TestClient, tenancy: MemoryTenancy) -> None:
    made = operator.post("/keys", json=WANTED, headers=once())
    assert made.status_code == 201
    assert made.headers["location"] == f"/v1/keys/{made.json()['key_id']}"
    token = Token.read(made.json()["key"])
    assert token is not None
    assert token.owner == "acme"
    kept = tenancy.platform("acme", Role.OPERATOR).control.keys.key(token.key_id)
    assert kept.opens(token.secret, NOW)
    assert not kept.opens(token.secret[:-1] + "?", NOW)
    assert token.secret not in str(tenancy.table.items)
    shown = operator.get(f"/keys/{token.key_id}").json()
    assert "key" not in shown
    assert "secret_hash" not in shown


def test_a_key_is_its_holders_however_often_it_is_replaced(operator: TestClient, tenancy: MemoryTenancy) -> None:
    """Unsaid, and of a key from before holders were kept, the holder is who the name says."""
    keys = tenancy.platform("acme", Role.OPERATOR).control.keys
    made = operator.post("/keys", json={**WANTED, "holder": "Ada"}, headers=once("for-ada-herself")).json()
    rotated = operator.post(f"/keys/{made['key_id']}/rotation", json={}, headers=once("another-key")).json()
    unsaid = operator.post("/keys", json=WANTED, headers=once("for-nobody-said")).json()
    assert (made["holder"], rotated["holder"], unsaid["holder"]) == ("Ada", "Ada", "nightly loader")
    old = keys.key(unsaid["key_id"]).model_copy(update={"holder": "", "key_id": "0123456789ab"})
    assert tenancy.table.put(old, ApiKey.key_of("acme", old.key_id))
    assert operator.get(f"/keys/{old.key_id}").json()["holder"] == "nightly loader"
    again = operator.post(f"/keys/{old.key_id}/rotation", json={}, headers=once("of-the-old-one")).json()
    assert again["holder"] == "nightly loader"


def test_the_secret_is_not_told_again_when_the_request_is_sent_again(operator: TestClient) -> None:
    first = operator.post("/keys", json=WANTED, headers=once())
    again = operator.post("/keys", json=WANTED, headers=once())
    assert again.status_code == 409
    assert again.json()["type"] == "/problems/secret-already-told"
    assert len(operator.get("/keys").json()["items"]) == 1
    assert first.json()["key"] not in again.text


def test_another_request_is_refused_when_it_reuses_a_key(operator: TestClient) -> None:
    operator.post("/keys", json=WANTED, headers=once())
    other = operator.post("/keys", json={**WANTED, "name": "another"}, headers=once())
    assert (other.status_code, other.json()["type"]) == (422, "/problems/key-reused")


def test_a_refused_request_may_be_sent_again_when_it_was_mended(operator: TestClient) -> None:
    assert operator.post("/keys", json={**WANTED, "role": "operator"}, headers=once()).status_code == 422
    assert operator.post("/keys", json=WANTED, headers=once()).status_code == 201


def test_a_post_is_refused_when_it_has_no_idempotency_key(operator: TestClient) -> None:
    answer = operator.post("/keys", json=WANTED)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["faults"][0]["where"] == "header.Idempotency-Key"


def test_both_keys_open_for_a_while_when_one_is_rotated(operator: TestClient, tenancy: MemoryTenancy) -> None:
    old = Token.read(operator.post("/keys", json=WANTED, headers=once("the-first-one")).json()["key"])
    assert old is not None
    rotated = operator.post(f"/keys/{old.key_id}/rotation", json={"overlap_hours": 2}, headers=once("the-second"))
    new = Token.read(rotated.json()["key"])
    assert new is not None
    keys = tenancy.platform("acme", Role.OPERATOR).control.keys
    for later, opens in ((timedelta(hours=1), True), (timedelta(hours=3), False)):
        assert keys.key(old.key_id).opens(old.secret, NOW + later) is opens
        assert keys.key(new.key_id).opens(new.secret, NOW + later)
    assert keys.key(old.key_id).successor == new.key_id


def test_a_key_opens_nothing_when_it_was_revoked(operator: TestClient, tenancy: MemoryTenancy) -> None:
    token = Token.read(operator.post("/keys", json=WANTED, headers=once()).json()["key"])
    assert token is not None
    revoked = operator.delete(f"/keys/{token.key_id}")
    assert revoked.json()["revoked_at"] == "2026-03-01T12:00:00Z"
    assert not tenancy.platform("acme", Role.OPERATOR).control.keys.key(token.key_id).opens(token.secret, NOW)
    assert operator.post(f"/keys/{token.key_id}/rotation", json={}, headers=once("another-key")).status_code == 404


def test_a_foreign_key_looks_like_a_missing_one_when_it_is_asked_for(tenancy: MemoryTenancy) -> None:
    made = as_operator(tenancy, "skyline").post("/keys", json=WANTED, headers=once()).json()["key_id"]
    acme = as_operator(tenancy, "acme")
    foreign, missing = acme.get(f"/keys/{made}"), acme.get("/keys/ffffffffffff")
    assert foreign.status_code == missing.status_code == 404
    assert foreign.json()["detail"].replace(made, "…") == missing.json()["detail"].replace("ffffffffffff", "…")


def test_keys_come_in_pages_when_there_are_many(operator: TestClient) -> None:
    made = {operator.post("/keys", json=WANTED, headers=once(f"number-{at:03}")).json()["key_id"] for at in range(5)}
    found, cursor = set(), None
    while True:
        page = operator.get("/keys", params={"limit": 2} | ({"cursor": cursor} if cursor else {})).json()
        found |= {one["key_id"] for one in page["items"]}
        cursor = page["next"]
        if cursor is None:
            break
    assert found == made


def test_whoever_changes_something_is_recorded_when_it_is_refused_too(tenancy: MemoryTenancy) -> None:
    as_operator(tenancy, "acme").post("/keys", json=WANTED, headers=once())
    as_key(tenancy, "acme", Role.VIEWER).post("/keys", json=WANTED, headers=once())
    trail = as_key(tenancy, "acme", Role.STEWARD).get("/audit").json()["items"]
    assert sorted((one["role"], one["action"], one["status"]) for one in trail) == [
        ("operator", "create_key", 201),
        ("viewer", "create_key", 403),
    ]


def test_no_key_is_made_when_the_tenant_leaves_and_each_can_be_ended(
    operator: TestClient, tenancy: MemoryTenancy
) -> None:
    made = operator.post("/keys", json=WANTED, headers=once("the-first-one")).json()["key_id"]
    tenancy.platform("acme", Role.OPERATOR).control.estate.freeze("Ada", "it leaves", NOW)
    refused = operator.post("/keys", json=WANTED, headers=once("another-one"))
    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/tenant-frozen")
    rotated = operator.post(f"/keys/{made}/rotation", json={"overlap_hours": 1}, headers=once("a-rotation"))
    assert rotated.status_code == 409
    assert operator.delete(f"/keys/{made}").status_code == 200
