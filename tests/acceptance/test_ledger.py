"""`medallion ledger verify` on a lake as it is, and after somebody tampered with it: each tampering is named."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from cli.direct.ledger import places_of
from cli.target import Target, Where
from local.settings import Settings
from medallion.control.items import Anchor, Run
from medallion.layout import EnvironmentLayout, Zone
from medallion.ledger.receipts import hash_of
from medallion.steps.rollback import rollback
from tests.integration.pipeline.deployed import Deployed
from tests.integration.pipeline.ledger import content_of
from verifier import Places, Problem, Report, verify

CHAIN = "silver#customers"
HEADER = "id,name\n"


@pytest.fixture(scope="module")
def places(embedded: Settings, trial: Deployed) -> Places:
    shared = EnvironmentLayout(trial.layout.environment, embedded.account, embedded.region)
    return places_of(Target(Where.LOCAL, shared, trial.session, embedded.endpoint), trial.layout.tenant)


@pytest.fixture(scope="module")
def run(trial: Deployed) -> Run:
    """A run of sixty customers, one bad, one twice, with a new column and quoted text; another run after it."""
    rows = [f'{number},"n, {number}",{number}' for number in range(7000, 7060)]
    body = "\n".join(["id,name,more", *rows, ",nameless,x", '7000,"n, 7000",7000', ""])
    run = trial.ingest("customers", body, "ledger.csv")
    trial.ingest("customers", HEADER + "7100,é\n7101,z\n", "later.csv")
    trial.models_rest()
    return run


def checked(places: Places) -> Report:
    return verify(places, only=["customers"])


def found(report: Report, kind: str) -> list[Problem]:
    return [one for one in report.problems if one.kind == kind]


@contextmanager
def tampered(places: Places, database: str, name: str) -> Iterator[Any]:
    """The table in the hands of somebody with access to it; afterwards main stands where it stood."""
    table = places.catalog.load_table((database, name))
    before = table.current_snapshot()
    assert before is not None
    try:
        yield table
    finally:
        table.refresh().manage_snapshots().set_current_snapshot(before.snapshot_id).commit()


def customer(table: Any, number: int) -> pa.Table:
    """The row of that customer, as the table's own schema has it."""
    rows = table.scan(row_filter=f"id = {number}").to_arrow()
    assert rows.num_rows == 1
    return rows.cast(table.schema().as_arrow())


def test_ledger_is_clean_when_nobody_tampered(places: Places, trial: Deployed, run: Run) -> None:
    report = verify(places)
    assert report.problems == []
    assert report.checked["silver rows"] == sum(
        trial.count(f"{{silver}}.{one.name}") for one in trial.control.sources()
    )
    assert report.checked["landing records"] == report.checked["bronze rows"]


def test_row_is_named_when_it_is_removed_from_silver(places: Places, run: Run) -> None:
    with tampered(places, places.silver, "customers") as table:
        table.delete("id = 7003")
        report = checked(places)
    [dropped] = found(report, "record dropped")
    assert (dropped.table, dropped.source_file_id, dropped.source_row) == ("silver of customers", run.objects[0], 4)
    assert (dropped.run_id, dropped.chain, dropped.expected, dropped.found) == (run.run_id, CHAIN, "1", "0")
    assert found(report, "snapshot of nobody")
    [unbalanced] = found(report, "conservation broken")
    assert "62 records in Bronze, 61 with an outcome" in unbalanced.message


def test_row_is_named_when_it_stands_twice_in_silver(places: Places, run: Run) -> None:
    with tampered(places, places.silver, "customers") as table:
        table.append(customer(table, 7004))
        report = checked(places)
    [doubled] = found(report, "record doubled")
    assert (doubled.source_row, doubled.expected, doubled.found) == (5, "1", "2")


def test_row_and_column_are_named_when_a_value_is_altered(places: Places, run: Run) -> None:
    with tampered(places, places.silver, "customers") as table:
        row = customer(table, 7005)
        name = row.schema.field("name")
        forged = row.set_column(row.schema.get_field_index("name"), name, pa.array(["forged"], name.type))
        table.overwrite(forged, overwrite_filter="id = 7005")
        report = checked(places)
    [altered] = found(report, "record altered")
    assert (altered.source_file_id, altered.source_row) == (run.objects[0], 6)
    assert any("altered in name" in remark for remark in report.remarks)
    assert "forged" not in json.dumps(report.document()), "a record's content is told to nobody"


@pytest.mark.parametrize("table_name", ["customers", "customers__duplicates"])
def test_entry_is_named_when_a_log_is_tampered_with(places: Places, run: Run, table_name: str) -> None:
    with tampered(places, places.quarantine, table_name) as table:
        table.delete(f"run_id = '{run.run_id}' and source_row in (61, 62)")
        report = checked(places)
    rows = {(one.source_file_id, one.source_row) for one in found(report, "record dropped")}
    assert rows == {(run.objects[0], 62 if table_name.endswith("duplicates") else 61)}


