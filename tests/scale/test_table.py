"""A table of a million items: what a request reads is what it reads of a thousand."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
import pytest
from starlette.testclient import TestClient

from local import process
from local.settings import Settings
from medallion.control.keys import Role
from medallion.engines.resources import Resources
from medallion.layout import Environment, EnvironmentLayout, TenantLayout
from medallion.steps.platform import Platform
from tests.integration.local.conftest import free_port
from tests.scale.population import RARE, Size, fill, run_id, tenants
from tests.unit.api.calling import as_operator

ROOT = Path(__file__).resolve().parents[2]
LARGE = Size(runs=2_500, objects=3_500, audit=1_000, operations=400)
"""Some ten thousand items of each of a hundred tenants."""
SMALL = Size(runs=200, objects=200, audit=120, operations=120)
"""A thousand of one tenant."""
_AWS = ("/lineage", "/quarantine", "/receipts", "/results", "/cost")
"""Paths that ask more than the table: Athena, Glue or S3, which hold nothing here."""
_SAYS_NOT_ENOUGH = (404, 422)
"""How a path is answered that wants more than its name."""


@dataclass
class Meter:
    """What DynamoDB answered: items looked at, bytes sent."""

    scanned: int = 0
    sent: int = 0
    requests: list[str] = field(default_factory=list)

    def note(self, http_response: Any, parsed: dict[str, Any], model: Any, **_: Any) -> None:
        self.requests.append(model.name)
        batched = sum(len(found) for found in parsed.get("Responses", {}).values())
        self.scanned += parsed.get("ScannedCount", batched + ("Item" in parsed))
        self.sent += len(http_response.content)


class TableTenancy:
    """Tenants whose items stand in a table of the embedded AWS."""

    def __init__(self, session: boto3.Session, layout: EnvironmentLayout) -> None:
        self._session, self._layout = session, layout

    def platform(self, tenant: str, role: Role) -> Platform:
        return Platform(TenantLayout.of(self._layout, tenant), self._session, Resources(region=self._layout.region))

    def tenants(self) -> list[str]:
        return tenants(100)


@dataclass(frozen=True)
class Table:
    """The API over a filled table, and a meter on what it asks."""

    client: TestClient
    meter: Meter
    items: int

    def cost(self, path: str, **query: str | int) -> tuple[int, int, int]:
        """The status of a GET, the items that were scanned for it, and the bytes that DynamoDB sent."""
        scanned, sent = self.meter.scanned, self.meter.sent
        answer = self.client.get(path, params=query)
        return answer.status_code, self.meter.scanned - scanned, self.meter.sent - sent


@pytest.fixture(scope="module")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    settings = Settings(state_dir=tmp_path_factory.mktemp("scale"), port=free_port())
    process.up(settings)
    yield settings
    process.down(settings.state_dir)


def filled(settings: Settings, environment: Environment, number: int, size: Size) -> Table:
    """A table of that environment with so many tenants."""
    variables = settings.client_environment()
    session = boto3.Session(
        aws_access_key_id=variables["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=variables["AWS_SECRET_ACCESS_KEY"],
        region_name=settings.region,
    )
    layout, meter = EnvironmentLayout(environment, settings.account, settings.region), Meter()
    session.client("dynamodb").create_table(
        TableName=layout.control_table,
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk")],
        BillingMode="PAY_PER_REQUEST",
    )
    written = fill(session, layout.control_table, tenants(number), size)
    session.events.register("after-call.dynamodb", meter.note)
    tenant = tenants(number)[number // 2]
    return Table(as_operator(TableTenancy(session, layout), tenant), meter, written)


@pytest.fixture(scope="module")
def tables(embedded: Settings) -> Iterator[tuple[Table, Table]]:
    """The small one and the large one."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in embedded.client_environment().items():
            patch.setenv(name, value)
        small = filled(embedded, Environment.DEV, 1, SMALL)
        large = filled(embedded, Environment.PROD, 100, LARGE)
        assert small.items <= 1_500
        assert large.items >= 1_000_000
        yield small, large


def paths() -> list[str]:
    """Every list and every detail whose answer stands in the table."""
    told = json.loads((ROOT / "docs" / "openapi.json").read_text(encoding="utf-8"))["paths"]
    names = {"{run_id}": run_id(150), "{source}": "source07", "{key_id}": f"{7:012x}", "{version}": "1.0.0"}
    found = []
    for template in (template for template, methods in told.items() if "get" in methods):
        path = template
        for name, value in names.items():
            path = path.replace(name, value)
        if "{" not in path and not any(part in path for part in _AWS):
            found.append(path)
    return found


def test_a_request_reads_no_more_when_the_table_has_a_million_items(tables: tuple[Table, Table]) -> None:
    small, large = tables
    answered = set()
    for path in paths():
        of_small, of_large = small.cost(path), large.cost(path)
        assert of_small[0] == of_large[0], (path, of_small, of_large)
        if of_small[0] in _SAYS_NOT_ENOUGH:
            continue
        assert of_small[0] == 200, path
        answered.add(path)
        # The same items but for their numbers' digits.
        assert of_large[1] == of_small[1], path
        assert of_large[2] <= of_small[2] * 1.05 + 100, path
    assert {"/runs", "/sources", "/audit", "/operations", "/keys"} <= answered


def test_a_page_far_back_reads_no_more_when_there_are_many_before_it(tables: tuple[Table, Table]) -> None:
    _, large = tables
    asked: dict[str, str | int] = {"limit": 20, "source": "source07"}
    cursor, costs = large.client.get("/runs", params=asked).json()["next"], []
    for _ in range(4):
        costs.append(large.cost("/runs", **asked, cursor=cursor))
        cursor = large.client.get("/runs", params=asked | {"cursor": cursor}).json()["next"]
    assert len({scanned for _, scanned, _ in costs}) == 1


@pytest.mark.parametrize(
    ("asked", "shown"),
    [
        ({"status": "refused"}, RARE),
        ({"status": "refused", "source": "source01"}, 1),
        ({"status": "rejected", "limit": 20}, 20),
        ({"status": "rejected", "source": "source03", "limit": 5}, 5),
        ({"status": "failed"}, 0),
        ({"status": "held"}, 0),
        ({"status": "running", "source": "source01"}, 0),
    ],
)
def test_a_page_of_a_status_reads_what_it_shows(
    tables: tuple[Table, Table], asked: dict[str, str | int], shown: int
) -> None:
    for table in tables:
        answer = table.client.get("/runs", params=asked).json()
        assert len(answer["items"]) == shown
        status, scanned, _ = table.cost("/runs", **asked)
        assert status == 200
        # The runs, by what lists them; one more is looked for, to know whether there is a next page.
        assert scanned in (2 * shown, 2 * shown + 1), asked


def test_nothing_scans_the_table(tables: tuple[Table, Table]) -> None:
    # UpdateItem counts the request.
    allowed = {"GetItem", "BatchGetItem", "Query", "UpdateItem"}
    assert {name for table in tables for name in table.meter.requests} <= allowed
