"""Synthesis is the slow part: each environment's is made once a session, and shared."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.infrastructure.synthesis import Synthesis, synthesize, write_tenant


@pytest.fixture(scope="session", autouse=True)
def no_account() -> None:
    """Templates must not depend on the account that the machine happens to be signed in to."""
    for name in ("CDK_DEFAULT_ACCOUNT", "CDK_DEFAULT_REGION"):
        os.environ.pop(name, None)


@pytest.fixture(scope="session")
def tenants(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tenants")
    write_tenant(folder, "acme", "transactions")
    write_tenant(folder, "skyline", "flights", "planes")
    return folder


@pytest.fixture(scope="session")
def dev(tmp_path_factory: pytest.TempPathFactory, tenants: Path) -> Synthesis:
    return synthesize(tmp_path_factory.mktemp("dev"), environment="dev", tenants=str(tenants))


@pytest.fixture(scope="session")
def prod(tmp_path_factory: pytest.TempPathFactory, tenants: Path) -> Synthesis:
    """One tenant, in an account and region of its own."""
    only_acme = tmp_path_factory.mktemp("acme")
    write_tenant(only_acme, "acme", "transactions")
    folder = tmp_path_factory.mktemp("prod")
    return synthesize(
        folder, environment="prod", tenants=str(only_acme), account="123456789012", region="ap-southeast-1"
    )
