"""A deployed tenant that goes to Glue: from Landing to Gold by real Spark jobs, each in its own role."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from local.settings import Settings
from medallion.control.items import RunStatus
from medallion.layout import Job
from medallion.steps.rerun import rerun
from tests.chaos import tenant
from tests.integration.local.conftest import free_port
from tests.integration.pipeline.deployed import Deployed, deployment, eventually
from tests.integration.spark.conftest import FOREVER
from tests.integration.steps.workbench import outcomes

BODY = "id,amount,note\n1,1.50,a\n2,many,b\n3,2.50\n1,1.50,a\n" + "".join(f"{n},1.00,x\n" for n in range(10, 110))

ENDS = (RunStatus.PROMOTED, RunStatus.REJECTED)


@pytest.fixture(scope="module")
def vast(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployed]:
    folder = tmp_path_factory.mktemp("vast")
    tenants = tenant.write(folder / "tenants", {"vast": {"lane": "glue"}}, frozenset({"vast"}))
    settings = Settings(state_dir=folder / "state", port=free_port())
    with deployment(settings, tenants, settings='{"lane": "glue"}'):
        yield Deployed.on(settings, tenant.TENANT)


def test_every_record_has_its_outcome_when_a_job_refines_the_run(vast: Deployed) -> None:
    run = vast.settled(vast.put("vast", BODY), FOREVER)
    assert (run.status, run.lane) == (RunStatus.PROMOTED, "glue"), run.reason
    assert outcomes(run) == {"rows_in": 104, "inserted": 101, "duplicates": 1, "quarantined": 2}
    assert run.quarantined_by_code == {"MALFORMED_RECORD": 1, "TYPE_ERROR": 1}
    assert run.receipt is not None


def test_gold_is_published_when_a_job_builds_the_model(vast: Deployed) -> None:
    build = vast.models_rest(FOREVER)[-1]
    assert (build.status, build.lane, build.rows) == (RunStatus.PROMOTED, "glue", 1), build.reason
    assert (build.warnings, build.receipt is None) == ((), False)
    assert set(build.snapshots) == {"gold", "silver__vast"}
    assert vast.query("SELECT one, records, total FROM {gold}.sum_of_vast") == [("1", "101", "101.50")]
    platform, gold = vast.platform, vast.layout.gold("sum_of_vast")
    assert sorted(platform.lake.load(gold).metadata.refs) == ["current", "main"], "no branch is left"


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
