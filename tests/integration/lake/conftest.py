"""Iceberg tables on an embedded AWS with nothing deployed: a bucket and a Glue database."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import uuid4

import pytest

from local import process
from local.deploy import client
from local.settings import Settings
from medallion.engines.duckdb.session import Session, open_session
from medallion.engines.iceberg import Lake, glue_catalog
from medallion.engines.resources import Resources
from medallion.layout import TableLayout
from medallion.plan.model import Field
from tests.integration.local.conftest import free_port

FIELDS = (Field(name="id", type="long"), Field(name="name", type="string"))


@pytest.fixture(scope="package")
def resources(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Resources]:
    """What a session needs to reach it; this process's own AWS clients do meanwhile."""
    settings = Settings(state_dir=tmp_path_factory.mktemp("lake"), port=free_port(), enforce_iam=False)
    process.up(settings)
    try:
        client(settings, "s3").create_bucket(Bucket="lake")
        client(settings, "glue").create_database(DatabaseInput={"Name": "lake"})
        with pytest.MonkeyPatch.context() as patch:
            for name, value in settings.client_environment().items():
                patch.setenv(name, value)
            yield Resources(region=settings.region)
    finally:
        process.down(settings.state_dir)


@pytest.fixture
def lake(resources: Resources) -> Lake:
    return Lake(glue_catalog(resources.region))


@pytest.fixture
def table(lake: Lake) -> TableLayout:
    name = f"t{uuid4().hex[:12]}"
    layout = TableLayout("lake", name, f"s3://lake/{name}")
    lake.ensure(layout, FIELDS)
    return layout


@pytest.fixture
def session(resources: Resources) -> Iterator[Session]:
    with open_session(resources) as opened:
        yield opened
