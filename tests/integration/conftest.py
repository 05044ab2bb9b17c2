"""Which tests share a process when they are spread over some: those of one embedded AWS, else those of one file."""

from __future__ import annotations

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

_ONE_DEPLOYMENT = ("tests/integration/local/", "tests/integration/pipeline/")
"""Folders whose tests share what their fixtures deploy."""


class ByDeployment(LoadScopeScheduling):  # type: ignore[misc]  # published without types
    """Gives a process all tests of a deployment, one after the other."""

    def _split_scope(self, nodeid: str) -> str:
        return next((folder for folder in _ONE_DEPLOYMENT if nodeid.startswith(folder)), nodeid.partition("::")[0])


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadScopeScheduling:
    return ByDeployment(config, log)
