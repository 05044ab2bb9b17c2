"""Routes about uploads, queries, the ledger, tables, usage and cost, without AWS: pages, views, and who may call."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from medallion.contracts import load_contract
from medallion.contracts.ruleset import ruleset_hash
from medallion.control.items import ContractVersion, Run, RunKind, RunStatus, Source
from medallion.control.keys import Role
from medallion.control.queries import QueryRun, QueryState
from medallion.layout import Zone
from medallion.ledger.receipts import Link
from tests.unit.api.calling import NOW, MemoryTenancy, as_key, once

CONTRACT = Path(__file__).parents[3] / "tenants" / "acme" / "contracts" / "transactions.odcs.yaml"


@pytest.fixture
def tenancy(monkeypatch: pytest.MonkeyPatch) -> MemoryTenancy:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "a")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "b")
    made = MemoryTenancy("acme", "other")
    contract = load_contract(CONTRACT)
    about: dict[str, Any] = {"contract_version": contract.version, "ruleset": ruleset_hash(contract)}
    how: dict[str, Any] = {"trigger": contract.trigger, "lane": contract.lane, "approval": contract.approval}
    control = made.platform("acme", Role.OPERATOR).control
    text = CONTRACT.read_text(encoding="utf-8")
    version = ContractVersion(
        source="transactions", version=contract.version, text=text, ruleset="r", registered_at=NOW
    )
    assert control.activate(Source(name="transactions", **about, **how), None, version)
    return made


def get(tenancy: MemoryTenancy, path: str, role: Role = Role.VIEWER, owner: str = "acme", **query: Any) -> Any:
    given = {name: value for name, value in query.items() if value is not None}
    return as_key(tenancy, owner, role).get(path, params=given)


def ask(tenancy: MemoryTenancy, query_id: str, state: QueryState = QueryState.SUCCEEDED) -> None:
    about: dict[str, Any] = {"execution_id": "x", "sha256": "0" * 64, "length": 8, "zone": Zone.GOLD, "rows": 10}
    query = QueryRun(query_id=query_id, asked_by="key 1 (bi)", asked_at=NOW, expires_at=0, state=state, **about)
    assert tenancy.platform("acme", Role.VIEWER).control.queries.create(query)


def test_a_form_is_made_for_an_engineer_and_kept_nowhere(tenancy: MemoryTenancy) -> None:
    asked = {"name": "a.csv", "size": 3, "content_type": "text/csv"}
    engineer = as_key(tenancy, "acme", Role.ENGINEER)
    made = engineer.post("/sources/transactions/uploads", json=asked, headers=once())
    assert made.status_code == 201, made.text
    assert (made.json()["key"], made.headers["cache-control"]) == ("transactions/a.csv", "no-store")
    assert made.json()["fields"]["policy"] not in str(tenancy.table.items)
    for role in (Role.VIEWER, Role.STEWARD):
        refused = as_key(tenancy, "acme", role).post(
            "/sources/transactions/uploads", json=asked, headers=once("other-key")
        )
        assert refused.status_code == 403


@pytest.mark.parametrize(
    ("changed", "kind"),
    [
        ({"name": "../other/a.csv"}, "/problems/invalid-upload"),
        ({"content_type": "csv"}, "/problems/invalid-upload"),
        ({"size": 5 * 2**30 + 1}, "/problems/invalid-request"),
        ({"more": 1}, "/problems/invalid-request"),
    ],
)
def test_a_form_is_refused_when_it_cannot_be(tenancy: MemoryTenancy, changed: dict[str, Any], kind: str) -> None:
    asked = {"name": "a.csv", "size": 3, "content_type": "text/csv", **changed}
    engineer = as_key(tenancy, "acme", Role.ENGINEER)
    refused = engineer.post("/sources/transactions/uploads", json=asked, headers=once())
    assert (refused.status_code, refused.json()["type"]) == (422, kind)


def test_queries_are_listed_page_by_page(tenancy: MemoryTenancy) -> None:
    for number in range(3):
        ask(tenancy, f"20260301t12000{number}-0123456789ab")
    first = get(tenancy, "/queries", limit=2).json()
    second = get(tenancy, "/queries", limit=2, cursor=first["next"]).json()
    assert [len(page["items"]) for page in (first, second)] == [2, 1]
    assert second["next"] is None
    assert "execution_id" not in first["items"][0]


def test_another_tenants_query_looks_like_a_missing_one(tenancy: MemoryTenancy) -> None:
    ask(tenancy, "20260301t120000-0123456789ab")
    answers = [
        get(tenancy, f"/queries/{name}", owner="other").json()
        for name in ("20260301t120000-0123456789ab", "20260301t120000-0123456789ac")
    ]
    told = [{**one, "detail": one["detail"].replace("9ab", "9ac"), "request_id": ""} for one in answers]
    assert told[0] == told[1]
    assert told[0]["type"] == "/problems/unknown-query"


def test_a_cursor_is_refused_when_it_is_another_querys(tenancy: MemoryTenancy) -> None:
    ask(tenancy, "20260301t120000-0123456789ab")
    ask(tenancy, "20260301t120000-0123456789ac")
    listed = get(tenancy, "/queries", limit=1).json()["next"]
    for cursor in (listed, "x", "////"):
        refused = get(tenancy, "/queries/20260301t120000-0123456789ab/results", cursor=cursor)
        assert (refused.status_code, refused.json()["type"]) == (422, "/problems/invalid-cursor")


@pytest.mark.parametrize("state", [QueryState.FAILED, QueryState.CANCELLED])
def test_there_are_no_rows_when_a_query_did_not_succeed(tenancy: MemoryTenancy, state: QueryState) -> None:
    ask(tenancy, "20260301t120000-0123456789ab", state)
    refused = get(tenancy, "/queries/20260301t120000-0123456789ab/results")
    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/query-not-ready")


def test_chains_are_listed_page_by_page(tenancy: MemoryTenancy) -> None:
    control = tenancy.platform("acme", Role.VIEWER).control
    for chain in ("gold#spend", "silver#a", "silver#b"):
        newest = Link(sequence=1, hash="0" * 64, run_id="r", attempt=1, kind="rollback")
        assert control.anchor_receipt(chain, None, newest, of_run=False)
    first = get(tenancy, "/ledger", limit=2).json()
    second = get(tenancy, "/ledger", limit=2, cursor=first["next"]).json()
    assert [(one["zone"], one["name"]) for page in (first, second) for one in page["items"]] == [
        ("gold", "spend"),
        ("silver", "a"),
        ("silver", "b"),
    ]
    assert get(tenancy, "/ledger/silver/nope/receipts").json()["type"] == "/problems/unknown-receipt"


def test_tables_are_listed_page_by_page_and_by_zone(tenancy: MemoryTenancy) -> None:
    found, cursor = [], None
    while True:
        page = get(tenancy, "/tables", limit=2, cursor=cursor).json()
        found += [f"{one['zone']}.{one['name']}" for one in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert found == [
        "bronze.transactions",
        "silver.transactions",
        "silver.transactions__history",
        "quarantine.transactions",
        "quarantine.transactions__duplicates",
    ]
    [gold] = [get(tenancy, "/tables", zone="gold").json()["items"]]
    assert gold == []


def test_a_page_of_nothing_is_empty(tenancy: MemoryTenancy) -> None:
    for path in ("/tables", "/ledger", "/queries"):
        assert get(tenancy, path, owner="other").json() == {"items": [], "next": None}


def test_a_row_is_explained_of_a_table_that_there_is(tenancy: MemoryTenancy) -> None:
    steward = as_key(tenancy, "acme", Role.STEWARD)
    refused = steward.post("/tables/gold/nope/rows/lineage", json={"key": {"id": "1"}}, headers=once())
    assert (refused.status_code, refused.json()["type"]) == (404, "/problems/unknown-table")


def test_usage_is_told_by_day(tenancy: MemoryTenancy) -> None:
    control = tenancy.platform("acme", Role.VIEWER).control
    run = Run(run_id="r1", kind=RunKind.INGEST, subject="transactions", created_at=NOW, lane="lambda", bytes=7)
    control.create_run(run)
    control.end("r1", RunStatus.PROMOTED, NOW, mb_seconds=9)
    get(tenancy, "/me")
    found = get(tenancy, "/usage").json()
    assert (found["first"], found["last"]) == (str((NOW - timedelta(days=29)).date()), str(NOW.date()))
    [day] = found["days"]
    figures = {"count": 1, "records": 0, "bytes": 7, "mb_seconds": 9}
    assert day["runs"] == [{"lane": "lambda", "outcome": "promoted", **figures}]
    assert day["requests"] == 1
    assert get(tenancy, "/usage", owner="other").json()["days"] == []
    backwards = as_key(tenancy, "acme", Role.VIEWER).get("/usage?from=2026-02-02&to=2026-02-01")
    assert (backwards.status_code, backwards.json()["type"]) == (422, "/problems/invalid-period")


def test_cost_is_told_of_a_month(tenancy: MemoryTenancy) -> None:
    told = get(tenancy, "/cost", month=f"{NOW:%Y-%m}").json()
    assert told["total"] == pytest.approx(sum(one["dollars"] for one in told["lines"]), abs=1e-5)
    assert all(one["assumed"] for one in told["lines"])
    assert get(tenancy, "/cost", month="2026-13").status_code == 422
    assert get(tenancy, "/cost", month="2099-01").json()["type"] == "/problems/invalid-period"


def test_verification_is_asked_for_by_who_decides(tenancy: MemoryTenancy) -> None:
    refused = as_key(tenancy, "acme", Role.VIEWER).post("/ledger/verification", json={"reason": "x"}, headers=once())
    assert refused.status_code == 403
