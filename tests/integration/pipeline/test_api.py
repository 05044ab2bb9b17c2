"""The deployed API: keys through the authorizer, the tenant's own role, what API Gateway answers by itself."""

from __future__ import annotations

import pytest

from local.settings import Settings
from medallion.control.keys import Role
from tests.integration.pipeline.calling import Caller, address, holder, operator, signed
from tests.integration.pipeline.deployed import Deployed


@pytest.fixture(scope="module")
def ada(trial: Deployed, embedded: Settings) -> Caller:
    return operator(trial, embedded)


def test_a_key_lives_through_the_api_when_an_operator_makes_it(ada: Caller) -> None:
    made = ada.post("/keys", {"name": "loader", "role": "viewer"})
    assert made.status_code == 201, made.text
    loader = Caller(ada.base, made.json()["key"])
    assert loader.get("/me").json()["role"] == "viewer"
    assert loader.get("/tenant").json()["id"] == "trial"
    rotated = ada.post(f"/keys/{made.json()['key_id']}/rotation", {"overlap_hours": 1})
    assert Caller(ada.base, rotated.json()["key"]).get("/me").status_code == 200
    assert loader.get("/me").status_code == 200
    assert ada.ask("DELETE", f"/keys/{made.json()['key_id']}").status_code == 200
    assert loader.get("/me").status_code == 401


def test_nobody_is_let_in_when_there_is_no_valid_key(ada: Caller) -> None:
    for token in ("", "mdl_trial_0123456789ab_" + "x" * 43, ada.token[:-1] + "?", "no key at all"):
        answer = Caller(ada.base, token, "trial").get("/tenant")
        assert answer.status_code == 401, answer.text
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["type"] == "/problems/unauthenticated"


def test_the_api_says_that_it_is_there_when_nobody_asks(ada: Caller) -> None:
    assert Caller(ada.base, "").get("/health").json() == {"status": "ok"}
    missing = ada.get("/no-such-thing")
    assert (missing.status_code, missing.json()["type"]) == (404, "/problems/not-found")


def test_an_operator_sees_the_tenants_when_it_signs_with_iam(trial: Deployed, embedded: Settings, ada: Caller) -> None:
    assert [one["id"] for one in ada.get("/tenants").json()["items"]] == ["trial"]
    told = signed(trial, embedded, "/me")
    assert told.status_code == 200, told.text
    assert told.json()["role"] == "operator"


def test_a_tenant_that_is_not_there_looks_missing_when_an_operator_names_it(ada: Caller) -> None:
    answer = Caller(ada.base, ada.token, "nobody").get("/tenant")
    assert (answer.status_code, answer.json()["type"]) == (404, "/problems/unknown-tenant")


def test_a_post_is_done_once_when_it_is_sent_twice(ada: Caller) -> None:
    sent = [ada.post("/keys", {"name": "twice", "role": "viewer"}, Idempotency_Key="said-twice") for _ in range(2)]
    assert [one.status_code for one in sent] == [201, 409]
    assert [one["name"] for one in ada.get("/keys").json()["items"]].count("twice") == 1


def test_a_post_without_its_key_is_refused_when_api_gateway_sees_it(ada: Caller) -> None:
    answer = ada.post("/keys", {"name": "x", "role": "viewer"}, Idempotency_Key="")
    assert answer.status_code in (400, 422)
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_tenant_is_throttled_when_it_asks_more_than_its_plan(
    trial: Deployed, embedded: Settings, ada: Caller
) -> None:
    """The plan is the tenant's: the operator's requests count elsewhere."""
    apigateway = trial.client("apigateway")
    [plan] = [one for one in apigateway.get_usage_plans()["items"] if one["name"] == trial.layout.prefix]
    bound = [{"op": "replace", "path": f"/throttle/{what}", "value": "1"} for what in ("rateLimit", "burstLimit")]
    before = [
        {"op": "replace", "path": f"/throttle/{what}", "value": str(plan["throttle"][what])}
        for what in ("rateLimit", "burstLimit")
    ]
    viewer = holder(trial, embedded, Role.VIEWER)
    apigateway.update_usage_plan(usagePlanId=plan["id"], patchOperations=bound)
    try:
        answers = [viewer.get("/me") for _ in range(4)]
        assert ada.get("/me").status_code == 200
    finally:
        apigateway.update_usage_plan(usagePlanId=plan["id"], patchOperations=before)
    assert {one.status_code for one in answers} == {200, 429}
    refused = next(one for one in answers if one.status_code == 429)
    assert refused.json()["type"] == "/problems/too-many-requests"
    assert address(trial, embedded) == ada.base
