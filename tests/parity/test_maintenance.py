"""What a job compacts is committed by the next housekeeping: every row stays, of every table, whoever wrote it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from pyspark.sql import SparkSession

from medallion.contracts.model import Lane
from medallion.control.upkeep import TableUpkeep
from medallion.engines.maintenance import Limits
from medallion.engines.model import SourceTables
from medallion.engines.spark.maintain import digest, maintain
from medallion.layout import Job, TableLayout, beside
from medallion.steps.housekeep import Housekeeper, Windows, housekeep
from medallion.steps.lanes import Lanes
from medallion.steps.platform import Platform
from tests.integration.steps.test_loads import UPSERT, contract
from tests.integration.steps.workbench import Workbench, outcomes

LIMITS = Limits(enough=2, at_once=1)
"""Whatever a function would compact is too much for it."""
USUAL = Windows(receipt_days=7, rollback_days=7, orphan_days=3)


@dataclass(frozen=True)
class Jobs(Platform):
    """A platform whose jobs on Glue are only written down."""

    started: list[str] = field(default_factory=list, kw_only=True)
    at_work: set[str] = field(default_factory=set, kw_only=True)

    def start_job(self, job: Job, order: str) -> bool:
        assert job is Job.MAINTAIN
        self.started.append(order)
        self.at_work.add(order)
        return True

    def job_is_at_work(self, job: Job, order: str) -> bool:
        return order in self.at_work


@dataclass
class Keeping:
    """Housekeeping of one source, night by night."""

    platform: Jobs
    source: str
    tables: SourceTables
    nights: int = 0

    def keep(self, **how: Any) -> dict[str, TableUpkeep]:
        self.nights += 1
        name = f"housekeeping-{self.source}-{self.nights}"
        keeper = Housekeeper(name, USUAL, how.pop("limits", LIMITS), only=(f"silver#{self.source}",), **how)
        (subject,) = housekeep(self.platform, keeper).subjects
        return {one.table: one for one in subject.tables}

    def work(self, spark: SparkSession) -> int:
        """Do what was asked of the jobs; how many there were."""
        orders = [*self.platform.started]
        for order in orders:
            maintain(spark, order)
            self.platform.at_work.discard(order)
        self.platform.started.clear()
        return len(orders)

    def refs(self, table: TableLayout) -> dict[str, int]:
        return {name: ref.snapshot_id for name, ref in self.platform.lake.load(table).metadata.refs.items()}

    def files(self, table: TableLayout) -> int:
        return len(self.platform.lake.plan(table).files)


Keeper = Callable[[str], Keeping]


@pytest.fixture
def keeper(bench: Workbench) -> Keeper:
    def of(source: str) -> Keeping:
        platform = bench.platform
        jobs = Jobs(
            platform.layout,
            platform.session,
            platform.resources,
            bench.now,
            lanes=Lanes(frozenset({Lane.LAMBDA, Lane.GLUE})),
        )
        return Keeping(jobs, source, SourceTables.of(platform.layout, source))

    return of


def filled(bench: Workbench, source: str, *properties: str) -> None:
    """A source whose tables hold some small files each, the logs with nested columns among them."""
    bench.lane = Lane.LAMBDA
    try:
        bench.register(contract(source, *properties))
        for number in range(3):
            good = "".join(f"{n},1,a\n" for n in range(number * 100, number * 100 + 99))
            bench.ingest(source, f"id,seen,name\n{good}{number},x,b\n{number * 100},1,a\n")
    finally:
        bench.lane = Lane.GLUE


def test_every_row_stays_when_a_job_compacts_what_a_function_would_not(
    bench: Workbench, spark: SparkSession, keeper: Keeper
) -> None:
    filled(bench, "vast")
    keeping = keeper("vast")
    tables = [one for one in vars(keeping.tables).values() if keeping.files(one) > 1]
    assert len(tables) >= 3
    before = {one.qualified: bench.rows(one, "found::VARCHAR") for one in tables}
    asked = keeping.keep()
    assert {one.qualified for one in tables} == {name for name, one in asked.items() if one.at_work}
    assert {one.qualified: bench.rows(one, "found::VARCHAR") for one in tables} == before, "nothing changed yet"
    again = keeping.keep()
    assert [one.at_work for one in again.values()] == [one.at_work for one in asked.values()], "it is not asked twice"
    assert keeping.work(spark) == len(tables)
    done = keeping.keep()
    for table in tables:
        one = done[table.qualified]
        assert (one.skipped, one.at_work, one.files_before, one.files_after) == ("", 0, asked[one.table].at_work, 1)
        assert keeping.files(table) == 1
        refs = keeping.refs(table)
        assert set(refs) <= {"main", "current"}
        assert set(refs.values()) == {refs["main"]}, "the tag moves along"
        assert one.rows == len(before[table.qualified])
    assert {one.qualified: bench.rows(one, "found::VARCHAR") for one in tables} == before
    run = bench.ingest("vast", "id,seen,name\n1,1,a\n999,1,a\n")
    assert outcomes(run) == {"rows_in": 2, "inserted": 1, "duplicates": 1}, "runs go on as before"


def test_work_is_given_up_and_asked_anew_when_a_run_replaced_the_files_meanwhile(
    bench: Workbench, spark: SparkSession, keeper: Keeper
) -> None:
    filled(bench, "moving", *UPSERT)
    keeping = keeper("moving")
    silver = keeping.tables.silver
    assert keeping.keep()[silver.qualified].at_work
    bench.lane = Lane.LAMBDA
    bench.ingest("moving", "id,seen,name\n5,9,later\n105,9,later\n")
    bench.lane = Lane.GLUE
    keeping.work(spark)
    before = bench.rows(silver, "found::VARCHAR")
    done = keeping.keep()[silver.qualified]
    assert "have been replaced meanwhile" in done.skipped
    assert bench.rows(silver, "found::VARCHAR") == before
    assert not [name for name in keeping.refs(silver) if name.startswith("maintain_")]
    assert keeping.keep()[silver.qualified].at_work
    keeping.work(spark)
    assert keeping.keep()[silver.qualified].files_after == 1
    assert bench.rows(silver, "found::VARCHAR") == before


def test_function_does_its_share_when_the_job_failed(bench: Workbench, keeper: Keeper) -> None:
    filled(bench, "broken")
    keeping = keeper("broken")
    silver = keeping.tables.silver
    keeping.platform.lake.make_branch(silver, beside("left"))  # by a housekeeping that was killed
    assert keeping.keep()[silver.qualified].at_work
    keeping.platform.at_work.clear()
    done = keeping.keep(limits=replace(LIMITS, at_once=10**9))[silver.qualified]
    assert (done.at_work, done.files_after) == (0, 1)
    assert set(keeping.refs(silver)) == {"main", "current"}


def test_digest_tells_rows_apart_when_one_is_doubled_or_changed(spark: SparkSession) -> None:
    rows = spark.sql("SELECT id, CAST(id AS STRING) AS a, CAST(NULL AS STRING) AS b, map('k', 'v') AS m FROM range(9)")
    found = digest(rows)
    assert found[0] == 9
    assert digest(rows.orderBy("id", ascending=False)) == found
    assert digest(rows.union(rows.limit(1))) != found
    assert digest(rows.selectExpr("id", "b AS a", "a AS b", "m")) != found
    assert digest(rows.selectExpr("id", "a", "b", "map('k', NULL) AS m")) != found
