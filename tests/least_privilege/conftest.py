"""The trial tenant on an embedded AWS of this suite's own, with its event rules switched off."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from local import process
from local.deploy import deploy
from local.settings import Settings
from medallion.control.items import RunStatus
from medallion.layout import Task, Zone
from stacks.settings import ROOT
from tests.integration.local.conftest import free_port
from tests.integration.pipeline.deployed import Deployed
from tests.least_privilege import scenarios
from tests.least_privilege.policies import Policies
from tests.least_privilege.statements import LAYOUT, TENANTS
from tests.least_privilege.trial import Trial


@pytest.fixture(scope="session")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    settings = Settings(state_dir=tmp_path_factory.mktemp("trial"), port=free_port())
    process.up(settings)
    try:
        with pytest.MonkeyPatch.context() as patch:
            for name, value in settings.client_environment().items():
                patch.setenv(name, value)
            deploy(settings, ROOT, context={"tenants": str(TENANTS)})
            yield settings
    finally:
        process.down(settings.state_dir)


@pytest.fixture(scope="session")
def tenant(embedded: Settings) -> Trial:
    """The tenant once it has published something, as it will have for all but its first minutes.

    Its rules are off: what a case leaves behind starts nothing.
    """
    deployed = Deployed.on(embedded, "trial")
    events = deployed.client("events")
    for rule in events.list_rules()["Rules"]:
        pattern = rule.get("EventPattern", "")
        if deployed.layout.bucket(Zone.LANDING) in pattern or "Silver promoted" in pattern:
            events.disable_rule(Name=rule["Name"])
    policies = Policies(deployed.client("iam"), deployed.layout)
    trial = Trial(deployed, embedded, policies, folder=policies.statements(Task.SEED)["GetFolder"]["Resource"])
    # The orders refer to these: to clean before they are published would leave every order without its customer.
    trial.watch(trial.arrive("customers", "id,name\n1,Ada\n2,Grace\n3,Edsger\n"), RunStatus.PROMOTED)
    trial.clean()
    scenarios.promote_run(trial)
    scenarios.build_model(trial)
    trial.clean()
    assert deployed.layout == LAYOUT, "the statements were synthesized for another account or region"
    return trial


@pytest.fixture
def trial(tenant: Trial) -> Iterator[Trial]:
    """The tenant, and after the case nothing of it that runs, waits or is held."""
    yield tenant
    tenant.clean()
