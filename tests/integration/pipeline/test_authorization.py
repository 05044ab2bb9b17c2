"""Who may ask the deployed API for what: every route of the app, through API Gateway, its authorizer and its function.

Each test asks every route and tells of all that were answered otherwise than docs/api.md says.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import pytest
from botocore.credentials import Credentials
from fastapi.routing import APIRoute

from lambdas.api.document import document
from local.settings import Settings
from medallion.contracts import parse_contract
from medallion.contracts.model import Lane, Trigger
from medallion.contracts.ruleset import ruleset_hash
from medallion.control.items import Breaker, ContractVersion, Run, RunKind, RunStatus, Source, Tenant
from medallion.control.keys import OPERATORS, ApiKeys, Role
from medallion.control.models import ModelVersion
from medallion.control.operations import Operation
from medallion.control.plane import ControlPlane
from medallion.control.proposals import Decision, Proposal
from medallion.control.queries import QueryRun
from medallion.control.table import ControlTable
from medallion.layout import TenantLayout, Zone
from medallion.ledger.receipts import Link
from tests.integration.pipeline.calling import address, key, signed
from tests.integration.pipeline.deployed import Deployed
from tests.unit.api.matrix import CALLS, ROLES, ROWS, filled, opened
from tests.unit.steps.keeping import contract

DOCUMENT = document()
PATHS: dict[str, Any] = DOCUMENT["paths"]
SCHEMAS: dict[str, Any] = DOCUMENT["components"]["schemas"]
PROBLEM = "application/problem+json"
NOW = datetime.now(UTC)
NOBODYS = {"run_id": "nobodys", "source": "nobodys", "name": "nobodys", "model": "nobodys"}
"""What no tenant has."""
THEIRS = {"run_id": "theirs", "source": "theirs", "name": "theirs", "model": "theirs", "key_id": "fedcba987654"}
THEIRS |= dict.fromkeys(("proposal_id", "operation_id", "query_id"), "fedcba987654")
"""What the other tenant has, and this one has not."""
QUERY = {
    "/sources/{source}/comparison": {"before": "1.0.0", "after": "1.0.0"},
    "/sources/{source}/objects": {"name": "orders.csv"},
}


class Gate:
    """The deployed API, asked with whatever is said to be a key, over one connection."""

    def __init__(self, deployed: Deployed, settings: Settings) -> None:
        self._http = httpx2.Client(base_url=address(deployed, settings), timeout=60)
        self._tenant = deployed.layout.tenant

    def ask(
        self, method: str, route: APIRoute, authorization: str | None, body: Any = None, **named: str
    ) -> httpx2.Response:
        """The answer; where the usage plan is spent for the moment, a moment later."""
        headers = {"Medallion-Tenant": self._tenant}
        if authorization is not None:
            headers["Authorization"] = authorization
        if method in ("POST", "PUT") and body is None:
            body = {}
        while True:
            if method == "POST":
                headers["Idempotency-Key"] = f"{time.monotonic_ns():020}"
            path, query = filled(route, **(NOBODYS | named)), QUERY.get(route.path)
            answer = self._http.request(method, path, headers=headers, json=body, params=query)
            if answer.status_code != 429:
                return answer
            time.sleep(0.5)

    def close(self) -> None:
        self._http.close()


@pytest.fixture(scope="module")
def gate(trial: Deployed, embedded: Settings) -> Iterator[Gate]:
    made = Gate(trial, embedded)
    yield made
    made.close()


def keys_of(deployed: Deployed, owner: str = "") -> ApiKeys:
    table = ControlTable.named(deployed.layout.shared.control_table, deployed.layout.region, deployed.session)
    return ApiKeys(table, owner or deployed.layout.tenant)


def misses(ask: Callable[[str, APIRoute], str | None]) -> list[str]:
    """Every route of which `ask` finds something to say, with that."""
    found = ((f"{method} {route.path}", ask(method, route)) for method, route in CALLS)
    return [f"{asked}: {said}" for asked, said in found if said is not None]


def amiss(answer: httpx2.Response, status: int, kind: str = "") -> str | None:
    """What about the answer is not that problem, as RFC 9457 tells one."""
    told = f"{answer.status_code} {answer.headers.get('content-type')} {answer.text[:200]}"
    if answer.status_code != status or answer.headers["content-type"] != PROBLEM:
        return told
    body = answer.json()
    whole = body["status"] == status and body["title"] and body["detail"] and body["request_id"]
    return None if whole and kind in ("", body["type"]) else told


# --- keys that open nothing


def revoked(keys: ApiKeys) -> str:
    made, token = keys.create("revoked", Role.ENGINEER, by="a test", now=NOW)
    keys.revoke(made.key_id, by="a test", now=NOW)
    return f"Bearer {token}"


def expired(keys: ApiKeys) -> str:
    _, token = keys.create("expired", Role.ENGINEER, by="a test", now=NOW, valid_until=NOW - timedelta(seconds=1))
    return f"Bearer {token}"


def replaced(keys: ApiKeys) -> str:
    made, token = keys.create("replaced", Role.ENGINEER, by="a test", now=NOW)
    keys.rotate(made.key_id, by="a test", now=NOW, until=NOW)
    return f"Bearer {token}"


def with_another_secret(keys: ApiKeys) -> str:
    made, _ = keys.create("opens", Role.ENGINEER, by="a test", now=NOW)
    return f"Bearer mdl_{made.owner}_{made.key_id}_{'x' * 43}"


def under_another_owner(keys: ApiKeys) -> str:
    made, token = keys.create("opens", Role.ENGINEER, by="a test", now=NOW)
    return f"Bearer {token}".replace(f"mdl_{made.owner}_", f"mdl_{OPERATORS}_")


@pytest.mark.parametrize(
    "presented",
    [
        lambda _: None,
        lambda _: "",
        lambda _: "Bearer no key at all",
        lambda _: "Basic YWRhOmFkYQ==",
        lambda _: f"Bearer mdl_trial_0123456789ab_{'x' * 43}",
        lambda _: f"Bearer mdl_nobody_0123456789ab_{'x' * 43}",
        with_another_secret,
        under_another_owner,
        revoked,
        expired,
        replaced,
    ],
    ids=[
        "nothing",
        "empty",
        "no-key",
        "other-scheme",
        "unknown",
        "of-no-tenant",
        "wrong-secret",
        "wrong-owner",
        "revoked",
        "expired",
        "replaced",
    ],
)
def test_no_route_is_open_when_what_is_presented_opens_nothing(
    trial: Deployed, gate: Gate, presented: Callable[[ApiKeys], str | None]
) -> None:
    authorization = presented(keys_of(trial))

    def ask(method: str, route: APIRoute) -> str | None:
        answer = gate.ask(method, route, authorization)
        if opened(method, route):
            return None if answer.status_code == 200 else f"{answer.status_code} {answer.text}"
        return amiss(answer, 401, "/problems/unauthenticated")

    assert not misses(ask)


# --- roles


@pytest.mark.parametrize("role", ROLES)
def test_each_role_is_let_in_as_the_page_says(trial: Deployed, embedded: Settings, gate: Gate, role: Role) -> None:
    """What is named does not exist and nothing is said in any body: nothing is changed."""
    held = key(trial, role, OPERATORS if role is Role.OPERATOR else "")
    before = standing(trial)

    def ask(method: str, route: APIRoute) -> str | None:
        answer = gate.ask(method, route, f"Bearer {held}")
        if not ROWS[method, route.path][role]:
            return amiss(answer, 403, "/problems/not-allowed")
        documented = set(PATHS[route.path][method.lower()]["responses"]) - {"401", "403"}
        return None if str(answer.status_code) in documented else f"{answer.status_code} {answer.text[:200]}"

    assert not misses(ask)
    assert standing(trial) == before


def standing(trial: Deployed) -> list[Any]:
    """What the routes could have changed."""
    control = trial.control
    kept = control.operations.page(200), control.proposals.open(200), control.keys.page(200)
    return [control.tenant(), control.sources(), control.models(), control.schedules.all(), *kept]


# --- other tenants


@pytest.fixture(scope="module")
def other(trial: Deployed) -> ControlPlane:
    """Another tenant's items in the same table: one of each kind that a route names."""
    plane = ControlPlane.of(TenantLayout.of(trial.layout.shared, "foreign"), trial.session)
    plane.save_tenant(Tenant(id="foreign", name="Foreign"))
    text = contract("theirs")
    rules = ruleset_hash(parse_contract(text, "a test's contract"))
    about = {"name": "theirs", "contract_version": "1.0.0", "ruleset": rules, "approval": "automatic"}
    source = Source.model_validate({**about, "trigger": Trigger.ON_ARRIVAL, "lane": Lane.AUTO})
    version = ContractVersion(source="theirs", version="1.0.0", text=text, ruleset=rules, registered_at=NOW)
    assert plane.activate(source, None, version)
    plane.schedules.ensure("theirs", NOW)
    told = {"kind": RunKind.INGEST, "subject": "theirs", "status": RunStatus.HELD, "created_at": NOW}
    assert plane.create_run(Run.model_validate({"run_id": "theirs", **told}))
    proposed = Decision(by="Ada", reason="it is needed", at=NOW)
    at = THEIRS["proposal_id"]
    plane.proposals.create(
        Proposal(proposal_id=at, source="theirs", version="1.1.0", text=text, ruleset=rules, proposed=proposed)
    )
    asked: dict[str, Any] = {"kind": "rerun", "subject": "theirs", "asked": {}, "requested_by": "Ada"}
    plane.operations.create(Operation(operation_id=at, created_at=NOW, expires_at=4_000_000_000, **asked))
    query: dict[str, Any] = {"execution_id": "e", "sha256": "s", "length": 1, "zone": Zone.SILVER, "rows": 1}
    plane.queries.create(QueryRun(query_id=at, asked_by="Ada", asked_at=NOW, expires_at=4_000_000_000, **query))
    plane.model_versions.set(ModelVersion(name="theirs", revision=1, text="SELECT 1", inputs=(), set_at=NOW))
    newest = Link(sequence=1, hash="h", run_id="theirs", attempt=1, kind="ingest")
    assert plane.anchor_receipt("silver#theirs", None, newest)
    plane.breakers.open(Breaker(source="theirs", run_id="theirs", opened_at=NOW, code="TYPE_ERROR", failures=9, rows=9))
    keys = keys_of(trial, "foreign")
    made, _ = keys.create("theirs", Role.ENGINEER, by="a test", now=NOW)
    THEIRS["key_id"] = made.key_id
    return plane


