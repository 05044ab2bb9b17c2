"""What can be asked of a deployed tenant: queries, uploads, the ledger, tables, usage and cost, each in its role."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

import pytest
import urllib3

from local.settings import Settings
from medallion.control.keys import Role
from medallion.control.usage import Used
from tests.integration.pipeline.calling import Caller, holder
from tests.integration.pipeline.deployed import Deployed, eventually

WAIT = {"Prefer": "wait=20"}


@pytest.fixture(scope="module")
def viewer(trial: Deployed, embedded: Settings) -> Caller:
    return holder(trial, embedded, Role.VIEWER)


def asked(viewer: Caller, sql: str, **how: Any) -> dict[str, Any]:
    answer = viewer.post("/queries", {"sql": sql, "zone": "silver", **how}, **WAIT)
    assert answer.status_code == 202, answer.text
    told: dict[str, Any] = answer.json()
    assert answer.headers["location"].endswith(f"/queries/{told['query_id']}")
    return told


def test_rows_are_read_page_by_page_when_a_query_succeeds(trial: Deployed, viewer: Caller) -> None:
    query = asked(viewer, "SELECT n, CAST(n AS decimal(9,2)) AS d FROM UNNEST(sequence(1, 25)) AS t(n)", rows=24)
    assert query["state"] == "succeeded", query
    pages, cursor = [], ""
    while True:
        page = viewer.get(f"/queries/{query['query_id']}/results?limit=10{cursor}").json()
        pages.append(page["items"])
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"
    # Athena counts the columns' names as a row of the first page, here as on AWS.
    assert [len(items) for items in pages] == [9, 10, 5]
    assert [row for items in pages for row in items][:2] == [[1, "1.00"], [2, "2.00"]]
    assert page["cut"]
    names = asked(viewer, "SELECT id, name FROM customers WHERE id <= 2 ORDER BY id")
    assert names["scanned_bytes"] > 0
    rows = viewer.get(f"/queries/{names['query_id']}/results").json()
    assert (rows["items"], [one["name"] for one in rows["columns"]]) == ([[1, "Ada"], [2, "Grace"]], ["id", "name"])
    counted = trial.control.usage.between(trial.platform.clock().date(), trial.platform.clock().date())
    [usage] = [one for one in counted if (one.used, one.of) == (Used.QUERY, "succeeded")]
    assert usage.count >= 2
    assert usage.bytes >= names["scanned_bytes"]


def test_a_query_has_its_reason_when_it_fails(viewer: Caller) -> None:
    query = asked(viewer, "SELECT nope FROM customers")
    assert (query["state"], "nope" in query["reason"]) == ("failed", True)
    rows = viewer.get(f"/queries/{query['query_id']}/results")
    assert (rows.status_code, rows.json()["type"]) == (409, "/problems/query-not-ready")
    ended = viewer.ask("DELETE", f"/queries/{query['query_id']}").json()
    assert ended["state"] == "failed"


@pytest.mark.parametrize(
    "sql", ["DROP TABLE customers", "SELECT 1; SELECT 2", "SELECT * FROM dev_other_silver.customers"]
)
def test_a_query_is_refused_when_it_does_more_than_read_the_tenants_own(viewer: Caller, sql: str) -> None:
    refused = viewer.post("/queries", {"sql": sql})
    assert (refused.status_code, refused.json()["type"]) == (422, "/problems/invalid-query")


def test_an_object_becomes_a_run_when_an_engineers_form_is_sent(
    trial: Deployed, embedded: Settings, viewer: Caller
) -> None:
    body = b"id,name\n80,Radia\n"
    about = {
        "name": "by the api.csv",
        "size": len(body),
        "content_type": "text/csv",
        "sha256": sha256(body).hexdigest(),
    }
    made = holder(trial, embedded, Role.ENGINEER).post("/sources/customers/uploads", about)
    assert made.status_code == 201, made.text
    form = made.json()
    fields: dict[str, str | bytes | tuple[str, str | bytes] | tuple[str, str | bytes, str]] = {**form["fields"]}
    fields["file"] = ("x.csv", body, "text/csv")
    sent = urllib3.request("POST", form["url"], fields=fields, retries=False)
    assert sent.status == 201, sent.data

    def promoted() -> Any:
        found = viewer.get("/sources/customers/objects?name=by%20the%20api.csv").json()["items"]
        return found if found and found[0]["run_status"] == "promoted" else None

    [told] = eventually(promoted)
    assert told["version"] == sent.headers["x-amz-version-id"]
    again = viewer.get(f"/sources/customers/objects?name=by%20the%20api.csv&version={told['version']}")
    assert again.json()["items"] == [told]
    missing = viewer.get("/sources/customers/objects?name=never.csv")
    assert (missing.status_code, missing.json()["type"]) == (404, "/problems/unknown-object")


def test_receipts_are_read_and_verified_when_a_steward_asks(
    trial: Deployed, embedded: Settings, viewer: Caller
) -> None:
    trial.models_rest()
    chains = {(one["zone"], one["name"]): one for one in viewer.get("/ledger?limit=200").json()["items"]}
    newest = chains["silver", "customers"]
    listed = viewer.get("/ledger/silver/customers/receipts?limit=1").json()
    assert (listed["items"][0]["hash"], listed["items"][0]["status"]) == (newest["hash"], "promoted")
    one = viewer.get(f"/ledger/silver/customers/receipts/{newest['sequence']}").json()
    assert (one["hash"], one["receipt"]["chain"]) == (newest["hash"], "silver#customers")
    assert viewer.get(f"/ledger/silver/customers/receipts/{newest['sequence'] + 1}").status_code == 404
    steward = holder(trial, embedded, Role.STEWARD)
    verified = steward.post("/ledger/verification", {"only": ["customers"], "reason": "a test"}, **WAIT)
    assert verified.status_code in (200, 202), verified.text

    def ended() -> Any:
        found = steward.get(f"/operations/{verified.json()['operation_id']}").json()
        return found if found["ended_at"] else None

    operation = eventually(ended)
    assert operation["status"] == "succeeded", operation
    assert operation["result"]["clean"], operation["result"]["problems"]
    assert operation["result"]["checked"]
    assert "independently" in operation["result"]["ran_by"]


def test_a_table_is_traced_when_somebody_looks(viewer: Caller) -> None:
    found = viewer.get("/tables/gold/spend/lineage").json()
    tables = {one["table"] for one in found["nodes"]}
    assert {"silver.orders", "silver.customers", "bronze.orders", "gold.best_customer"} <= tables
    name = next(one for one in found["columns"] if one["column"] == "name")
    assert name["silver"] == ["silver.customers.name"]
    silver = viewer.get("/tables/silver/customers/lineage?limit=1").json()
    [run] = silver["runs"]["items"]
    assert run["objects"]
    assert silver["published"]["snapshot_id"].isdecimal()
    assert {one["zone"] for one in viewer.get("/tables?limit=200").json()["items"]} == {
        "bronze",
        "silver",
        "quarantine",
        "gold",
    }


def test_usage_and_cost_tell_of_what_was_done(viewer: Caller) -> None:
    today = viewer.get("/usage").json()["days"][-1]
    done = next(one for one in today["runs"] if (one["lane"], one["outcome"]) == ("lambda", "promoted"))
    assert done["count"] >= 1
    assert min(done["records"], done["bytes"], done["mb_seconds"], today["requests"]) > 0
    told = viewer.get("/cost")
    assert told.status_code == 200, told.text
    cost = told.json()
    by_service = {one["service"] for one in cost["lines"] if one["dollars"] > 0}
    assert {"AWS Lambda", "AWS Step Functions", "Amazon API Gateway", "idle"} <= by_service
