"""What callers ask the deployed API for, with keys of their roles. Broken where it does not answer as it should."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import httpx2
import urllib3

from medallion.control.items import Breaker, Run, RunKind, RunStatus
from medallion.control.keys import Role
from medallion.control.leases import TERM
from medallion.layout import Api, Zone
from tests.integration.pipeline.calling import holder, operator
from tests.least_privilege.scenarios import Scenario, wait
from tests.least_privilege.trial import Broken, Trial, expect

WAIT = {"Prefer": "wait=20"}
LASTING = (
    "SELECT COUNT(*) FROM UNNEST(sequence(1, 20000)) AS a(x) CROSS JOIN UNNEST(sequence(1, 20000)) AS b(y) "
    "WHERE x * y % 7 = 3"
)
"""Some seconds of work for Athena, and no table: long enough to be stopped, and soon over where it is not."""


def keep_keys(trial: Trial) -> None:
    """An operator makes a key, shows it, lists it and ends it; a post that cannot be done may be sent again."""
    ada = operator(trial.deployed, trial.settings)
    made = _told(trial, ada.post("/keys", {"name": "loader", "role": "viewer"}), 201)
    shown = _told(trial, ada.get(f"/keys/{made['key_id']}"))
    expect(shown["revoked_at"] is None, "the key that was just made is revoked")
    listed = _told(trial, ada.get("/keys?limit=200"))["items"]
    expect(made["key_id"] in [one["key_id"] for one in listed], "the key is not listed")
    _told(trial, ada.ask("DELETE", f"/keys/{made['key_id']}"))
    _told(trial, ada.post("/keys/000000000000/rotation", {"overlap_hours": 1}), 404)
    actions = [one["action"] for one in _told(trial, ada.get("/audit?limit=3"))["items"]]
    expect(sorted(actions) == ["create_key", "revoke_key", "rotate_key"], f"the audit trail says {actions}")


def upload(trial: Trial) -> None:
    """S3 takes an object by an engineer's form, and the API tells that it landed, by all of its versions."""
    body, name = b"id,name\n1,Ada\n", f"uploaded-{next(trial.numbers)}.csv"
    engineer = holder(trial.deployed, trial.settings, Role.ENGINEER)
    about = {"name": name, "size": len(body), "content_type": "text/csv"}
    form = _told(trial, engineer.post("/sources/customers/uploads", about), 201)
    sent = urllib3.request(
        "POST", form["url"], fields={**form["fields"], "file": (name, body, "text/csv")}, retries=False
    )
    expect(sent.status == 201, sent.data.decode())
    [found] = _told(trial, engineer.get(f"/sources/customers/objects?name={name}"))["items"]
    expect((found["state"], found["size"]) == ("landed", len(body)), f"{found}")


def trace(trial: Trial) -> None:
    """What readers see now of a source's table and of a model's is told, and that nothing is published yet."""
    viewer = holder(trial.deployed, trial.settings, Role.VIEWER)
    for table, published in (("silver/customers", True), ("gold/spend", True), ("silver/bulky", False)):
        found = _told(trial, viewer.get(f"/tables/{table}/lineage"))["published"]
        expect((found is not None) is published, f"{table}: published is {found}")


def read_receipts(trial: Trial) -> None:
    """A chain's receipts are read, and that one is not there is told as that."""
    viewer, chain = holder(trial.deployed, trial.settings, Role.VIEWER), "/ledger/silver/customers/receipts"
    [newest] = _told(trial, viewer.get(f"{chain}?limit=1"))["items"]
    expect(_told(trial, viewer.get(f"{chain}/{newest['sequence']}"))["hash"] == newest["hash"], "another receipt")
    _told(trial, viewer.get(f"{chain}/{newest['sequence'] + 1}"), 404)


def query(trial: Trial) -> None:
    """One query's rows are read, another is ended while it runs."""
    viewer = holder(trial.deployed, trial.settings, Role.VIEWER)
    asked = {"sql": "SELECT name FROM customers WHERE id = 1", "zone": "silver"}
    done = _told(trial, viewer.post("/queries", asked, **WAIT), 202)
    expect(done["state"] == "succeeded", f"the query {done['state']}: {done['reason']}")
    rows = _told(trial, viewer.get(f"/queries/{done['query_id']}/results"))["items"]
    expect(rows == [["Ada"]], f"the rows are {rows}")
    lasting = _told(trial, viewer.post("/queries", {"sql": LASTING}), 202)
    ended = _told(trial, viewer.ask("DELETE", f"/queries/{lasting['query_id']}"))
    expect(ended["state"] == "cancelled", f"the query {ended['state']}")


