"""The real app on an embedded AWS with IAM enforced: a deployment for each module, which may do to it what it likes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from local.settings import Settings
from tests.integration.local.conftest import free_port
from tests.integration.pipeline.conftest import TENANTS, with_customers
from tests.integration.pipeline.deployed import Deployed, deployment


@pytest.fixture(scope="module")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    settings = Settings(state_dir=tmp_path_factory.mktemp("trial"), port=free_port())
    with deployment(settings, TENANTS):
        yield settings


@pytest.fixture(scope="module")
def trial(embedded: Settings) -> Deployed:
    return with_customers(embedded)
