"""A folder's source and model, made live without a deployment."""

from __future__ import annotations

import pytest

from medallion.contracts import parse_contract
from medallion.control.items import RunStatus
from medallion.errors import InvalidModel, KeptOut
from medallion.steps.onboard import add_model, add_source
from tests.integration.steps.models import model_of
from tests.integration.steps.test_loads import contract
from tests.integration.steps.workbench import Workbench


def live(bench: Workbench, source: str, version: str = "1.0.0") -> list[str]:
    text = contract(source, version=version)
    return add_source(bench.platform, parse_contract(text, "a test's contract"), text)


@pytest.fixture
def scheduling(bench: Workbench) -> Workbench:
    """The tenant with its schedules' group, which its stack makes elsewhere."""
    scheduler = bench.platform.session.client("scheduler")
    groups = [one["Name"] for one in scheduler.list_schedule_groups()["ScheduleGroups"]]
    if bench.platform.layout.schedule_group not in groups:
        scheduler.create_schedule_group(Name=bench.platform.layout.schedule_group)
    return bench


def test_a_source_is_live_when_its_contract_is_added(scheduling: Workbench) -> None:
    assert live(scheduling, "added") == []
    platform = scheduling.platform
    assert platform.control.source("added").contract_version == "1.0.0"
    assert platform.lake.exists(platform.layout.silver("added"))
    scheduler = platform.session.client("scheduler")
    found = scheduler.get_schedule(Name=platform.layout.schedule("added"), GroupName=platform.layout.schedule_group)
    assert found["State"] == "ENABLED"
    assert live(scheduling, "added") == [], "adding it again changes nothing"


def test_a_contract_is_kept_out_when_a_later_one_is_active(scheduling: Workbench) -> None:
    live(scheduling, "later", "1.1.0")
    with pytest.raises(KeptOut, match=r"1\.1\.0 is active.*Raise the version"):
        live(scheduling, "later", "1.0.0")


def test_a_model_is_built_when_it_is_added_after_its_source(scheduling: Workbench) -> None:
    live(scheduling, "modelled")
    name, text = model_of("modelled")
    run = scheduling.platform.control.run(add_model(scheduling.platform, name, text))
    assert (run.subject, run.status) == (name, RunStatus.PENDING)
    assert add_model(scheduling.platform, name, text) == run.run_id, "a build that waits is asked for once"


def test_a_model_is_refused_when_it_reads_what_the_tenant_does_not_have(scheduling: Workbench) -> None:
    name, text = model_of("nowhere")
    with pytest.raises(InvalidModel, match=r"reads silver\.nowhere, which is no source of tenant bench"):
        add_model(scheduling.platform, name, text)
    assert scheduling.platform.control.model(name) is None