@pytest.mark.parametrize("role", [Role.ENGINEER, Role.OPERATOR])
def test_what_is_foreign_looks_as_what_is_missing(trial: Deployed, gate: Gate, other: ControlPlane, role: Role) -> None:
    """The other tenant has it, this one's key asks: for that, and for what nobody has."""
    held = key(trial, role, OPERATORS if role is Role.OPERATOR else "")
    before = [other.runs(), other.sources(), other.operations.page(9), other.proposals.open(9), other.keys.page(9)]

    def ask(method: str, route: APIRoute) -> str | None:
        if "{" not in route.path:
            return None
        body = example(route) if method == "POST" else None
        foreign = gate.ask(method, route, f"Bearer {held}", body, **THEIRS)
        missing = gate.ask(method, route, f"Bearer {held}", body)
        same = foreign.status_code == missing.status_code and plain(foreign) == plain(missing)
        return None if same else f"{foreign.status_code} {plain(foreign)}, not {missing.status_code} {plain(missing)}"

    assert not misses(ask)
    assert before == [
        other.runs(),
        other.sources(),
        other.operations.page(9),
        other.proposals.open(9),
        other.keys.page(9),
    ]


def example(route: APIRoute) -> Any:
    """What the document gives as an example of the route's body."""
    schema = PATHS[route.path]["post"]["requestBody"]["content"]["application/json"]["schema"]
    return SCHEMAS[schema["$ref"].rpartition("/")[2]]["examples"][0]


