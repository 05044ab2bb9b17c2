"""The real app, deployed by the real CDK command line on an embedded AWS with IAM enforced, with one trial tenant."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from local.settings import Settings
from tests.integration.local.conftest import free_port
from tests.integration.pipeline.deployed import PROJECT, Deployed, deployment

TENANTS = PROJECT / "tests/integration/tenants"


@pytest.fixture(scope="package")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    settings = Settings(state_dir=tmp_path_factory.mktemp("trial"), port=free_port())
    with deployment(settings, TENANTS):
        yield settings


@pytest.fixture(scope="package")
def trial(embedded: Settings) -> Deployed:
    return with_customers(embedded)


def with_customers(embedded: Settings) -> Deployed:
    """The trial tenant, whose orders have customers to refer to."""
    deployed = Deployed.on(embedded, "trial")
    deployed.ingest("customers", "id,name\n1,Ada\n2,Grace\n3,Edsger\n", "first.csv")
    return deployed
