"""Housekeeping: tables get small, and every row, every reader and every run that goes on stays as it was."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from itertools import count
from typing import Any
from uuid import uuid4

import pytest

from medallion.control.items import Run, RunStatus
from medallion.control.upkeep import TableUpkeep
from medallion.engines.commits import Commit
from medallion.engines.duckdb.session import open_session
from medallion.engines.iceberg import Lake
from medallion.engines.maintenance import Limits
from medallion.engines.resources import Resources
from medallion.errors import NotReversible
from medallion.layout import TABLE_ZONES, TableLayout, Zone, branch
from medallion.plan.model import Field
from medallion.steps.housekeep import Housekeeper, Kept, Windows, housekeep
from medallion.steps.rollback import rollback
from tests.integration.pipeline.deployed import Deployed

FIELDS = (
    Field(name="id", type="long"),
    Field(name="run_id", type="string"),
    Field(name="amount", type="decimal(9, 2)"),
)
SMALL = Limits(enough=2)
AT_ONCE = Windows(receipt_days=0, rollback_days=0, orphan_days=0)
USUAL = Windows(receipt_days=7, rollback_days=7, orphan_days=3)
_numbers = count(80_000, 100)


def resources(trial: Deployed) -> Resources:
    return Resources(region=trial.layout.region)


def whole(lake: Lake, table: TableLayout) -> int:
    """How many rows every snapshot of the table gives, all its files being there."""
    found = lake.load(table)
    return sum(found.scan(snapshot_id=one.snapshot_id).to_arrow().num_rows for one in found.snapshots())


# --- the whole step


def ingest(trial: Deployed, source: str = "orders") -> Run:
    first = next(_numbers)
    body = [
        "id,customer,amount,note",
        *(f"{number},1,2.50," for number in range(first, first + 40)),
        f"{first + 40},99,1,",
    ]
    run = trial.ingest(source, "\n".join([*body, ""]), f"{first}.csv")
    assert run.status is RunStatus.PROMOTED
    return run


def keep(trial: Deployed, windows: Windows = AT_ONCE, **how: Any) -> Kept:
    return housekeep(trial.platform, Housekeeper(f"housekeeping-{uuid4().hex}", windows, SMALL, **how))


def of(kept: Kept, table: TableLayout) -> TableUpkeep:
    return next(one for subject in kept.subjects for one in subject.tables if one.table == table.qualified)


def contents(trial: Deployed) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table of the tenant."""
    found = {}
    with open_session(resources(trial)) as session:
        for zone in TABLE_ZONES:
            listed = trial.client("glue").get_tables(DatabaseName=trial.layout.database(zone))["TableList"]
            for one in listed:
                layout = trial.layout.table(zone, one["Name"])
                session.read("one", trial.platform.lake.plan(layout))
                query = "SELECT one::VARCHAR AS row FROM one ORDER BY 1"
                found[layout.qualified] = session.connection.execute(query).fetchall()
    return found


def test_every_table_reads_as_before_when_housekeeping_did_everything(trial: Deployed) -> None:
    for _ in range(3):
        ingest(trial)
    held = trial.ingest("reviewed", f"id\n{next(_numbers)}\n", "held.csv")
    assert held.status is RunStatus.HELD
    trial.models_rest()
    before, done = contents(trial), trial.control.upkeeps.all()
    wished = keep(trial, dry_run=True)
    assert (contents(trial), trial.control.upkeeps.all()) == (before, done), "a dry run leaves nothing behind"
    kept = keep(trial)
    silver = of(kept, trial.layout.silver("orders"))
    assert silver.files_before == of(wished, trial.layout.silver("orders")).files_before > 1
    assert silver.files_after == 1
    assert silver.snapshots_expired > 0
    assert of(kept, trial.layout.bronze("orders")).files_removed > 0
    assert contents(trial) == before
    for zone in TABLE_ZONES:
        for one in trial.client("glue").get_tables(DatabaseName=trial.layout.database(zone))["TableList"]:
            whole(trial.platform.lake, trial.layout.table(zone, one["Name"]))
    assert branch(held.run_id) in trial.platform.lake.load(trial.layout.silver("reviewed")).metadata.refs
    again = keep(trial)
    assert of(again, trial.layout.silver("orders")).files_before == 0
    assert contents(trial) == before
    approved = trial.decide(held, approved=True)
    assert approved.status is RunStatus.PROMOTED, "a held run goes on after housekeeping"
    assert {one.subject for one in trial.control.upkeeps.all()} >= {"silver#orders", "gold#spend"}


def test_records_are_not_doubled_when_runs_go_on_beside_housekeeping(trial: Deployed) -> None:
    ingest(trial)
    with ThreadPoolExecutor(1) as pool:
        keeping = pool.submit(lambda: [keep(trial, replace(USUAL, receipt_days=0, rollback_days=0)) for _ in range(4)])
        runs = [ingest(trial) for _ in range(4)]
        keeping.result()
    for run in runs:
        assert trial.count("{silver}.orders", f"run_id = '{run.run_id}'") == 40
        assert trial.count("{bronze}.orders", f"run_id = '{run.run_id}'") == 41
        assert trial.count("{quarantine}.orders", f"run_id = '{run.run_id}' AND event = 'quarantined'") == 1


def test_table_is_left_alone_and_named_when_a_run_holds_its_lease(trial: Deployed) -> None:
    leases, owner = trial.control.leases, "somebody"
    ingest(trial)
    assert leases.acquire("silver#orders", owner, trial.platform.clock())
    try:
        before = trial.platform.lake.head(trial.layout.silver("orders"))
        assert "holds the lease" in of(keep(trial), trial.layout.silver("orders")).skipped
        assert trial.platform.lake.head(trial.layout.silver("orders")) == before
    finally:
        leases.release("silver#orders", owner)


def test_bronze_is_not_doubled_when_a_run_is_done_again_after_its_snapshots_are_forgotten(trial: Deployed) -> None:
    kept = ingest(trial)
    run = ingest(trial)
    rollback(trial.platform, Zone.SILVER, "orders", kept.run_id, by="Ada", reason="x")
    ingest(trial)
    keep(trial)
    keep(trial)
    assert trial.platform.lake.made(trial.layout.bronze("orders"), Commit(run.run_id, 0)) is None
    again = trial.rerun(trial.control.run(run.run_id))
    assert (again.status, again.total("inserted")) == (RunStatus.PROMOTED, 40)
    assert trial.count("{bronze}.orders", f"run_id = '{run.run_id}'") == 41
    ingest(trial)
    keep(trial)
    with pytest.raises(NotReversible, match="older than what the environment keeps"):
        rollback(trial.platform, Zone.SILVER, "orders", kept.run_id, by="Ada", reason="x")


def test_subjects_take_turns_when_time_runs_out(trial: Deployed) -> None:
    began = datetime.now(UTC)

    def seconds_left() -> float:
        return 0.0 if any(one.at > began for one in trial.control.upkeeps.all()) else 900.0

    first = keep(trial, USUAL, seconds_left=seconds_left)
    assert len(first.subjects) == 1
    assert first.left
    second = keep(trial, USUAL)
    assert second.subjects[-1].subject == first.subjects[0].subject
    assert second.left == ()
