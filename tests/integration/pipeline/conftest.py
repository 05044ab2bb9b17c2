"""The real app, deployed by the real CDK command line on an embedded AWS with IAM enforced, with one trial tenant."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from local import process
from local.deploy import deploy
from local.settings import Settings
from tests.integration.local.conftest import free_port
from tests.integration.pipeline.deployed import Deployed

PROJECT = Path(__file__).resolve().parents[3]
TENANTS = PROJECT / "tests/integration/tenants"


@pytest.fixture(scope="session")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    settings = Settings(state_dir=tmp_path_factory.mktemp("trial"), port=free_port())
    process.up(settings)
    try:
        with pytest.MonkeyPatch.context() as patch:
            for name, value in settings.client_environment().items():
                patch.setenv(name, value)
            deploy(settings, PROJECT, output=settings.state_dir / "assembly", context={"tenants": str(TENANTS)})
            yield settings
    finally:
        process.down(settings.state_dir)


@pytest.fixture(scope="session")
def trial(embedded: Settings) -> Deployed:
    deployed = Deployed.on(embedded, "trial")
    deployed.ingest("customers", "id,name\n1,Ada\n2,Grace\n3,Edsger\n", "first.csv")
    return deployed