def test_text_is_named_when_bronze_is_altered(places: Places, run: Run) -> None:
    with tampered(places, places.bronze, "customers") as table:
        chosen = f"run_id = '{run.run_id}' and source_row = 7"
        row = table.scan(row_filter=chosen).to_arrow().cast(table.schema().as_arrow())
        name = row.schema.get_field_index("name")
        table.overwrite(row.set_column(name, row.schema.field("name"), pc.utf8_upper(row["name"])), chosen)
        report = checked(places)
    [altered] = found(report, "record altered")
    assert (altered.table, altered.source_file_id, altered.source_row) == ("bronze of customers", run.objects[0], 7)


# --- receipts


@contextmanager
def without_receipt(trial: Deployed, sequence: int) -> Iterator[None]:
    """The receipt's object gone for good: what a person with every right in a dev environment can do."""
    s3, content = trial.client("s3"), content_of(trial, CHAIN, sequence)
    where = {"Bucket": trial.layout.bucket(Zone.LEDGER), "Key": trial.layout.receipt_key(CHAIN, sequence)}
    _purge(s3, where)
    try:
        yield
    finally:
        _purge(s3, where)
        s3.put_object(**where, Body=content, IfNoneMatch="*")


def _purge(s3: Any, where: dict[str, str]) -> None:
    for one in s3.list_object_versions(Bucket=where["Bucket"], Prefix=where["Key"]).get("Versions", []):
        s3.delete_object(**where, VersionId=one["VersionId"])


def newest(trial: Deployed) -> int:
    link = trial.control.newest_receipt(CHAIN)
    assert link is not None
    return link.sequence


def test_receipt_is_named_when_it_was_edited(places: Places, trial: Deployed, run: Run) -> None:
    assert run.receipt is not None
    sequence = run.receipt.sequence
    document = json.loads(content_of(trial, CHAIN, sequence))
    edited = json.dumps({**document, "reason": "all is well"}, sort_keys=True, separators=(",", ":")).encode()
    with without_receipt(trial, sequence):
        where = {"Bucket": places.ledger_bucket, "Key": trial.layout.receipt_key(CHAIN, sequence)}
        trial.client("s3").put_object(**where, Body=edited, IfNoneMatch="*")
        report = checked(places)
    [changed] = found(report, "receipt changed")
    assert (changed.chain, changed.sequence, changed.run_id) == (CHAIN, sequence, run.run_id)
    assert (changed.expected, changed.found) == (run.receipt.hash, hash_of(edited))


@pytest.mark.parametrize("which", ["in the middle", "the newest"])
def test_receipt_is_named_when_it_is_missing(places: Places, trial: Deployed, run: Run, which: str) -> None:
    sequence = newest(trial) if which == "the newest" else newest(trial) - 1
    with without_receipt(trial, sequence):
        report = checked(places)
    [missing] = found(report, "receipt missing")
    assert (missing.chain, missing.sequence) == (CHAIN, sequence)
    assert ("the newest" in missing.message) is (which == "the newest")


def test_receipt_is_named_when_it_is_hidden_by_a_delete_marker(places: Places, trial: Deployed, run: Run) -> None:
    s3, sequence = trial.client("s3"), newest(trial)
    where = {"Bucket": places.ledger_bucket, "Key": trial.layout.receipt_key(CHAIN, sequence)}
    marker = s3.delete_object(**where)["VersionId"]
    try:
        report = checked(places)
    finally:
        s3.delete_object(**where, VersionId=marker)
    assert [one.sequence for one in found(report, "receipt hidden")] == [sequence]


def test_missing_anchor_is_named_when_a_chain_has_none(places: Places, trial: Deployed, run: Run) -> None:
    table = trial.session.resource("dynamodb").Table(trial.layout.shared.control_table)
    key = Anchor.key_of(trial.layout.tenant, CHAIN)._asdict()
    item = table.get_item(Key=key)["Item"]
    table.delete_item(Key=key)
    try:
        report = checked(places)
    finally:
        table.put_item(Item=item)
    assert [one.chain for one in found(report, "chain without anchor")] == [CHAIN]


def test_ledger_is_clean_again_when_all_was_put_back(places: Places, run: Run) -> None:
    assert checked(places).problems == []


def test_ledger_is_clean_when_a_run_was_rolled_back(places: Places, trial: Deployed, run: Run) -> None:
    kept = trial.ingest("customers", HEADER + "7200,kept\n", "kept.csv")
    trial.ingest("customers", HEADER + "7201,undone\n", "undone.csv")
    rollback(trial.platform, Zone.SILVER, "customers", kept.run_id, by="Ada", reason="it was wrong")
    trial.models_rest()
    assert verify(places).problems == []
