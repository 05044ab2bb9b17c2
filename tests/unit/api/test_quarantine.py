"""Quarantine and backfills through the API: filters, pages, one record with its history, and what is asked for."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.testclient import TestClient

from medallion.control.keys import Role
from tests.unit.api.athena import Athena
from tests.unit.api.calling import MemoryTenancy, as_key, once
from tests.unit.api.sources import save_source

OBJECT = "s3://landing/orders/a.csv?version=1"
WHY = {"reason": "the branch writes small letters"}


def entry(row: int, run_id: str = "r2") -> dict[str, str | None]:
    """A result's row, as Athena gives it."""
    return {
        "run_id": run_id,
        "attempt": "1",
        "source_file_id": OBJECT,
        "source_row": str(row),
        "state": "open",
        "corrected": "false",
        "row_hash": "h",
        "attempt_count": "1",
        "ingestion_timestamp": "2026-03-01 12:00:00.000 UTC",
        "contract_version": "1.0.0",
        "error_column": "amount\x1f",
        "error_rule": "type\x1frecord",
        "error_code": "TYPE_ERROR\x1fSCHEMA_ERROR",
        "error_message": "no number\x1fno record",
    }


@pytest.fixture
def athena() -> Athena:
    return Athena()


@pytest.fixture
def tenancy(athena: Athena) -> MemoryTenancy:
    tenancy = MemoryTenancy("acme", session=athena)
    save_source(tenancy.platform("acme", Role.OPERATOR).control)
    return tenancy


@pytest.fixture
def steward(tenancy: MemoryTenancy) -> TestClient:
    return as_key(tenancy, "acme", Role.STEWARD)


# --- looking


def test_entries_are_those_that_every_filter_chooses(athena: Athena, steward: TestClient) -> None:
    athena.rows = [entry(1)]
    asked: dict[str, str | list[str] | list[int]] = {
        "code": ["TYPE_ERROR", "it's"],
        "column": "amount",
        "object": OBJECT,
        "run": "r2",
        "row": [1, 2],
        "since": "2026-03-01",
        "state": "condemned",
    }
    page = steward.get("/sources/orders/quarantine", params=asked).json()
    [found] = page["items"]
    assert [error["code"] for error in found["errors"]] == ["TYPE_ERROR", "SCHEMA_ERROR"]
    assert page["next"] is None
    [sql] = athena.asked
    for said in ("'TYPE_ERROR'", "'it''s'", "run_id IN ('r2')", "source_row = 2", "state = 'condemned'", "2026-03-01"):
        assert said in sql
    assert "LIMIT 51" in sql


@pytest.mark.parametrize(("state", "said"), [(None, "state = 'open'"), ("all", None)])
def test_entries_are_open_ones_when_no_state_is_named(
    athena: Athena, steward: TestClient, state: str | None, said: str | None
) -> None:
    steward.get("/sources/orders/quarantine", params={} if state is None else {"state": state})
    assert (" AND state = " in athena.asked[0]) is (said is not None)


def test_the_next_page_begins_behind_the_last_entry(athena: Athena, steward: TestClient) -> None:
    athena.rows = [entry(1), entry(2), entry(3)]
    first = steward.get("/sources/orders/quarantine", params={"limit": 2}).json()
    assert [one["source_row"] for one in first["items"]] == [1, 2]
    steward.get("/sources/orders/quarantine", params={"limit": 2, "cursor": first["next"]})
    assert f"(run_id < 'r2' OR (run_id = 'r2' AND (source_file_id > '{OBJECT}' OR " in athena.asked[1]
    assert "source_row > 2" in athena.asked[1]


@pytest.mark.parametrize("cursor", ["x", "WyJydW5zIiwgInIxIl0"])
def test_a_cursor_of_another_list_is_refused(steward: TestClient, cursor: str) -> None:
    answer = steward.get("/sources/orders/quarantine", params={"cursor": cursor})
    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/invalid-cursor")


def test_a_row_is_refused_when_it_counts_in_no_single_object(steward: TestClient) -> None:
    assert steward.get("/sources/orders/quarantine", params={"row": 1}).status_code == 422


def test_a_record_is_shown_with_what_it_says(athena: Athena, steward: TestClient) -> None:
    texts = {"raw": "612CFF", "record_names": "id\x1fnote\x1famount", "record_values": "=1\x1f\x1f="}
    athena.rows = [entry(1)]
    [listed] = steward.get("/sources/orders/quarantine").json()["items"]
    said = {"event": "quarantined", "event_time": "t", "actor": "pipeline", "run_id": "r2", "attempt": "1"}
    by_ada = {"event": "corrected", "event_time": "u", "actor": "Ada", "run_id": None, "attempt": None}
    athena.answers = [
        [{**entry(1), **texts}],
        [
            {**said, "reason": None, "standing": "promoted", "codes": "TYPE_ERROR\x1fSCHEMA_ERROR"},
            {**by_ada, "reason": "mended", "standing": "promoted", "codes": None},
        ],
    ]
    shown = steward.get(f"/sources/orders/quarantine/{listed['entry_id']}").json()
    assert shown["raw"] == "a,\\xff"
    assert shown["record"] == {"id": "1", "note": None, "amount": ""}
    assert [(one["event"], one["codes"]) for one in shown["history"]] == [
        ("quarantined", ["TYPE_ERROR", "SCHEMA_ERROR"]),
        ("corrected", []),
    ]
    for sql in athena.asked[1:]:
        assert f"source_file_id = '{OBJECT}' AND source_row = 1" in sql


