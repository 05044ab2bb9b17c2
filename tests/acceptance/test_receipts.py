"""Receipts on the deployed platform: one for each run's end, in a chain that no role of the pipeline can change."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from medallion.control.items import Run, RunStatus
from medallion.layout import Task, Zone
from medallion.ledger.gate import Decision
from medallion.ledger.receipts import Entry, Link, Receipt, follow, hash_of
from medallion.steps import receipt as step
from medallion.steps.settle import settle
from medallion.steps.ticket import Ticket
from tests.integration.pipeline.deployed import Deployed
from tests.integration.pipeline.ledger import chain_of, content_of

CHAIN = "silver#customers"
HEADER = "id,name\n"


def counts(receipt: Receipt) -> dict[tuple[str, str], int]:
    found: dict[tuple[str, str], int] = {}
    for one in receipt.contents.holdings:
        found[one.table, one.outcome] = found.get((one.table, one.outcome), 0) + one.count
    return found


def unsettled(trial: Deployed, run: Run) -> Ticket:
    """The run as it was before Settle: not ended, without a receipt that the control table knows of."""
    table = trial.session.resource("dynamodb").Table(trial.layout.shared.control_table)
    table.update_item(
        Key=Run.key_of(trial.layout.tenant, run.run_id)._asdict(),
        UpdateExpression="SET #s = :running, receipt = :none",
        ExpressionAttributeNames={"#s": "status"},
        ExpressionAttributeValues={":running": RunStatus.RUNNING, ":none": None},
    )
    return Ticket.of(run)


def move_anchor(trial: Deployed, receipt: Receipt | None) -> None:
    """The anchor as it was when that receipt was the newest."""
    table = trial.session.resource("dynamodb").Table(trial.layout.shared.control_table)
    key = {"pk": f"TENANT#{trial.layout.tenant}#LEDGER", "sk": f"CHAIN#{CHAIN}"}
    if receipt is None:
        table.delete_item(Key=key)
        return
    _, link = follow(None if receipt.sequence == 1 else before_of(trial, receipt), receipt.content, CHAIN)
    table.put_item(Item={**key, "chain": CHAIN, **link.model_dump()})


def before_of(trial: Deployed, receipt: Receipt) -> Link:
    """What the receipt before says of itself, as far as the one after it asks."""
    content = content_of(trial, CHAIN, receipt.sequence - 1)
    return Link(sequence=receipt.sequence - 1, hash=hash_of(content), run_id="", attempt=0, kind="")


def test_receipt_says_what_the_run_holds_when_it_is_promoted(trial: Deployed) -> None:
    body = HEADER + "".join(f"{number},n{number}\n" for number in range(5000, 5060)) + ",nobody\n5000,n5000\n"
    run = trial.ingest("customers", body, "receipt.csv")
    newest = chain_of(trial, CHAIN)[-1]
    assert run.receipt is not None
    assert (newest.run_id, newest.status, newest.sequence) == (run.run_id, "promoted", run.receipt.sequence)
    assert counts(newest) == {
        ("bronze", "bronze"): 62,
        ("silver", "silver"): 60,
        ("quarantine", "quarantined"): 1,
        ("duplicates", "duplicates"): 1,
    }
    [read] = newest.objects
    assert (read.source_file_id, read.rows_in) == (run.objects[0], 62)
    assert newest.contract_version == "1.0.0"
    assert newest.snapshots["silver"] == run.snapshots["silver"]
    assert {one.source_file_id for one in newest.contents.holdings} == set(run.objects)


def test_receipt_is_written_when_a_run_is_rejected(trial: Deployed) -> None:
    held = trial.ingest("customers", HEADER + ",somebody\n5100,x\n", "refuse.csv")
    ended = trial.decide(held, approved=False)
    newest = chain_of(trial, CHAIN)[-1]
    assert (newest.run_id, newest.status, ended.status) == (held.run_id, "rejected", RunStatus.REJECTED)
    assert newest.decided is not None
    assert (newest.decided.approved, newest.decided.by) == (False, "Ada")
    assert counts(newest) == {("bronze", "bronze"): 2, ("quarantine", "quarantined"): 1}


def test_receipt_pins_its_inputs_when_a_model_is_built(trial: Deployed) -> None:
    trial.ingest("orders", "id,customer,amount,note\n5200,1,1.00,\n", "for-gold.csv")
    trial.models_rest()
    newest = chain_of(trial, "gold#spend")[-1]
    assert newest.model
    assert set(newest.snapshots) >= {"gold", "silver__orders"}
    [held] = newest.contents.holdings
    assert held.count == trial.count("{gold}.spend")


# --- a step that is done again


@pytest.mark.parametrize("crashed", ["receipt written, anchor not moved", "anchor moved, execution not told"])
def test_chain_ends_the_same_when_settle_is_done_again(trial: Deployed, crashed: str) -> None:
    run = trial.ingest("customers", HEADER + f"{5300 + len(crashed)},x\n", "again.csv")
    before = chain_of(trial, CHAIN)
    if crashed.startswith("receipt"):
        ticket = unsettled(trial, run)
        move_anchor(trial, before[-2])
    else:
        ticket = Ticket.of(run)
    settle(trial.platform, ticket, Decision.PROMOTE)
    settle(trial.platform, ticket, Decision.PROMOTE)
    assert chain_of(trial, CHAIN) == before
    again = trial.control.run(run.run_id)
    assert (again.status, again.receipt) == (RunStatus.PROMOTED, run.receipt)


def test_anothers_receipt_is_taken_up_when_it_was_left_unanchored(trial: Deployed) -> None:
    left = trial.ingest("customers", HEADER + "5400,x\n", "left.csv")
    chain = chain_of(trial, CHAIN)
    unsettled(trial, left)
    move_anchor(trial, chain[-2])
    later = trial.ingest("customers", HEADER + "5401,x\n", "later.csv")
    assert [one.run_id for one in chain_of(trial, CHAIN)] == [*(one.run_id for one in chain), later.run_id]
    assert trial.control.run(left.run_id).receipt == left.receipt


def test_no_receipt_is_lost_or_forked_when_another_takes_the_place_first(
    trial: Deployed, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = trial.ingest("customers", HEADER + "5500,x\n", "raced.csv")
    entry = as_rollback(chain_of(trial, CHAIN)[-1])
    put = step._put
    raced: list[str] = []

    def beaten(platform: Any, key: str, content: bytes) -> bool:
        if not raced:
            raced.append(key)
            step.append(platform, CHAIN, entry.model_copy(update={"kind": "rollback", "attempt": 98}))
        return put(platform, key, content)

    monkeypatch.setattr(step, "_put", beaten)
    assert step.append(trial.platform, CHAIN, entry)
    monkeypatch.undo()
    assert [(one.kind, one.attempt) for one in chain_of(trial, CHAIN)[-3:]] == [
        (run.kind, 1),
        ("rollback", 98),
        ("rollback", 99),
    ]


def as_rollback(receipt: Receipt) -> Entry:
    """What the receipt says, as the entry of a roll back."""
    said = {name: getattr(receipt, name) for name in Entry.model_fields}
    return Entry(**said | {"kind": "rollback", "attempt": 99})


# --- who may change it


@pytest.mark.parametrize("task", [Task.SETTLE, Task.FAIL])
def test_role_can_add_and_not_change_when_it_writes_receipts(trial: Deployed, task: Task) -> None:
    s3: Any = as_role(trial, task).client("s3")
    bucket, key = trial.layout.bucket(Zone.LEDGER), trial.layout.receipt_key(CHAIN, 1)
    before = content_of(trial, CHAIN, 1)
    refusals: dict[str, Callable[[], object]] = {
        "overwrite": lambda: s3.put_object(Bucket=bucket, Key=key, Body=b"{}"),
        "overwrite on condition": lambda: s3.put_object(Bucket=bucket, Key=key, Body=b"{}", IfNoneMatch="*"),
        "add without the condition": lambda: s3.put_object(Bucket=bucket, Key="receipts/x/y/1.json", Body=b"{}"),
        "delete": lambda: s3.delete_object(Bucket=bucket, Key=key),
        "add elsewhere": lambda: s3.put_object(Bucket=bucket, Key="other/1.json", Body=b"{}", IfNoneMatch="*"),
    }
    refused = {}
    for name, attempt in refusals.items():
        with pytest.raises(ClientError) as caught:
            attempt()
        refused[name] = caught.value.response["ResponseMetadata"]["HTTPStatusCode"]
    assert refused == {**dict.fromkeys(refusals, 403), "overwrite on condition": 412}
    assert content_of(trial, CHAIN, 1) == before
    s3.put_object(Bucket=bucket, Key=f"receipts/tests/{task}/1.json", Body=b"{}", IfNoneMatch="*")


def as_role(trial: Deployed, task: Task) -> boto3.Session:
    """A session with the very policy of the task's role: a role of our own, since only Lambda may assume that one."""
    iam, name = trial.client("iam"), f"like-{task}"
    policy = iam.get_role_policy(RoleName=trial.layout.role(task), PolicyName="Permissions")["PolicyDocument"]
    trust = {"Effect": "Allow", "Principal": {"AWS": trial.layout.account}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=document)["Role"]["Arn"]
    iam.put_role_policy(RoleName=name, PolicyName="Permissions", PolicyDocument=json.dumps(policy))
    taken = trial.client("sts").assume_role(RoleArn=role, RoleSessionName="test")["Credentials"]
    return boto3.Session(
        aws_access_key_id=taken["AccessKeyId"],
        aws_secret_access_key=taken["SecretAccessKey"],
        aws_session_token=taken["SessionToken"],
        region_name=trial.layout.region,
    )
