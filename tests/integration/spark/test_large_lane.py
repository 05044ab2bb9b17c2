"""Deployed tenants that go to Glue, and to EMR Serverless: from Landing to Gold by real Spark jobs, each in its own
role.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import pytest

from local.settings import Settings
from medallion.contracts.model import Lane
from medallion.control.items import RunStatus
from medallion.control.upkeep import TableUpkeep
from medallion.engines.commits import Commit
from medallion.engines.duckdb.session import open_session
from medallion.engines.maintenance import Limits
from medallion.layout import Job
from medallion.steps.housekeep import Housekeeper, Windows, housekeep
from medallion.steps.lanes import Lanes
from medallion.steps.rerun import rerun
from tests.chaos import tenant
from tests.integration.local.conftest import free_port
from tests.integration.pipeline.deployed import Deployed, deployment, eventually
from tests.integration.spark.conftest import FOREVER
from tests.integration.steps.workbench import outcomes

BODY = "id,amount,note\n1,1.50,a\n2,many,b\n3,2.50\n1,1.50,a\n" + "".join(f"{n},1.00,x\n" for n in range(10, 110))

ENDS = (RunStatus.PROMOTED, RunStatus.REJECTED)
ENDED = ("SUCCEEDED", "FAILED", "STOPPED", "TIMEOUT")


@contextmanager
def deployed(folder: Path, lane: Lane) -> Iterator[Deployed]:
    """A tenant all of whose runs, and Gold's builds, go to the lane."""
    tenants = tenant.write(folder / "tenants", {"vast": {"lane": lane.value}}, frozenset({"vast"}))
    settings = Settings(state_dir=folder / "state", port=free_port())
    with deployment(settings, tenants, settings=json.dumps({"lane": lane, "emr": lane is Lane.EMR})):
        yield Deployed.on(settings, tenant.TENANT)


@pytest.fixture(scope="module")
def vast(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployed]:
    with deployed(tmp_path_factory.mktemp("vast"), Lane.GLUE) as one:
        yield one


def refined(on: Deployed, lane: Lane) -> None:
    run = on.settled(on.put("vast", BODY), FOREVER)
    assert (run.status, run.lane) == (RunStatus.PROMOTED, lane), run.reason
    assert outcomes(run) == {"rows_in": 104, "inserted": 101, "duplicates": 1, "quarantined": 2}
    assert run.quarantined_by_code == {"MALFORMED_RECORD": 1, "TYPE_ERROR": 1}
    assert run.receipt is not None


def published(on: Deployed, lane: Lane) -> None:
    build = on.models_rest(FOREVER)[-1]
    assert (build.status, build.lane, build.rows) == (RunStatus.PROMOTED, lane, 1), build.reason
    assert (build.warnings, build.receipt is None) == ((), False)
    assert set(build.snapshots) == {"gold", "silver__vast"}
    assert on.query("SELECT one, records, total FROM {gold}.sum_of_vast") == [("1", "101", "101.50")]
    platform, gold = on.platform, on.layout.gold("sum_of_vast")
    assert sorted(platform.lake.load(gold).metadata.refs) == ["current", "main"], "no branch is left"


def test_every_record_has_its_outcome_and_gold_is_published_when_emr_serverless_has_the_jobs(tmp_path: Path) -> None:
    with deployed(tmp_path, Lane.EMR) as far:
        refined(far, Lane.EMR)
        published(far, Lane.EMR)


def test_every_record_has_its_outcome_when_a_job_refines_the_run(vast: Deployed) -> None:
    refined(vast, Lane.GLUE)


def test_gold_is_published_when_a_job_builds_the_model(vast: Deployed) -> None:
    published(vast, Lane.GLUE)


def test_small_files_become_few_when_a_job_writes_them_and_housekeeping_commits(vast: Deployed) -> None:
    platform = replace(vast.platform, lanes=Lanes(frozenset({Lane.LAMBDA, Lane.GLUE})))
    table = vast.layout.silver("vast")
    commits = [Commit(f"small{number}", 1) for number in range(2)]
    with open_session(platform.resources) as session:
        session.read("standing", platform.lake.plan(table))
        for commit in commits:
            rows = f"SELECT * REPLACE (id + 1000 AS id) FROM standing WHERE id < {50 + len(commit.run_id)}"
            platform.lake.append(table, commit, partial(session.write, rows, layout=table, commit=commit))
    platform.lake.ensure_current(table)
    before = vast.query("SELECT COUNT(*), SUM(id), SUM(amount) FROM {silver}.vast")

    def keep() -> TableUpkeep:
        windows = Windows(receipt_days=7, rollback_days=7, orphan_days=3)
        name = f"housekeeping-{uuid4().hex}"
        keeper = Housekeeper(name, windows, Limits(enough=2, at_once=1), only=("silver#vast",))
        (subject,) = housekeep(platform, keeper).subjects
        return next(one for one in subject.tables if one.table == table.qualified)

    assert keep().at_work == 3

    def look() -> list[dict[str, Any]] | None:
        found = vast.client("glue").get_job_runs(JobName=vast.layout.job(Job.MAINTAIN))["JobRuns"]
        return found if all(one["JobRunState"] in ENDED for one in found) else None

    ended = eventually(look, FOREVER)
    assert {one["JobRunState"] for one in ended} == {"SUCCEEDED"}, [one.get("ErrorMessage") for one in ended]
    done = keep()
    assert (done.skipped, done.files_before, done.files_after) == ("", 3, 1)
    assert vast.query("SELECT COUNT(*), SUM(id), SUM(amount) FROM {silver}.vast") == before
    refs = platform.lake.load(table).metadata.refs
    assert {name: ref.snapshot_id for name, ref in refs.items()} == dict.fromkeys(
        ("main", "current"), platform.lake.head(table)
    )


def test_run_fails_visibly_with_its_jobs_last_words_when_the_job_raises(vast: Deployed) -> None:
    glue, name = vast.client("glue"), vast.layout.job(Job.REFINE)
    address = urlsplit(glue.get_job(JobName=name)["Job"]["Command"]["ScriptLocation"])
    script = {"Bucket": address.netloc, "Key": address.path.lstrip("/")}
    kept = vast.client("s3").get_object(**script)["Body"].read()
    vast.client("s3").put_object(**script, Body=b"raise ValueError('this job has a fault')\n")
    try:
        run = vast.settled(vast.put("vast", BODY, "other.csv"), FOREVER)
    finally:
        vast.client("s3").put_object(**script, Body=kept)
    assert run.status is RunStatus.FAILED
    assert f"of job {name} is FAILED: ValueError: this job has a fault" in run.reason
    assert any("this job has a fault" in line for line in run.job_log), run.job_log
    assert vast.alerts(run.run_id)
    rerun(vast.platform, run.run_id)
    again = eventually(lambda: now if (now := vast.control.run(run.run_id)).status in ENDS else None, FOREVER)
    assert (again.status, outcomes(again)["rows_in"]) == (RunStatus.PROMOTED, 104), again.reason
