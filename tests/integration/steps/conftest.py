"""One workbench for the folder: sources are a test's own, so that tests do not meet."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.integration.local.conftest import free_port
from tests.integration.steps.workbench import Workbench, workbench


@pytest.fixture(scope="package")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workbench]:
    with (
        pytest.MonkeyPatch.context() as patch,
        workbench(tmp_path_factory.mktemp("bench"), free_port(), patch.setenv) as made,
    ):
        yield made