def plain(answer: httpx2.Response) -> str:
    """The answer without what it was asked for, and without the request's own id."""
    told = answer.json()
    told.pop("request_id", None)
    return re.sub(rf"nobodys|theirs|0123456789ab|{THEIRS['proposal_id']}|{THEIRS['key_id']}", "…", json.dumps(told))


# --- signatures


def test_every_route_is_an_operators_when_it_signs_with_iam(trial: Deployed, embedded: Settings) -> None:
    def ask(method: str, route: APIRoute) -> str | None:
        if method != "GET":
            return None
        answer = signed(trial, embedded, filled(route, **NOBODYS))
        documented = set(PATHS[route.path]["get"]["responses"]) - {"401", "403"}
        return None if str(answer.status_code) in documented else f"{answer.status_code} {answer.text[:200]}"

    assert not misses(ask)


def test_no_route_is_open_below_iam_when_nobody_signs_who_may(trial: Deployed, embedded: Settings, gate: Gate) -> None:
    iam = trial.client("iam")
    iam.create_user(UserName="passer-by")
    made = iam.create_access_key(UserName="passer-by")["AccessKey"]
    stranger = Credentials(made["AccessKeyId"], made["SecretAccessKey"])
    wrong = Credentials(made["AccessKeyId"], "x" * 40)
    base, operator = address(trial, embedded), key(trial, Role.OPERATOR, OPERATORS)
    headers = {"Authorization": f"Bearer {operator}", "Medallion-Tenant": trial.layout.tenant}

    def ask(method: str, route: APIRoute) -> str | None:
        path = filled(route, **NOBODYS)
        unsigned = [httpx2.request(method, f"{base}/iam{path}", headers=one, timeout=60) for one in ({}, headers)]
        refused = [one.status_code in (403, 404) and one.headers["content-type"] == PROBLEM for one in unsigned]
        answers = [*unsigned, *(signed(trial, embedded, path, method, who) for who in (stranger, wrong))]
        refused += [one.status_code == 403 for one in answers[2:]]
        let_in = [one for one, ended in zip(answers, refused, strict=True) if not ended]
        return ", ".join(f"{one.status_code} {one.text[:200]}" for one in let_in) or None

    assert not misses(ask)