def look_into_executions(trial: Trial) -> None:
    """A run's steps are shown; and when a breaker is closed, the next run goes on though one that was stopped kept the
    lease.
    """
    steward, control = holder(trial.deployed, trial.settings, Role.STEWARD), trial.deployed.control
    ended = next(run for run in control.runs() if run.subject == "customers" and run.execution_arn and run.status.ended)
    leases, subject = control.leases, f"{Zone.SILVER}#fragile"
    with _stopped_with_lease(trial, "fragile", ended.execution_arn):
        run_id = trial.arrive("fragile", f"id\n{next(trial.numbers) * 100}\n")
        try:
            wait(lambda: run_id in [one.run_id for one in leases.waiters(subject)], "the run does not wait")
            # Meanwhile the function ends that put it into its queue, and would take a free lease itself.
            expect(_told(trial, steward.get(f"/runs/{ended.run_id}"))["step_seconds"], "the run's steps are not shown")
            _told(trial, steward.post("/sources/fragile/breaker/closing", {"reason": "it has been seen"}))
            trial.watch(run_id, RunStatus.PROMOTED)
        finally:
            leases.leave(subject, run_id)


def decide(trial: Trial) -> None:
    """A steward rejects a held run."""
    run_id = trial.arrive("reviewed", f"id\n{next(trial.numbers)}\n")
    trial.watch(run_id, RunStatus.HELD)
    steward = holder(trial.deployed, trial.settings, Role.STEWARD)
    _told(trial, steward.post(f"/runs/{run_id}/approval", {"decision": "reject", "reason": "not wanted"}))
    trial.watch(run_id, RunStatus.REJECTED)


def ask_for_operation(trial: Trial) -> None:
    """What takes longer than an answer is begun at once, not when the sweep comes by."""
    steward = holder(trial.deployed, trial.settings, Role.STEWARD)
    asked = {"only": ["no_such_source"], "reason": "a test"}
    answer = steward.post("/ledger/verification", asked, **WAIT)
    expect(answer.status_code == 200, f"the operation is not done: {answer.text}")


@contextmanager
def _stopped_with_lease(trial: Trial, source: str, execution_arn: str) -> Iterator[None]:
    """The source's breaker is open, and a run whose execution has ended holds a lease that is over."""
    control, now, subject = trial.deployed.control, datetime.now(UTC), f"{Zone.SILVER}#{source}"
    run_id = f"{now:%Y%m%dt%H%M%S}-stopped{next(trial.numbers)}"
    run = Run(run_id=run_id, kind=RunKind.INGEST, subject=source, created_at=now, execution_arn=execution_arn)
    control.create_run(run)
    expect(control.leases.acquire(subject, run_id, now - 2 * TERM), "another run has the lease")
    breaker = Breaker(source=source, run_id=run_id, opened_at=now, code="TYPE_ERROR", failures=3, rows=3)
    expect(control.breakers.open(breaker), "the breaker is open already")
    try:
        yield
    finally:
        if control.breakers.is_open(source):
            control.breakers.close(breaker, by="a test", reason="it has been seen", at=now)
        control.leases.release(subject, run_id)
        control.end(run_id, RunStatus.FAILED, now, reason="a test")


def _told(trial: Trial, answer: httpx2.Response, status: int = 200) -> Any:
    """What is answered. Broken, with what the API's log says of the request, where it is not with that status."""
    if answer.status_code != status:
        raise Broken(f"{answer.status_code} {answer.text}: {_logged(trial, answer)}")
    return answer.json()


def _logged(trial: Trial, answer: httpx2.Response) -> str:
    """The exceptions that the function's log has of the request: a caller is not told of them."""
    group, request_id = trial.deployed.layout.shared.log_group(Api.API), answer.json().get("request_id")
    found = trial.deployed.client("logs").filter_log_events(logGroupName=group, filterPattern=f'"{request_id}"')
    lines = [json.loads(event["message"]) for event in found["events"]]
    return "; ".join(line["exception"].splitlines()[-1] for line in lines if "exception" in line)


KEYS_KEPT = Scenario("keys kept by the api", keep_keys)
UPLOADED = Scenario("object uploaded by the api", upload)
TRACED = Scenario("tables traced by the api", trace)
RECEIPTS_READ = Scenario("receipts read by the api", read_receipts)
QUERIED = Scenario("queries asked of the api", query)
LOOKED_INTO = Scenario("executions looked into by the api", look_into_executions)
DECIDED = Scenario("run decided by the api", decide)
# The API answers though nobody could be called, since the sweep would: nothing is told of a refusal.
ASKED_FOR = Scenario("operation asked of the api", ask_for_operation, silent=True)
