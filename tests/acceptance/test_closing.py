"""A tenant leaves: all of it goes, what must outlive it stays, and the tenant beside it does not notice.

In staging, where stacks keep what holds data, receipts are locked and stacks are protected.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from cli.exits import Exit
from local.settings import Settings
from medallion.control.closings import Closing, Stage
from medallion.control.items import RunStatus
from medallion.control.partitions import partitions
from medallion.errors import ClosingUnsafe, NotClosable, TenantFrozen
from medallion.layout import Task, Zone
from medallion.steps.closing.close import close, plan
from medallion.steps.closing.destination import destination
from medallion.steps.closing.export import export, exported
from medallion.steps.closing.freeze import reopen
from medallion.steps.closing.manifest import Manifest
from medallion.steps.closing.model import Order
from medallion.steps.closing.retain import LISTING
from medallion.steps.closing.verification import Verification
from medallion.steps.trigger import on_window
from tests.acceptance import leaving as tenants
from tests.acceptance.leaving import LEAVING, MODEL, PLANTED, SOURCE, STAYING, Planted
from tests.integration.local.conftest import free_port
from tests.integration.pipeline.deployed import PROJECT, Deployed, deployment


@pytest.fixture(scope="module")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    settings = Settings(state_dir=tmp_path_factory.mktemp("closing"), port=free_port())
    folder = tenants.write_tenants(tmp_path_factory.mktemp("tenants"))
    with deployment(settings, folder, environment=tenants.ENVIRONMENT):
        yield settings


@pytest.fixture(scope="module")
def leaving(embedded: Settings) -> Deployed:
    return tenants.fed(embedded, LEAVING)


@pytest.fixture(scope="module")
def staying(embedded: Settings) -> Deployed:
    return tenants.fed(embedded, STAYING)


class Killed(BaseException):
    """The process ended here."""


@dataclass
class Crashes:
    """Ends the process at each step that it has not ended at before."""

    at: list[str] = field(default_factory=list)
    spared: tuple[str, ...] = ("exporting objects", "exporting receipts", "exporting texts", "exporting queries")
    """Steps that begin so are like those before them: to go on from each costs a verification more."""

    def __call__(self, step: str) -> None:
        if step not in self.at and not step.startswith(self.spared):
            self.at.append(step)
            raise Killed(step)


@dataclass(frozen=True)
class Gone:
    """How a tenant was closed: what it was before, and where its process ended meanwhile."""

    closing: Closing
    export: Path
    key: str
    crashes: tuple[str, ...]
    names: frozenset[str]


def test_dry_run_says_what_stands_in_the_way_and_changes_nothing(embedded: Settings, leaving: Deployed) -> None:
    called = command(embedded, "tenant", "close", LEAVING, "--json")
    told = json.loads(called.stdout)
    assert called.returncode == Exit.FAILED, "one entry of quarantine is open"
    assert [one["where"] for one in told["leftovers"]] == [leaving.layout.quarantine(SOURCE).qualified]
    kinds = {one["kind"] for one in told["belongings"]}
    assert kinds >= {"stack", "bucket", "table", "function", "state machine", "schedule", "role", "key alias", "queue"}
    assert kinds >= {"named query", "log group", "alarm", "EMR application", "security configuration"}
    kept = {one["what"]: one["items"] for one in told["retained"]}
    assert (kept["condemned"], kept["receipts"]) == (1, 6)
    assert plan(leaving.platform, abandon_open=True).leftovers == ()
    wrong = command(embedded, "tenant", "close", LEAVING, "--confirm", STAYING, "--by", "Ada", "--reason", "it left")
    assert wrong.returncode == Exit.USAGE
    assert leaving.control.closings.current() is None


@pytest.mark.parametrize("planted", PLANTED, ids=lambda one: one.__name__)
def test_closing_is_refused_with_what_and_where_when_something_is_left_over(
    embedded: Settings, leaving: Deployed, planted: Planted, tmp_path: Path
) -> None:
    with planted(leaving) as where:
        order = Order(by="Ada", reason="it left", export=str(tmp_path), abandon_open=True)
        with pytest.raises(NotClosable) as refused:
            close(leaving.platform, order, tenants.verification(embedded, leaving))
    assert where in str(refused.value)
    assert leaving.control.closings.current() is None
    assert not list(tmp_path.iterdir())


def test_tenant_takes_nothing_in_when_it_is_frozen_and_goes_on_when_it_is_reopened(
    embedded: Settings, leaving: Deployed, tmp_path: Path
) -> None:
    order, crashes = Order(by="Ada", reason="a try", export=str(tmp_path), abandon_open=True), Crashes()
    crashes.at += ["looking the tenant over", "frozen: begun", "looking the frozen tenant over"]
    with pytest.raises(Killed, match="exported: begun"):
        close(leaving.platform, order, tenants.verification(embedded, leaving), crashes)
    assert states(leaving) == {"DISABLED"}
    with pytest.raises(TenantFrozen, match="medallion tenant reopen leaving"):
        on_window(leaving.platform, SOURCE)
    answer = leaving.client("lambda").invoke(FunctionName=leaving.layout.function(Task.SWEEP), Payload=b"{}")
    assert "TenantFrozen" in answer["Payload"].read().decode()

    was = reopen(leaving.platform, "Ada", "it stays after all")
    assert was.stage is Stage.FROZEN
    assert states(leaving) == {"ENABLED"}
    assert [one.reopened_reason for one in leaving.control.closings.past()] == ["it stays after all"]
    run = leaving.ingest(SOURCE, tenants.good(300), "third.csv")
    assert run.status is RunStatus.PROMOTED
    leaving.models_rest()


@pytest.fixture(scope="module")
def gone(embedded: Settings, leaving: Deployed, staying: Deployed, tmp_path_factory: pytest.TempPathFactory) -> Gone:
    """The tenant is closed by the same command, said again after its process ended at every step."""
    export, crashes = tmp_path_factory.mktemp("export"), Crashes()
    alias = leaving.client("kms").describe_key(KeyId=leaving.layout.key_alias)["KeyMetadata"]
    names = frozenset(one.name for one in plan(leaving.platform).belongings)
    order = Order(by="Ada", reason="it left", export=str(export), abandon_open=True)
    verified = tenants.verification(embedded, leaving)
    for _ in range(60):
        try:
            closing = close(leaving.platform, order, verified, crashes)
        except Killed:
            continue
        return Gone(closing, export, alias["KeyId"], tuple(crashes.at), names)
    raise AssertionError(f"the closing does not end; it is at {crashes.at[-1]}")


def test_closing_ends_when_its_process_ended_at_every_step(gone: Gone, leaving: Deployed) -> None:
    assert gone.closing.stage is Stage.CLOSED
    assert set(gone.closing.ended) == {*Stage} - {Stage.ASKED}
    assert len(gone.crashes) > 20
    again = close(leaving.platform, Order(by="Ada", reason="again"), lambda: pytest.fail("nothing is to be verified"))
    assert again == gone.closing


def test_nothing_of_the_tenant_is_there_when_aws_is_asked(gone: Gone, leaving: Deployed) -> None:
    layout, client = leaving.layout, leaving.client
    listed: dict[str, list[str]] = {
        "buckets": [one["Name"] for one in client("s3").list_buckets()["Buckets"]],
        "functions": [one["FunctionName"] for one in pages(client("lambda"), "list_functions", "Functions")],
        "machines": [one["name"] for one in pages(client("stepfunctions"), "list_state_machines", "stateMachines")],
        "databases": [one["Name"] for one in pages(client("glue"), "get_databases", "DatabaseList")],
        "jobs": [one["Name"] for one in pages(client("glue"), "get_jobs", "Jobs")],
        "security": [
            one["Name"] for one in pages(client("glue"), "get_security_configurations", "SecurityConfigurations")
        ],
        "queues": list(client("sqs").list_queues().get("QueueUrls", [])),
        "topics": [one["TopicArn"] for one in pages(client("sns"), "list_topics", "Topics")],
        "rules": [one["Name"] for one in client("events").list_rules()["Rules"]],
        "groups": [one["Name"] for one in pages(client("scheduler"), "list_schedule_groups", "ScheduleGroups")],
        "schedules": [one["GroupName"] for one in pages(client("scheduler"), "list_schedules", "Schedules")],
        "logs": [one["logGroupName"] for one in pages(client("logs"), "describe_log_groups", "logGroups")],
        "roles": [one["RoleName"] for one in pages(client("iam"), "list_roles", "Roles")],
        "aliases": [one["AliasName"] for one in pages(client("kms"), "list_aliases", "Aliases")],
        "alarms": [one["AlarmName"] for one in pages(client("cloudwatch"), "describe_alarms", "MetricAlarms")],
        "parameters": [
            one["Name"]
            for one in pages(
                client("ssm"), "get_parameters_by_path", "Parameters", Path=layout.shared.tenants_path, Recursive=True
            )
        ],
        "usage keys": [one["name"] for one in pages(client("apigateway"), "get_api_keys", "items")],
        "workgroups": [one["Name"] for one in client("athena").list_work_groups()["WorkGroups"]],
        "applications": [
            one["name"]
            for one in pages(client("emr-serverless"), "list_applications", "applications")
            if one["state"] != "TERMINATED"
        ],
        "stacks": [
            one["StackName"]
            for one in pages(client("cloudformation"), "describe_stacks", "Stacks")
            if one["StackStatus"] != "DELETE_COMPLETE"
        ],
    }
    for kind, names in listed.items():
        left = [name for name in names if LEAVING in name]
        assert left == ([layout.bucket(Zone.LEDGER)] if kind == "buckets" else []), kind
        assert [name for name in names if STAYING in name], f"{kind} of the other tenant"
    key = client("kms").describe_key(KeyId=gone.key)["KeyMetadata"]
    assert (key["KeyState"], key["Enabled"]) == ("PendingDeletion", False)


def test_control_table_says_only_that_the_tenant_was_there(gone: Gone, leaving: Deployed) -> None:
    table: Any = leaving.session.resource("dynamodb").Table(leaving.layout.shared.control_table)
    # The product never scans: this is the test's own look at what is left.
    items = [item for item in table.scan()["Items"] if LEAVING in item["pk"]]
    assert {item["sk"].partition("#")[0] for item in items} == {"TENANT", "CLOSING", "PAST"}
    assert {item["pk"] for item in items} == {f"TENANT#{LEAVING}"}
    assert partitions(leaving.control.estate.extent()), "and the classes still say where they would stand"


def test_retained_copies_are_readable_under_the_retention_key(gone: Gone, leaving: Deployed) -> None:
    s3, shared = leaving.client("s3"), leaving.layout.shared
    key = leaving.client("kms").describe_key(KeyId=shared.retention_key_alias)["KeyMetadata"]
    assert key["KeyState"] == "Enabled"
    listed = pages(s3, "list_objects_v2", "Contents", Bucket=shared.retention_bucket, Prefix=f"tenant={LEAVING}/")
    found = {}
    for one in listed:
        read = s3.get_object(Bucket=shared.retention_bucket, Key=one["Key"])
        assert (read["ServerSideEncryption"], read["SSEKMSKeyId"]) == ("aws:kms", key["Arn"])
        assert read["ObjectLockMode"] == "GOVERNANCE"
        found[one["Key"].partition("/closing=")[2].partition("/")[2]] = read["Body"].read()
    listing = Manifest.model_validate_json(found[LISTING])
    assert sha256(found[LISTING]).hexdigest() == gone.closing.retained_hash
    for file in listing.files:
        assert sha256(found[file.path]).hexdigest() == file.sha256
    condemned = tenants.rows(found[f"condemned/{SOURCE}.parquet"])
    assert {row["raw"] for row in condemned if row["raw"]} == {b"1,x,a"}
    assert [row["event"] for row in condemned][-1] == "condemned"
    chain = leaving.layout.receipt_prefix(f"{Zone.SILVER}#{SOURCE}")
    assert len([path for path in found if path.startswith(chain)]) == 4
    decisions = b"".join(content for path, content in found.items() if path.startswith("decisions/"))
    assert b"create_key" in decisions, "the audit trail"
    assert b"as it is" in decisions, "why Ada had records tried once more"
    assert b"secret_hash" not in decisions, "no key"


def test_certificate_says_what_went_and_what_remains_until_when(gone: Gone, leaving: Deployed) -> None:
    content = (gone.export / "certificate.json").read_bytes()
    assert sha256(content).hexdigest() == gone.closing.certificate_hash
    assert content.decode() == gone.closing.certificate
    said = json.loads(content)
    assert said["asked"]["caller"].endswith(":root")
    removed = {one["kind"]: one for one in said["removed"]}
    assert (removed["stack"]["count"], removed["bucket"]["count"], removed["table"]["count"]) == (3, 7, 6)
    assert removed["table"]["items"] > 302, "what Bronze and Silver had, and the logs"
    remains = {one["what"]: one for one in said["remains"]}
    assert (remains["condemned"]["items"], remains["receipts"]["items"]) == (1, 8)
    locked = remains["locked objects"]
    assert (locked["where"], locked["items"]) == (leaving.layout.bucket(Zone.LEDGER), 8)
    days = (datetime.fromisoformat(locked["until"]) - datetime.now(UTC)).days
    assert days in (89, 90), "staging locks receipts for 90 days"
    assert datetime.fromisoformat(remains["the tenant's key, disabled"]["until"]) > datetime.now(UTC)
    assert {(one["chain"], one["sequence"]) for one in said["chains"]} == {
        (f"{Zone.SILVER}#{SOURCE}", 4),
        (f"{Zone.GOLD}#{MODEL}", 4),
    }
    text = (gone.export / "certificate.md").read_text(encoding="utf-8")
    assert gone.closing.certificate_hash in text
    assert "Open entries of quarantine were given up" in text


def test_export_is_whole_when_it_is_read_by_others(gone: Gone) -> None:
    manifest = Manifest.model_validate_json((gone.export / "manifest.json").read_bytes())
    for file in manifest.files:
        assert sha256((gone.export / file.path).read_bytes()).hexdigest() == file.sha256
    silver = tenants.rows((gone.export / "tables/silver" / SOURCE / "part-00000.parquet").read_bytes())
    assert len(silver) == 150
    [landed] = [file for file in manifest.files if "first.csv" in file.of]
    assert (gone.export / landed.path).read_text() == tenants.good(100) + "1,x,a\n"
    assert (gone.export / f"models/{MODEL}.sql").read_text() == tenants.GOLD
    items = [line for path in gone.export.glob("control/*.jsonl") for line in path.read_text().splitlines()]
    keys = [json.loads(line)["sk"] for line in items]
    assert f"SOURCE#{SOURCE}" in keys


def test_export_goes_to_a_prefix_in_s3_and_is_read_back_from_there(staying: Deployed) -> None:
    s3, place = staying.client("s3"), "s3://handover/staying/"
    s3.create_bucket(Bucket="handover")
    to, verified = destination(staying.platform, place), Verification(problems=0, document="{}")
    assert to.read("manifest.json") is None
    found = export(staying.platform, to, verified, lambda step: None)
    manifest = exported(to, found)
    listed = {one["Key"] for one in pages(s3, "list_objects_v2", "Contents", Bucket="handover")}
    assert listed == {f"staying/{file.path}" for file in manifest.files} | {"staying/manifest.json"}
    s3.put_object(Bucket="handover", Key="staying/manifest.json", Body=b"{}")
    with pytest.raises(ClosingUnsafe):
        exported(to, found)


def test_the_other_tenant_goes_on_as_before(gone: Gone, embedded: Settings, staying: Deployed) -> None:
    assert not [name for name in gone.names if STAYING in name]
    assert tenants.verification(embedded, staying)().clean
    before = staying.count(f"{{silver}}.{SOURCE}")
    run = staying.ingest(SOURCE, tenants.good(900), "after.csv")
    assert run.status is RunStatus.PROMOTED
    assert staying.count(f"{{silver}}.{SOURCE}") == before + 50
    staying.models_rest()
    stacks = pages(staying.client("cloudformation"), "describe_stacks", "Stacks")
    standing = {one["StackStatus"] for one in stacks if STAYING in one["StackName"]}
    assert standing == {"CREATE_COMPLETE"}, "its stacks were not touched"


def states(deployed: Deployed) -> set[str]:
    group = deployed.layout.schedule_group
    listed = pages(deployed.client("scheduler"), "list_schedules", "Schedules", GroupName=group)
    return {one["State"] for one in listed}


def pages(client: Any, operation: str, key: str, **arguments: Any) -> list[Any]:
    return [one for page in client.get_paginator(operation).paginate(**arguments) for one in page.get(key, [])]


def command(embedded: Settings, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The command as a shell runs it; nothing but the state folder tells it where AWS is."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "MEDALLION_"))}
    own = {"MEDALLION_LOCAL_STATE": str(embedded.state_dir), "MEDALLION_ENVIRONMENT": tenants.ENVIRONMENT}
    return subprocess.run(
        [sys.executable, "-m", "cli.main", *arguments],
        cwd=PROJECT,
        env={**kept, **own},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
