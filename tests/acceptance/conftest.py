"""An embedded AWS for each module, with the real app and IAM or with a workbench: it may do to it what it likes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from local.settings import Settings
from tests.integration.local.conftest import free_port
from tests.integration.pipeline.conftest import TENANTS, with_customers
from tests.integration.pipeline.deployed import Deployed, deployment
from tests.integration.steps.workbench import Workbench, workbench


@pytest.fixture(scope="module")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    settings = Settings(state_dir=tmp_path_factory.mktemp("trial"), port=free_port())
    with deployment(settings, TENANTS):
        yield settings


@pytest.fixture(scope="module")
def trial(embedded: Settings) -> Deployed:
    return with_customers(embedded)


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workbench]:
    with (
        pytest.MonkeyPatch.context() as patch,
        workbench(tmp_path_factory.mktemp("bench"), free_port(), patch.setenv) as made,
    ):
        yield made
