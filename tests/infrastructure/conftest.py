"""Synthesis is the slow part: each environment's is made once a session, and shared."""

from __future__ import annotations

import json
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
def customised(tmp_path_factory: pytest.TempPathFactory, tenants: Path) -> Synthesis:
    """The large lanes otherwise than any environment has them by itself."""
    settings = {
        "glue_version": "4.0",
        "glue_jars": ["s3://jars/iceberg-spark-runtime.jar", "s3://jars/iceberg-aws-bundle.jar"],
        "job_workers": 2,
        "job_runs": 1,
        "job_minutes": 60,
        "job_class": "FLEX",
        "emr": True,
        "emr_cores": 16,
        "emr_idle_minutes": 5,
        "emr_architecture": "X86_64",
        "emr_subnets": ["subnet-0123456789abcdef0"],
        "emr_security_groups": ["sg-0123456789abcdef0"],
    }
    folder = tmp_path_factory.mktemp("customised")
    return synthesize(folder, environment="dev", tenants=str(tenants), settings=json.dumps(settings))


@pytest.fixture(scope="session")
def prod(tmp_path_factory: pytest.TempPathFactory, tenants: Path) -> Synthesis:
    """One tenant, in an account and region of its own."""
    only_acme = tmp_path_factory.mktemp("acme")
    write_tenant(only_acme, "acme", "transactions")
    folder = tmp_path_factory.mktemp("prod")
    return synthesize(
        folder, environment="prod", tenants=str(only_acme), account="123456789012", region="ap-southeast-1"
    )