def test_a_record_that_never_failed_is_a_problem_when_it_is_asked_for(athena: Athena, steward: TestClient) -> None:
    athena.rows = [entry(1)]
    [listed] = steward.get("/sources/orders/quarantine").json()["items"]
    athena.rows = []
    for named in (listed["entry_id"], "bm9uc2Vuc2U"):
        answer = steward.get(f"/sources/orders/quarantine/{named}")
        assert (answer.status_code, answer.json()["type"]) == (404, "/problems/unknown-entry")


# --- asking


CHOSEN = {"codes": ["CURRENCY_ERROR"], "records": [{"source_file_id": OBJECT, "source_row": 3}]}
SAID = {"codes": ["CURRENCY_ERROR"], "records": [[OBJECT, 3]]}


@pytest.mark.parametrize(
    ("verb", "kind"),
    [
        ("corrections", "correct"),
        ("corrections/dry-run", "foresee_correction"),
        ("reprocess", "reprocess"),
        ("reprocess/dry-run", "foresee_reprocess"),
    ],
)
def test_a_correction_is_asked_for_as_it_was_said(steward: TestClient, verb: str, kind: str) -> None:
    body = {
        "chosen": CHOSEN,
        "constants": {"branch": "it's"},
        "expressions": {"currency": "UPPER(currency)"},
        "records": [{"source_file_id": OBJECT, "source_row": 3, "texts": {"note": None}}],
        **WHY,
    }
    answer = steward.post(f"/sources/orders/quarantine/{verb}", json=body, headers=once())
    told: dict[str, Any] = answer.json()
    assert (answer.status_code, told["kind"], told["subject"]) == (202, kind, "orders")
    assert told["asked"]["chosen"].items() >= SAID.items()
    assert told["asked"]["expressions"] == {"branch": "'it''s'", "currency": "UPPER(currency)"}
    assert told["asked"]["records"] == [{"source_file_id": OBJECT, "source_row": 3, "texts": {"note": None}}]


@pytest.mark.parametrize(("verb", "kind"), [("release", "release"), ("release/dry-run", "foresee_release")])
def test_a_release_is_asked_for(steward: TestClient, verb: str, kind: str) -> None:
    answer = steward.post(f"/sources/orders/quarantine/{verb}", json={"chosen": CHOSEN, **WHY}, headers=once())
    assert (answer.status_code, answer.json()["kind"]) == (202, kind)
    assert answer.json()["asked"]["chosen"].items() >= SAID.items()


@pytest.mark.parametrize(
    ("verb", "body"),
    [
        ("corrections", {}),
        ("corrections", {"expressions": {"a": "1"}, "constants": {"a": "1"}}),
        ("corrections", {"records": [{"source_file_id": OBJECT, "source_row": 0, "texts": {"a": "1"}}]}),
        ("corrections", {"records": [{"source_file_id": OBJECT, "source_row": 1, "texts": {}}]}),
        ("reprocess", {"chosen": {"state": "open"}}),
        ("reprocess", {"chosen": {"since": "2026-03-01T00:00:00"}}),
        ("release", {"expressions": {"a": "1"}}),
    ],
)
def test_it_is_refused_when_it_cannot_be_meant(steward: TestClient, verb: str, body: dict[str, Any]) -> None:
    answer = steward.post(f"/sources/orders/quarantine/{verb}", json={**body, **WHY}, headers=once())
    assert answer.status_code == 422, answer.text


def test_nothing_is_asked_for_when_the_source_is_not_registered(steward: TestClient) -> None:
    assert steward.post("/sources/nothing/quarantine/release", json=WHY, headers=once()).status_code == 404
    assert steward.get("/sources/nothing/quarantine").status_code == 404


@pytest.mark.parametrize(("verb", "kind"), [("backfills", "backfill"), ("backfills/dry-run", "foresee_backfill")])
@pytest.mark.parametrize("which", [{"objects": [OBJECT]}, {"since": "2026-03-01T00:00:00+01:00"}])
def test_a_backfill_is_asked_for(tenancy: MemoryTenancy, verb: str, kind: str, which: dict[str, Any]) -> None:
    engineer = as_key(tenancy, "acme", Role.ENGINEER)
    answer = engineer.post(f"/sources/orders/{verb}", json={**which, **WHY}, headers=once())
    assert (answer.status_code, answer.json()["kind"]) == (202, kind)
    assert [name for name, value in answer.json()["asked"].items() if value] == list(which)


@pytest.mark.parametrize("which", [{}, {"objects": [OBJECT], "until": "2026-03-01T00:00:00Z"}])
def test_a_backfill_is_refused_when_it_does_not_say_which(tenancy: MemoryTenancy, which: dict[str, Any]) -> None:
    engineer = as_key(tenancy, "acme", Role.ENGINEER)
    assert engineer.post("/sources/orders/backfills", json={**which, **WHY}, headers=once()).status_code == 422
